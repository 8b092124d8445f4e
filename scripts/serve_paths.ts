/**
 * Prints the folders and files the server may `read` or `write`, for the permissions of the start task:
 * to read, the project, its data and its config file; to write, its data alone.
 */
function setting(name: string): string | null {
  return Deno.env.get(name)?.trim() || null;
}

const dataDir = setting("DATA_DIR") ?? "./data";
const paths = Deno.args[0] === "write" ? [dataDir] : [
  ".",
  dataDir,
  ...(setting("FRESHET_CONFIG") === null ? [] : [setting("FRESHET_CONFIG")]),
];

// deno-lint-ignore no-console -- the output is the command's result
console.log(paths.join(","));
