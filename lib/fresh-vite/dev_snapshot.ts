import { fileURLToPath } from "node:url";
import { relative } from "node:path";
import type { EnvironmentModuleNode, ViteDevServer } from "vite";
import { findBuildId } from "./build_id.ts";
import type { FreshProject } from "./project.ts";
import { generateSnapshot } from "./snapshot_code.ts";
import { CLIENT_ENTRY_ID, SNAPSHOT_ID } from "./virtual_ids.ts";

const STYLE_SHEET = /\.(?:css|less|sass|scss|styl|stylus|pcss|postcss)(?:$|\?)/;
/** URL under which Vite serves a module without a file. */
const CLIENT_ENTRY_URL = `/@id/__x00__${CLIENT_ENTRY_ID}`;

/** URL of a source file on Vite's server. */
function urlOf(project: FreshProject, source: string): string {
  if (!source.startsWith("/")) return `/@id/${source}`;
  const inside = relative(project.options.root, source);
  return inside.startsWith("..") ? `/@fs${source}` : `/${inside}`;
}

/**
 * URLs of the style sheets a browser module imports, over any number of modules. They go into the
 * page as links, so that it is styled before its scripts have run.
 */
async function styleSheetsOf(
  server: ViteDevServer,
  url: string,
): Promise<string[]> {
  const { client } = server.environments;
  const found = new Set<string>();
  const seen = new Set<EnvironmentModuleNode>();
  const visit = async (moduleUrl: string): Promise<void> => {
    const node = await client.moduleGraph.getModuleByUrl(moduleUrl);
    if (node === undefined || seen.has(node)) return;
    seen.add(node);
    if (STYLE_SHEET.test(node.url)) {
      found.add(node.url.split("?")[0]);
      return;
    }
    if (node.id?.includes("/node_modules/")) return;
    await client.transformRequest(node.url);
    await Promise.all(
      [...node.importedModules].map((imported) => visit(imported.url)),
    );
  };
  await client.transformRequest(url);
  await visit(url);
  return [...found];
}

/** Code of the module that hands the app its routes and islands during development. */
export async function generateDevSnapshot(
  project: FreshProject,
  server: ViteDevServer,
): Promise<string> {
  const { options } = project;
  const files = await project.crawl();
  const modules = project.islandsOf(files);
  const islands = await Promise.all(
    modules.map(async ({ source, name }) => {
      const url = urlOf(project, source);
      return {
        specifier: source,
        name,
        url,
        css: await styleSheetsOf(server, url),
      };
    }),
  );
  const lookUp = fileURLToPath(new URL("./static_files.ts", import.meta.url));
  return generateSnapshot({
    mode: "development",
    buildId: await findBuildId(options.root),
    internalSpecifier: project.coreSpecifier("/internal"),
    rootExpression: JSON.stringify(options.root),
    clientEntry: CLIENT_ENTRY_URL,
    clientCss: await styleSheetsOf(server, CLIENT_ENTRY_ID),
    islands,
    routes: files.routes.map(({ file, path, eager }) => ({
      file,
      eager,
      specifier: path,
    })),
    routeImport: "dynamic",
    prelude: [
      `import { findStaticFile } from ${JSON.stringify(lookUp)};`,
      `const staticFolders = ${JSON.stringify(options.staticDirs)};`,
    ],
    staticFileExpression:
      `(pathname) => findStaticFile(staticFolders, pathname)`,
  });
}

/** Code of the module a request starts from: the snapshot first, then the app that reads it. */
export function generateDevServerEntry(serverEntry: string): string {
  return [
    `import ${JSON.stringify(SNAPSHOT_ID)};`,
    `const { app } = await import(${JSON.stringify(serverEntry)});`,
    `const handler = app.handler();`,
    `export { handler };`,
    ``,
  ].join("\n");
}
