import { join, relative } from "node:path";
import { crawlProject, type ProjectFiles } from "./crawl.ts";
import { DenoResolver } from "./import_map.ts";
import { type IslandModule, nameIslands } from "./island_names.ts";
import type { ResolvedOptions } from "./options.ts";

/** Name of the framework's package. */
export const CORE_PACKAGE = "@fresh/core";

/** The app that is built or served: its options, its files and how its imports resolve. */
export class FreshProject {
  readonly options: ResolvedOptions;
  readonly resolver: DenoResolver;

  constructor(options: ResolvedOptions, resolver: DenoResolver) {
    this.options = options;
    this.resolver = resolver;
  }

  /** @throws Error when there is no server entry or no deno.json */
  static async open(options: ResolvedOptions): Promise<FreshProject> {
    if (!await isFile(options.serverEntry)) {
      throw new Error(
        `The server entry "${options.serverEntry}" does not exist; it has to export "app"`,
      );
    }
    return new FreshProject(options, await DenoResolver.load(options.root));
  }

  /** An importer for resolutions that have none. */
  get projectFile(): string {
    return join(this.resolver.folder, "deno.json");
  }

  crawl(): Promise<ProjectFiles> {
    return crawlProject(this.options);
  }

  /** Island modules of the project and those the options name, with their names. */
  islandsOf(files: ProjectFiles): IslandModule[] {
    return nameIslands(
      [...files.islands, ...this.options.islandSpecifiers],
      this.options.islandsDir,
    );
  }

  /** How the app imports a module of the framework, for example `fresh/internal`. */
  coreSpecifier(subpath: string): string {
    return this.resolver.specifierOf(CORE_PACKAGE) + subpath;
  }

  /** Path below the project with forward slashes. */
  relativePath(path: string): string {
    return relative(this.options.root, path);
  }

  /** Whether the app has its own client entry. */
  async hasClientEntry(): Promise<boolean> {
    return await isFile(this.options.clientEntry);
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
