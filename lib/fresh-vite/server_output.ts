import { dirname, join, relative } from "node:path";
import type { ClientOutput } from "./client_output.ts";
import { contentTypeOf } from "./content_type.ts";
import { HASHED_FOLDER } from "./config.ts";
import { listFiles } from "./crawl.ts";
import type { FreshProject } from "./project.ts";
import { generateSnapshot } from "./snapshot_code.ts";
import { hashOf } from "./static_files.ts";

/** Writes `_fresh/server.js` and what it imports, after the browser build. */
export async function writeServerOutput(
  project: FreshProject,
  output: ClientOutput,
  build: {
    buildId: string;
    resolveIsland: (source: string) => Promise<string>;
  },
): Promise<void> {
  const { options } = project;
  const clientDir = join(options.outDir, "client");
  const serverDir = join(options.outDir, "server");
  await copyStaticFiles(options.staticDirs, clientDir);
  const files = await project.crawl();
  const fromServer = (path: string) => importPath(serverDir, path);
  const islands = await Promise.all(
    project.islandsOf(files).map(async ({ source, name }) => {
      const chunk = output.entries.get(await build.resolveIsland(source));
      if (chunk === undefined) {
        throw new Error(`The build has no chunk for island "${source}"`);
      }
      const specifier = source.startsWith("/") ? fromServer(source) : source;
      return { specifier, name, url: chunk.url, css: chunk.css };
    }),
  );
  const snapshot = generateSnapshot({
    mode: "production",
    buildId: build.buildId,
    internalSpecifier: project.coreSpecifier("/internal"),
    rootExpression: `fileURLToPath(new URL("../..", import.meta.url))` +
      `.replace(/[/\\\\]$/, "")`,
    clientEntry: output.clientEntry.url,
    clientCss: output.clientEntry.css,
    islands,
    routes: files.routes.map(({ file, path, eager }) => ({
      file,
      eager,
      specifier: fromServer(path),
    })),
    routeImport: "static",
    prelude: [
      `import { fileURLToPath } from "node:url";`,
      `import { staticFiles } from "./static_files.js";`,
    ],
    staticFileExpression: `(pathname) => staticFiles.get(pathname) ?? null`,
  });
  await Deno.mkdir(serverDir, { recursive: true });
  await Promise.all([
    Deno.writeTextFile(join(serverDir, "snapshot.js"), snapshot),
    Deno.writeTextFile(
      join(serverDir, "static_files.js"),
      await generateStaticFiles(clientDir, new Set(output.fileNames)),
    ),
    Deno.writeTextFile(
      join(options.outDir, "server.js"),
      generateServer(importPath(options.outDir, options.serverEntry)),
    ),
  ]);
}

function importPath(fromFolder: string, path: string): string {
  const found = relative(fromFolder, path);
  return found.startsWith(".") ? found : `./${found}`;
}

/** Copies static files next to the built ones; the first folder that holds a path wins. */
async function copyStaticFiles(
  folders: string[],
  target: string,
): Promise<void> {
  for (const folder of folders.toReversed()) {
    for (const file of await listFiles(folder)) {
      await Deno.mkdir(dirname(join(target, file)), { recursive: true });
      await Deno.copyFile(join(folder, file), join(target, file));
    }
  }
}

/** Module with a Map from decoded URL path to static file; paths on disk are relative to the module. */
async function generateStaticFiles(
  clientDir: string,
  builtFiles: Set<string>,
): Promise<string> {
  const rows = await Promise.all(
    (await listFiles(clientDir)).map(async (file) => {
      const hash = await hashOf(await Deno.readFile(join(clientDir, file)));
      const immutable = builtFiles.has(file) &&
        file.startsWith(`${HASHED_FOLDER}/`);
      return [file, contentTypeOf(file), hash, immutable];
    }),
  );
  return [
    `import { fileURLToPath } from "node:url";`,
    `const folder = fileURLToPath(new URL("../client/", import.meta.url));`,
    `const rows = [`,
    ...rows.map((row) => `  ${JSON.stringify(row)},`),
    `];`,
    `export const staticFiles = new Map(rows.map((row) => {`,
    `  const [file, contentType, hash, immutable] = row;`,
    `  const pathname = "/" + file;`,
    `  const filePath = folder + file;`,
    `  return [pathname, { pathname, filePath, contentType, hash, immutable }];`,
    `}));`,
    ``,
  ].join("\n");
}

/** The entry of the built app. main.ts is imported last: it may read the snapshot while it loads. */
function generateServer(serverEntry: string): string {
  return [
    `import "./server/snapshot.js";`,
    `const { app } = await import(${JSON.stringify(serverEntry)});`,
    `const handler = app.handler();`,
    `export default { fetch: (request, info) => handler(request, info) };`,
    ``,
  ].join("\n");
}
