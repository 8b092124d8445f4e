/** The folder of a path, with the slash at its end. */
export function folderOf(path: string): string {
  return path.replace(/[^/\\]*$/, "") || "./";
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return /[^/\\]*$/.exec(path)![0];
}
