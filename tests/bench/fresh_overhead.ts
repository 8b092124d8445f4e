/**
 * What the Fresh stand-in costs beside bare Deno.serve: CPU time per request of two server processes
 * that answer the same bytes, measured in turns so that a busy machine slows both.
 *
 *     deno run -A tests/bench/fresh_overhead.ts
 */

const ROUNDS = 7;
const WARM_UP_REQUESTS = 3_000;
const REQUESTS_PER_ROUND = 2_000;
const CONCURRENCY = 16;
const REQUEST_DEADLINE_MS = 30_000;

export interface FreshOverhead {
  /** CPU of a JSON route, stand-in over bare. */
  jsonRatio: number;
  /** CPU of a page of 50 rows, stand-in over bare. */
  ssrRatio: number;
  /** The measurement in words. */
  lines: string[];
}

interface Server {
  origin: string;
  stop(): Promise<void>;
}

/** Measures both ratios; takes about half a minute. */
export async function freshOverhead(): Promise<FreshOverhead> {
  const bare = await startServer("bare");
  const fresh = await startServer("fresh");
  try {
    await assertSameAnswers(bare, fresh);
    const json = await compare(bare, fresh, "/json");
    const ssr = await compare(bare, fresh, "/page");
    return {
      jsonRatio: json.ratio,
      ssrRatio: ssr.ratio,
      lines: [
        describe("JSON route", json),
        describe("page of 50 rows", ssr),
      ],
    };
  } finally {
    await Promise.all([bare.stop(), fresh.stop()]);
  }
}

async function startServer(kind: "bare" | "fresh"): Promise<Server> {
  const script = new URL("./fresh_overhead_server.tsx", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script.pathname, kind],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const port = Number(value?.trim());
  if (!Number.isInteger(port) || port === 0) {
    throw new Error(`The "${kind}" server did not start: "${value}"`);
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}

async function assertSameAnswers(bare: Server, fresh: Server): Promise<void> {
  for (const path of ["/json", "/page"]) {
    const [expected, actual] = await Promise.all([
      get(bare.origin + path),
      get(fresh.origin + path),
    ]);
    if (actual !== expected) {
      throw new Error(`The servers differ at "${path}"`);
    }
  }
}

interface Comparison {
  bareMicroseconds: number;
  freshMicroseconds: number;
  ratio: number;
}

async function compare(
  bare: Server,
  fresh: Server,
  path: string,
): Promise<Comparison> {
  await load(bare, path, WARM_UP_REQUESTS);
  await load(fresh, path, WARM_UP_REQUESTS);
  const rounds: Comparison[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bareMicroseconds = await load(bare, path, REQUESTS_PER_ROUND);
    const freshMicroseconds = await load(fresh, path, REQUESTS_PER_ROUND);
    const ratio = freshMicroseconds / bareMicroseconds;
    rounds.push({ bareMicroseconds, freshMicroseconds, ratio });
  }
  rounds.sort((a, b) => a.ratio - b.ratio);
  return rounds[ROUNDS >> 1];
}

/** CPU microseconds the server spent per request. */
async function load(
  server: Server,
  path: string,
  requests: number,
): Promise<number> {
  const before = Number(await get(`${server.origin}/cpu`));
  let started = 0;
  const worker = async () => {
    while (started < requests) {
      started++;
      await get(server.origin + path);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const after = Number(await get(`${server.origin}/cpu`));
  return (after - before) / requests;
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
  });
  return await response.text();
}

function describe(name: string, result: Comparison): string {
  const { bareMicroseconds, freshMicroseconds, ratio } = result;
  return `${name}: bare ${bareMicroseconds.toFixed(1)} µs, fresh ${
    freshMicroseconds.toFixed(1)
  } µs of CPU per request, ratio ${ratio.toFixed(2)}`;
}

if (import.meta.main) {
  const { lines } = await freshOverhead();
  for (const line of lines) console.log(line);
}
