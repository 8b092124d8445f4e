/**
 * Builds the app when `_fresh/` is missing or older than a source it is made from, so that starting
 * again costs nothing. The sources are what Vite reads: routes, islands, components, assets, libraries.
 */
import { sourcePaths } from "./sources.ts";

const BUILT = "_fresh/server.js";
async function modifiedMs(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function newestSourceMs(): Promise<number> {
  let newest = 0;
  // A deleted or renamed file shows in its folder's time.
  for await (const path of sourcePaths({ folders: true })) {
    newest = Math.max(newest, await modifiedMs(path) ?? 0);
  }
  return newest;
}

async function run(args: string[]): Promise<void> {
  const { success, code } = await new Deno.Command(Deno.execPath(), { args })
    .output().then(
      async (output) => {
        if (!output.success) {
          await Deno.stderr.write(output.stdout);
          await Deno.stderr.write(output.stderr);
        }
        return output;
      },
    );
  if (!success) Deno.exit(code);
}

/** Builds when needed; returns whether it did. */
export async function buildIfStale(): Promise<boolean> {
  const builtMs = await modifiedMs(BUILT);
  if (builtMs !== null && builtMs >= await newestSourceMs()) return false;
  await run(["task", "build"]);
  // So that the server can start with --cached-only and without a network.
  await run(["cache", "serve.ts", BUILT]);
  return true;
}

if (import.meta.main) await buildIfStale();
