/**
 * Upstream and client of the load test, as processes: `rig.c` where there is a C compiler, else
 * `rig_in_deno.ts`, which is slower and says so.
 */
import { TextLineStream } from "@std/streams";

export interface StreamsResult {
  connections: number;
  started: number;
  /** Streams that were open at the end of the measurement. */
  open: number;
  finished: number;
  chunks: number;
  chunksPerSecond: number;
  /** Streams that did not begin. */
  errors: number;
  /** Streams that began and were cut. */
  dropped: number;
  /** Tokens that did not follow the one before them. */
  disordered: number;
  ttftMs: { p50: number; p99: number };
  /** From the upstream's write to the client's read. */
  delayMs: { p50: number; p99: number };
  firstError: string;
}

export interface RequestsResult {
  connections: number;
  requests: number;
  perSecond: number;
  errors: number;
  ms: { p50: number; p99: number };
  firstError: string;
}

export interface Target {
  port: number;
  path: string;
  model: string;
  /** Header lines of each request, each with its line end. */
  headers?: string;
}

/** The core of the rig, and the one of whatever is measured. */
const RIG_CORE = "1";
const SERVER_CORE = "0";

export class Rig {
  /** What it is, for the first line of the report. */
  readonly label: string;
  readonly #command: string[];
  readonly #isPinned: boolean;

  private constructor(label: string, command: string[], isPinned: boolean) {
    this.label = label;
    this.#command = command;
    this.#isPinned = isPinned;
  }

  static async build(folder: string): Promise<Rig> {
    const here = new URL(".", import.meta.url).pathname;
    const isPinned = navigator.hardwareConcurrency > 1 &&
      await runs("taskset", "-V");
    const pinned = isPinned
      ? `; server on core ${SERVER_CORE}, rig on core ${RIG_CORE}`
      : "; not pinned";
    const compiled = `${folder}/rig`;
    if (await runs("gcc", "-O2", "-o", compiled, `${here}rig.c`)) {
      return new Rig(`rig: C, epoll${pinned}`, [compiled], isPinned);
    }
    return new Rig(
      `rig: Deno, no C compiler was found: it may be what is measured${pinned}`,
      [Deno.execPath(), "run", "-A", `${here}rig_in_deno.ts`],
      isPinned,
    );
  }

  /** A command on the core of what is measured. */
  onServerCore(command: string[]): string[] {
    return this.#isPinned
      ? ["taskset", "-c", SERVER_CORE, ...command]
      : command;
  }

  /**
   * Starts the upstream.
   * @param intervalMs between two tokens; 0 sends an answer at once
   */
  async startUpstream(
    intervalMs: number,
    tokens: number,
  ): Promise<{ port: number } & AsyncDisposable> {
    const child = this.#spawn(
      ["upstream", "0", String(intervalMs * 1_000), String(tokens)],
    );
    const lines = linesOf(child);
    const { value } = await lines.next();
    return {
      port: Number(value),
      async [Symbol.asyncDispose]() {
        child.kill("SIGKILL");
        await child.status;
        await lines.return();
      },
    };
  }

  /** Opens streams, waits until all have begun, and reads them for so many seconds. */
  async streams(
    { port, path, model, headers }: Target,
    { connections, rampPerSecond, seconds, isSame = false }: {
      connections: number;
      rampPerSecond: number;
      seconds: number;
      /** Whether all ask the same, so that they may share one answer. */
      isSame?: boolean;
    },
    onSteady: () => Promise<void>,
  ): Promise<StreamsResult> {
    return await this.#measure(
      ["streams", port, path, model, connections, rampPerSecond, seconds],
      headers,
      onSteady,
      isSame ? { RIG_SAME: "1" } : {},
    );
  }

  /** Asks one question after the other on each connection. */
  async requests(
    { port, path, model, headers }: Target,
    { connections, seconds, isUnique }: {
      connections: number;
      seconds: number;
      /** Whether no two questions are the same. */
      isUnique: boolean;
    },
    onSteady: () => Promise<void> = () => Promise.resolve(),
  ): Promise<RequestsResult> {
    return await this.#measure(
      ["requests", port, path, model, connections, seconds, isUnique ? 1 : 0],
      headers,
      onSteady,
    );
  }

  async #measure<T>(
    words: (string | number)[],
    headers: string | undefined,
    onSteady: () => Promise<void>,
    env: Record<string, string> = {},
  ): Promise<T> {
    const child = this.#spawn(words.map(String), {
      ...env,
      RIG_HEADERS: headers ?? "",
    });
    let result: T | null = null;
    for await (const line of linesOf(child)) {
      if (line === "steady") await onSteady();
      else result = JSON.parse(line);
    }
    await child.status;
    if (result === null) throw new Error("The rig printed no result");
    return result;
  }

  #spawn(words: string[], env: Record<string, string> = {}): Deno.ChildProcess {
    const [program, ...rest] = this.#isPinned
      ? ["taskset", "-c", RIG_CORE, ...this.#command]
      : this.#command;
    return new Deno.Command(program, {
      args: [...rest, ...words],
      env,
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  }
}

async function* linesOf(
  child: Deno.ChildProcess,
): AsyncGenerator<string, void, void> {
  yield* child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
}

/** Whether a program can be run and succeeds. */
async function runs(program: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args,
      stdout: "null",
      stderr: "inherit",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
