/** The routes of the app, as its files have them. */
import { sortRouteFiles } from "@/lib/fresh/fs_routes.ts";
import type { SnapshotRoute } from "@/lib/fresh/snapshot.ts";
import { walkFiles } from "@/scripts/walk_files.ts";

/** A route with the methods that its file handles, `HEAD` and `OPTIONS` apart. */
export interface Route {
  pattern: string;
  methods: string[];
}

/** A method of an object of handlers, or a handler by that name. */
const HANDLED = /^\s+(?:async )?(GET|POST|PUT|PATCH|DELETE)\b\s*[(:,]/gm;

/**
 * All routes, by pattern.
 * @throws for a file whose methods cannot be told from its source
 */
export async function readRoutes(): Promise<Route[]> {
  const files: SnapshotRoute[] = [];
  for await (
    const path of walkFiles("routes", { extensions: [".ts", ".tsx"] })
  ) {
    files.push({
      file: path.slice("routes/".length),
      load: () => ({}),
      eager: false,
    });
  }
  const pages = sortRouteFiles(files).filter(({ kind }) => kind === "page");
  const routes = await Promise.all(pages.map(async ({ pattern, source }) => {
    const code = await Deno.readTextFile(`routes/${source.file}`);
    const methods = new Set(
      [...code.matchAll(HANDLED)].map(([, method]) => method),
    );
    if (/^export default /m.test(code)) methods.add("GET");
    if (methods.size === 0) {
      throw new Error(`No method is to be found in "routes/${source.file}"`);
    }
    // Reading first, while everything is still there.
    const isWrite = (method: string) => Number(method !== "GET");
    return {
      pattern,
      methods: [...methods].sort((a, b) => isWrite(a) - isWrite(b)),
    };
  }));
  return routes.sort((left, right) => left.pattern < right.pattern ? -1 : 1);
}

/** Names of the parameters in a pattern. */
export function parametersOf(pattern: string): string[] {
  return [...pattern.matchAll(/:(\w+)[?*]?/g)].map(([, name]) => name);
}

/** The address with values for its parameters. */
export function pathOf(
  pattern: string,
  valueOf: (name: string) => string,
): string {
  return pattern.replace(
    /:(\w+)[?*]?/g,
    (_, name) => encodeURIComponent(valueOf(name)),
  );
}
