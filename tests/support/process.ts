/** The server as a process of its own, for tests that kill it. It runs what `deno task start` runs. */
import { TextLineStream } from "@std/streams/text-line-stream";
import type { TestApp } from "./app.ts";
import { waitFor } from "./wait.ts";

export interface ServerProcess
  extends Pick<TestApp, "fetch" | "post" | "url">, AsyncDisposable {
  child: Deno.ChildProcess;
  /** Lines of its log so far. */
  logLines: string[];
  /** Milliseconds from spawning to the line that says it listens. */
  startedInMs: number;
  /** Ends it with a signal and resolves with how it ended. */
  kill(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

export interface ProcessOptions {
  env?: Record<string, string>;
  /** Program in place of `deno`; with `args` of its own. */
  command?: string;
  /** Makes another command of the one that starts the server. */
  wrap?: (command: string[]) => string[];
  /** Arguments of `deno` in place of those of the start task. */
  args?: string[];
  /** What the line that says where it listens looks like. */
  listens?: RegExp;
}

/** Titles would be requests that a test has not asked for. */
const CONFIG_PATH = "tests/support/without_titles.json";

const START_DEADLINE_MS = 60_000;
const REQUEST_DEADLINE_MS = 30_000;

/** The arguments with which the start task runs the server. */
export function serveArguments(dataDir: string): string[] {
  return [
    "run",
    "--cached-only",
    "--allow-net",
    "--allow-env",
    `--allow-read=.,${dataDir}`,
    `--allow-write=${dataDir}`,
    "serve.ts",
  ];
}

/** Environment of a child: what programs need to run, and nothing that would configure the app. */
export function bareEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR", "LANG"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Starts the built server on a free port and resolves when it listens. */
export async function startProcess(
  dataDir: string,
  options: ProcessOptions = {},
): Promise<ServerProcess> {
  const listens = options.listens ?? /Freshet listens on (http:\/\/[^\s"]+)/;
  const startedAtMs = performance.now();
  const wrap = options.wrap ?? ((command) => command);
  const [program, ...args] = wrap([
    options.command ?? Deno.execPath(),
    ...options.args ?? serveArguments(dataDir),
  ]);
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: {
      ...bareEnvironment(),
      PORT: "0",
      DATA_DIR: dataDir,
      NO_COLOR: "1",
      ...(options.args === undefined ? { FRESHET_CONFIG: CONFIG_PATH } : {}),
      ...options.env,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const logLines: string[] = [];
  const logged = (async () => {
    const lines = child.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    );
    for await (const line of lines) logLines.push(line);
  })();
  let ended: Deno.CommandStatus | null = null;
  const status = child.status.then((status) => ended = status);
  const url = await waitFor("the server to listen", () => {
    if (ended !== null) {
      throw new Error(`The server ended at its start:\n${logLines.join("\n")}`);
    }
    return logLines.map((line) => listens.exec(line)?.[1]).find(Boolean);
  }, START_DEADLINE_MS);
  const startedInMs = performance.now() - startedAtMs;
  const fetchPath = (path: string, init: RequestInit = {}) =>
    fetch(url + path, {
      redirect: "manual",
      ...init,
      signal: init.signal ?? AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
  const kill = async (signal: Deno.Signal) => {
    if (ended === null) child.kill(signal);
    const result = await status;
    await logged;
    return result;
  };
  return {
    child,
    logLines,
    url,
    startedInMs,
    fetch: fetchPath,
    post: (path, body, headers = {}) =>
      fetchPath(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    kill,
    [Symbol.asyncDispose]: async () => void await kill("SIGKILL"),
  };
}
