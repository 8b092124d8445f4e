import { join } from "node:path";
import { compareRoutes } from "./route_order.ts";

const SOURCE_FILE = /\.(?:tsx|jsx|ts|js)$/;
const TEST_FILE = /[._]test\.(?:tsx|jsx|ts|js)$/;
const ISLAND_FOLDER = "(_islands)";
/** `(_name)`: a folder that holds helpers next to routes and is no part of them. */
const PRIVATE_FOLDER = /^\(_.*\)$/;

/** A route file found on disk. */
export interface RouteFile {
  /** Path below the routes folder with forward slashes. */
  file: string;
  path: string;
  /** Whether the source mentions `routeOverride`. */
  eager: boolean;
}

export interface ProjectFiles {
  /** In the order in which they are to be registered. */
  routes: RouteFile[];
  /** Absolute paths of island modules, sorted. */
  islands: string[];
}

/** Paths of all files below `folder`, relative with forward slashes; none if it does not exist. */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const walk = async (prefix: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(folder, prefix))) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      const isDirectory = entry.isSymlink
        ? (await Deno.stat(join(folder, path))).isDirectory
        : entry.isDirectory;
      if (isDirectory) await walk(path);
      else files.push(path);
    }
  };
  try {
    await walk("");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && files.length === 0) return [];
    throw error;
  }
  return files.sort();
}

/** Whether `file` is a module that can be a route or an island rather than a test or a style sheet. */
export function isSourceFile(file: string): boolean {
  return SOURCE_FILE.test(file) && !file.endsWith(".d.ts") &&
    !TEST_FILE.test(file);
}

/** Whether a path below the routes folder names an island of that folder. */
export function isRouteIsland(file: string): boolean {
  return file.split("/").slice(0, -1).includes(ISLAND_FOLDER);
}

/** Finds routes and islands: the islands folder and every `(_islands)` folder below `routes/`. */
export async function crawlProject(
  folders: { routeDir: string; islandsDir: string; ignore: RegExp[] },
): Promise<ProjectFiles> {
  const { routeDir, islandsDir, ignore } = folders;
  const wanted = (folder: string) => (file: string) =>
    isSourceFile(file) &&
    !ignore.some((pattern) => pattern.test(join(folder, file)));
  const [inRoutes, inIslands] = await Promise.all([
    listFiles(routeDir),
    listFiles(islandsDir),
  ]);
  const islands = inIslands.filter(wanted(islandsDir))
    .map((file) => join(islandsDir, file));
  const routeFiles: string[] = [];
  for (const file of inRoutes.filter(wanted(routeDir))) {
    if (isRouteIsland(file)) islands.push(join(routeDir, file));
    else if (!file.split("/").some((part) => PRIVATE_FOLDER.test(part))) {
      routeFiles.push(file);
    }
  }
  const routes = await Promise.all(
    routeFiles.sort(compareRoutes).map(async (file) => {
      const path = join(routeDir, file);
      const source = await Deno.readTextFile(path);
      return { file, path, eager: source.includes("routeOverride") };
    }),
  );
  return { routes, islands: islands.sort() };
}
