/** What a build is made from: all that Vite and the server read. */
import { walkFiles } from "./walk_files.ts";

const FOLDERS = ["assets", "components", "islands", "lib", "routes", "static"];
const FILES = [
  "client.ts",
  "deno.json",
  "deno.lock",
  "main.ts",
  "utils.ts",
  "scripts/marked_lexer_only.ts",
  "vite.config.ts",
];

/** Paths of the sources; with `folders` those of their folders too. */
export async function* sourcePaths(
  options: { folders?: boolean } = {},
): AsyncGenerator<string, void, void> {
  yield* FILES;
  for (const folder of FOLDERS) yield* walkFiles(folder, options);
}
