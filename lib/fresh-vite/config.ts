import type { UserConfig } from "vite";
import { CLIENT_ENTRY_ID } from "./virtual_ids.ts";
import { CORE_PACKAGE, type FreshProject } from "./project.ts";
import type { ProjectFiles } from "./crawl.ts";

/** Chunk name of the client entry; it also holds Preact and the runtime all islands share. */
export const CLIENT_ENTRY_CHUNK = "client-entry";
/** Prefix of the chunk names of islands. */
export const ISLAND_CHUNK_PREFIX = "island-";
/** Folder of hashed files below `_fresh/client`. */
export const HASHED_FOLDER = "assets";

/** Packages with state of their own, of which a page may hold one copy. */
const SINGLE_COPY = ["preact", "@preact/signals"];
const SHARED_PACKAGE =
  /\/node_modules\/(?:preact|@preact\/signals|@preact\/signals-core)\//;

/** The part of Vite's configuration that an app of Fresh needs, whatever the command. */
export function viteConfig(
  project: FreshProject,
  files: ProjectFiles,
): UserConfig {
  const { options, resolver } = project;
  const islands = project.islandsOf(files);
  return {
    appType: "custom",
    // staticFiles() serves them, in development too.
    publicDir: false,
    envPrefix: ["VITE_", "FRESH_PUBLIC_"],
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    resolve: { dedupe: SINGLE_COPY },
    optimizeDeps: {
      entries: [options.clientEntry, ...files.islands],
      include: [
        "preact",
        "preact/hooks",
        "preact/jsx-runtime",
        "preact/jsx-dev-runtime",
        "@preact/signals",
      ],
    },
    server: {
      fs: { allow: [options.root, resolver.folder, ...resolver.linkedFolders] },
      watch: { ignored: ["**/_fresh/**"] },
    },
    build: {
      outDir: `${options.outDir}/client`,
      assetsDir: HASHED_FOLDER,
      emptyOutDir: true,
      sourcemap: false,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: {
          [CLIENT_ENTRY_CHUNK]: CLIENT_ENTRY_ID,
          ...Object.fromEntries(
            islands.map(({ name, source }) => [
              ISLAND_CHUNK_PREFIX + name,
              source,
            ]),
          ),
        },
        // Islands import Preact from the client entry, which thus exports more than it says.
        preserveEntrySignatures: "allow-extension",
        output: {
          entryFileNames: `${HASHED_FOLDER}/[name]-[hash].js`,
          chunkFileNames: `${HASHED_FOLDER}/[name]-[hash].js`,
          assetFileNames: `${HASHED_FOLDER}/[name]-[hash][extname]`,
          manualChunks: (id) =>
            SHARED_PACKAGE.test(id) || id === `\0${CLIENT_ENTRY_ID}` ||
              resolver.isPartOf(CORE_PACKAGE, id)
              ? CLIENT_ENTRY_CHUNK
              : undefined,
        },
      },
    },
  };
}
