/**
 * A Vite plugin that leaves `import()` in the browser's script as it is. Vite would load what the lazy chunk
 * imports beside it, which the page has already: all chunks share what the islands brought, and style
 * sheets belong to the client entry. The lists of that and the code for them cost more than they save.
 */
import type { Plugin } from "vite";

/** Vite's own module for it, as of Vite 7. */
const HELPER_ID = "\0vite/preload-helper.js";

/** A chunk below this size compresses so badly alone that it is better off inside another. */
const MIN_CHUNK_BYTES = 1_000;

export function plainImports(): Plugin {
  return {
    name: "freshet:plain-imports",
    apply: "build",
    enforce: "pre",
    config: () => ({
      build: {
        modulePreload: { resolveDependencies: () => [] },
        rollupOptions: {
          output: { experimentalMinChunkSize: MIN_CHUNK_BYTES },
        },
      },
    }),
    load: (id) =>
      id === HELPER_ID
        ? "export const __vitePreload = (load) => load();"
        : null,
  };
}
