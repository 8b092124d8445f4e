import { isAbsolute, join, resolve } from "node:path";

/** What a check says about one import; an "error" ends the build or the request for the module. */
export interface ImportDiagnostic {
  type: "warn" | "error";
  message: string;
  /** What to do instead. */
  description?: string;
}

/**
 * Judges one import. `id` is the specifier as written, later the resolved file path; `environment`
 * is "client" for code that goes to browsers.
 */
export type ImportCheck = (
  id: string,
  environment: "client" | "ssr",
) => ImportDiagnostic | undefined | void;

/** Options of `fresh()`, named as on https://fresh.deno.dev/docs/advanced/vite */
export interface FreshViteOptions {
  /** Server entry with `export const app`. Default `main.ts`. */
  serverEntry?: string;
  /** Module that runs in the browser on each page with islands. Default `client.ts`. */
  clientEntry?: string;
  /** Default `islands`. */
  islandsDir?: string;
  /** Default `routes`. */
  routeDir?: string;
  /** Folders of files served as they are; the first that holds a path wins. Default `static`. */
  staticDir?: string | string[];
  /** Paths matching one of these are left out of routes and islands. */
  ignore?: RegExp[];
  /** Module specifiers outside the islands folder whose exported functions are islands. */
  islandSpecifiers?: string[];
  /** Further checks of imports, beside the built-in ones. */
  checkImports?: ImportCheck[];
}

/** Options with absolute paths. */
export interface ResolvedOptions {
  root: string;
  serverEntry: string;
  clientEntry: string;
  islandsDir: string;
  routeDir: string;
  staticDirs: string[];
  ignore: RegExp[];
  islandSpecifiers: string[];
  checkImports: ImportCheck[];
  /** Folder of the production build, `_fresh`. */
  outDir: string;
}

/** Makes every path absolute against `root`, Vite's project folder. */
export function resolveOptions(
  options: FreshViteOptions,
  root: string,
): ResolvedOptions {
  const absolute = (path: string) =>
    isAbsolute(path) ? path : resolve(root, path);
  const staticDir = options.staticDir ?? "static";
  return {
    root,
    serverEntry: absolute(options.serverEntry ?? "main.ts"),
    clientEntry: absolute(options.clientEntry ?? "client.ts"),
    islandsDir: absolute(options.islandsDir ?? "islands"),
    routeDir: absolute(options.routeDir ?? "routes"),
    staticDirs: (Array.isArray(staticDir) ? staticDir : [staticDir])
      .map(absolute),
    ignore: options.ignore ?? [],
    islandSpecifiers: options.islandSpecifiers ?? [],
    checkImports: options.checkImports ?? [],
    outDir: join(root, "_fresh"),
  };
}
