/**
 * File routes: which pattern a file below `routes/` answers, and in which order files are registered.
 *
 * Source: https://fresh.deno.dev/docs/concepts/file-routing
 */
import type { SnapshotRoute } from "./snapshot.ts";

export type RouteFileKind =
  | "app"
  | "middleware"
  | "layout"
  | "error"
  | "notFound"
  | "page";

export interface RouteFile {
  kind: RouteFileKind;
  /** Pattern, for example `/c/:thread`; of a special file the folder's pattern. */
  pattern: string;
  /** Path in the segment tree: like the folder, groups included. */
  segment: string;
  source: SnapshotRoute;
}

const KINDS: Record<string, RouteFileKind> = {
  _app: "app",
  _middleware: "middleware",
  _layout: "layout",
  _error: "error",
  _500: "error",
  _404: "notFound",
};

const KIND_ORDER: RouteFileKind[] = [
  "app",
  "middleware",
  "layout",
  "error",
  "notFound",
  "page",
];

/** The routes of a build, in the order to register them; files that are no routes are left out. */
export function sortRouteFiles(routes: readonly SnapshotRoute[]): RouteFile[] {
  const files = routes.map(describe).filter((file) => file !== null);
  return files.sort(compareFiles);
}

function describe(source: SnapshotRoute): RouteFile | null {
  const extension = /\.[jt]sx?$/.exec(source.file);
  if (extension === null || /[._]test\.[jt]sx?$/.test(source.file)) return null;
  const parts = source.file.slice(0, extension.index).split("/");
  const name = parts.pop()!;
  // Folders such as `(_islands)` hold parts of pages, never routes.
  if (parts.some((part) => part.startsWith("(_"))) return null;
  const folder = parts.map(segmentName);
  const segment = `/${folder.join("/")}`;
  const kind = KINDS[name];
  if (kind !== undefined) {
    return { kind, pattern: patternOf(folder), segment, source };
  }
  if (name === "index") {
    return { kind: "page", pattern: patternOf(folder), segment, source };
  }
  const pattern = patternOf([...folder, segmentName(name)]);
  return { kind: "page", pattern, segment, source };
}

function patternOf(names: string[]): string {
  const visible = names.filter((name) => !/^\(.*\)$/.test(name));
  return `/${visible.join("/")}`;
}

/** `[id]` to `:id`, `[[id]]` to `:id?`, `[...rest]` to `:rest*`; anything else stays. */
function segmentName(name: string): string {
  const optional = /^\[\[([^[\].]+)\]\]$/.exec(name);
  if (optional !== null) return `:${optional[1]}?`;
  const rest = /^\[\.\.\.([^[\]]+)\]$/.exec(name);
  if (rest !== null) return `:${rest[1]}*`;
  return name.replace(/\[([^[\]]+)\](\w?)/g, (_, parameter, following) =>
    // A letter right after the parameter would be read as part of its name.
    following === "" ? `:${parameter}` : `{:${parameter}}${following}`);
}

function compareFiles(a: RouteFile, b: RouteFile): number {
  const aIsPage = a.kind === "page";
  const bIsPage = b.kind === "page";
  // Pages come last: a route only sees what its segments hold when it is registered.
  if (aIsPage !== bIsPage) return aIsPage ? 1 : -1;
  if (!aIsPage) {
    return KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) ||
      compareText(a.source.file, b.source.file);
  }
  return comparePatterns(a.pattern, b.pattern) ||
    compareText(a.source.file, b.source.file);
}

function comparePatterns(a: string, b: string): number {
  const aNames = a.split("/");
  const bNames = b.split("/");
  const length = Math.max(aNames.length, bNames.length);
  for (let index = 1; index < length; index++) {
    const difference = rank(aNames[index]) - rank(bNames[index]);
    if (difference !== 0) return difference;
    const byName = compareText(aNames[index] ?? "", bNames[index] ?? "");
    if (byName !== 0) return byName;
  }
  return 0;
}

/** The order within one folder: index, fixed names, names with a parameter, parameters, optional ones, rest. */
function rank(name: string | undefined): number {
  if (name === undefined || name === "") return 0;
  if (!name.includes(":")) return 1;
  if (!name.startsWith(":")) return 2;
  if (name.endsWith("*")) return 5;
  return name.endsWith("?") ? 4 : 3;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
