/** Walks a folder of the project. */

const SKIPPED = new Set(["node_modules", "_fresh", ".git", "data", ".vite"]);

export interface WalkOptions {
  /** Also yields the folders themselves. */
  folders?: boolean;
  /** Only files whose name ends in one of these, for example `.ts`. */
  extensions?: string[];
}

/** Yields paths below `folder`, itself included when `folders` is set; a missing folder yields none. */
export async function* walkFiles(
  folder: string,
  options: WalkOptions = {},
): AsyncGenerator<string, void, void> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (options.folders) yield folder;
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (SKIPPED.has(entry.name)) continue;
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walkFiles(path, options);
    else if (
      options.extensions?.some((end) => entry.name.endsWith(end)) ?? true
    ) yield path;
  }
}
