/**
 * Builds and serves a copy of the fixture app in child processes, or names the server that
 * FRESH_BASE_URL points to.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FIXTURE = fileURLToPath(new URL("../fixture/", import.meta.url));
/** Below the repository, so that its deno.json is in charge; ignored by git. */
const SCRATCH = fileURLToPath(new URL("../.vite/", import.meta.url));
const BUILD_DEADLINE_MS = 120_000;
const START_DEADLINE_MS = 60_000;
const PROBE_DEADLINE_MS = 5_000;
const PROBE_INTERVAL_MS = 50;
/** Build id the suite's own builds carry. */
const BUILD_ID = "contract-suite";

export interface RunningFixture {
  /** Base URL without a slash at the end. */
  url: string;
  /** Folder of the app's sources; null for a server of someone else. */
  folder: string | null;
  stop(): Promise<void>;
}

/** Production build of the fixture, served by `deno serve`, or FRESH_BASE_URL as it is. */
export async function startFixture(): Promise<RunningFixture> {
  const given = Deno.env.get("FRESH_BASE_URL");
  if (given) {
    return {
      url: given.replace(/\/+$/, ""),
      folder: null,
      stop: () => Promise.resolve(),
    };
  }
  const folder = await copyFixture();
  try {
    await buildFixture(folder);
    return await serve(folder, (port) => [
      "serve",
      "--allow-all",
      "--host=127.0.0.1",
      `--port=${port}`,
      "_fresh/server.js",
    ]);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

/** Vite's development server on a copy of the fixture. */
export async function startDevFixture(): Promise<RunningFixture> {
  const folder = await copyFixture();
  const vite = await viteSpecifier();
  try {
    return await serve(folder, (port) => [
      "run",
      "--allow-all",
      vite,
      "--host=127.0.0.1",
      `--port=${port}`,
      "--strictPort",
    ]);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

/** Runs `vite build` in `folder`. */
export async function buildFixture(
  folder: string,
): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", await viteSpecifier(), "build"],
    cwd: folder,
    env: { DENO_DEPLOYMENT_ID: BUILD_ID },
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(BUILD_DEADLINE_MS),
  }).output();
  if (!success) {
    const decoder = new TextDecoder();
    throw new Error(
      `The fixture does not build:\n${decoder.decode(stdout)}${
        decoder.decode(stderr)
      }`,
    );
  }
}

/** A copy of the fixture's sources that a test may change and build. */
export async function copyFixture(): Promise<string> {
  await Deno.mkdir(SCRATCH, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: SCRATCH });
  await copyFolder(FIXTURE, folder);
  return folder;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    if (["_fresh", ".vite", "node_modules"].includes(entry.name)) continue;
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory) await copyFolder(source, target);
    else await Deno.copyFile(source, target);
  }
}

/** The version of Vite that the repository's import map names. */
async function viteSpecifier(): Promise<string> {
  for (let folder = dirname(FIXTURE);; folder = dirname(folder)) {
    let text: string;
    try {
      text = await Deno.readTextFile(join(folder, "deno.json"));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      if (dirname(folder) === folder) throw error;
      continue;
    }
    return JSON.parse(text).imports.vite;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function serve(
  folder: string,
  argsFor: (port: number) => string[],
): Promise<RunningFixture> {
  const port = freePort();
  // The app logs the errors it is made to throw; FRESH_TEST_LOG=1 shows them.
  const output = Deno.env.get("FRESH_TEST_LOG") ? "inherit" : "null";
  const child = new Deno.Command(Deno.execPath(), {
    args: argsFor(port),
    cwd: folder,
    env: { DENO_DEPLOYMENT_ID: BUILD_ID },
    stdin: "null",
    stdout: output,
    stderr: output,
  }).spawn();
  let exited = false;
  const status = child.status.finally(() => exited = true);
  const stop = async () => {
    if (!exited) child.kill("SIGTERM");
    await status;
    await Deno.remove(folder, { recursive: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!await answers(`${url}/methods`)) {
    if (exited || Date.now() > deadline) {
      await stop();
      throw new Error(
        `The fixture does not answer at "${url}"; FRESH_TEST_LOG=1 shows why`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
  }
  return { url, folder, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
