/**
 * The app with 300 running answers, and what its log costs: a process of its own, so that its CPU is
 * counted alone. First a clock is put to the log, which tells when each token was durable; then windows
 * in which the log is written take turns with windows in which it is not. Prints one line of JSON.
 *
 * Arguments: address of the provider, runs, seconds of a window, windows of each kind.
 */
import process from "node:process";
import { RunLog } from "@/lib/streams/log_writer.ts";
import { startApp } from "../support/app.ts";
import { ask, newThread } from "../support/chat_client.ts";
import { quantile } from "./quantile.ts";

/** What this process prints. */
export interface WriteBehindReport {
  /** Percent of one core in each window, user and system, all threads. */
  withLog: number[];
  withoutLog: number[];
  tokensPerSecond: number;
  /** From the arrival of a token to the end of the commit that made it durable, in milliseconds. */
  durableMs: { p50: number; p99: number; worst: number };
  measuredTokens: number;
}

const ASKED_AT_ONCE = 20;
/** The answers get going, and the code gets compiled. */
const WARM_UP_MS = 5_000;
/** What was written before a window does not count in it. */
const SETTLE_MS = 2_500;

let isLogged = true;
let tokens = 0;
const durableMs: number[] = [];
/** Not while CPU is counted: the clock costs some too. */
let isTimed = false;

/** Puts a clock to the log: when each event came, and when the commit that held it was done. */
function instrument(): void {
  const { append, take } = RunLog.prototype;
  const arrivals = new WeakMap<RunLog, number[]>();
  RunLog.prototype.append = function (placed) {
    tokens += 1;
    if (!isLogged) return;
    if (isTimed) {
      const waiting = arrivals.get(this) ?? [];
      waiting.push(performance.now());
      arrivals.set(this, waiting);
    }
    append.call(this, placed);
  };
  RunLog.prototype.take = function (mayCut) {
    const part = take.call(this, mayCut);
    if (part === null) return null;
    const waiting = arrivals.get(this);
    if (waiting === undefined || waiting.length === 0) return part;
    const count = waiting.length;
    return {
      ...part,
      commit(n) {
        part.commit(n);
        const now = performance.now();
        for (const atMs of waiting.splice(0, count)) {
          durableMs.push(now - atMs);
        }
      },
    };
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Percent of one core that this process takes for a while. */
async function cpuPercent(windowMs: number): Promise<number> {
  const atMs = performance.now();
  const before = process.cpuUsage();
  await pause(windowMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - atMs);
}

async function measure(
  windows: number,
  windowMs: number,
): Promise<WriteBehindReport> {
  const withLog: number[] = [];
  const withoutLog: number[] = [];
  isTimed = true;
  await pause(2 * windowMs);
  isTimed = false;
  let measuredMs = 0;
  let seen = 0;
  for (let window = 0; window < 2 * windows; window += 1) {
    isLogged = window % 2 === 0;
    await pause(SETTLE_MS);
    const atMs = performance.now();
    const before = tokens;
    const percent = await cpuPercent(windowMs);
    (isLogged ? withLog : withoutLog).push(percent);
    measuredMs += performance.now() - atMs;
    seen += tokens - before;
  }
  return {
    withLog,
    withoutLog,
    tokensPerSecond: seen / measuredMs * 1_000,
    durableMs: {
      p50: quantile(durableMs, 0.5),
      p99: quantile(durableMs, 0.99),
      worst: quantile(durableMs, 1),
    },
    measuredTokens: durableMs.length,
  };
}

async function main([url, ...numbers]: string[]): Promise<void> {
  const [runs, windowSeconds, windows] = numbers.map(Number);
  instrument();
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-bench-" });
  const app = await startApp({
    location: `${dataDir}/freshet.db`,
    configFile: {
      providers: [{ id: "fake", baseUrl: url, maxConnections: 1_000 }],
    },
  });
  for (let asked = 0; asked < runs; asked += ASKED_AT_ONCE) {
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, async () => {
      const thread = await newThread(app);
      await ask(app, thread.id, { message: { content: "x" } });
    }));
  }
  await pause(WARM_UP_MS);
  const report = await measure(windows, windowSeconds * 1_000);
  // deno-lint-ignore no-console -- the output is what the other process reads
  console.log(JSON.stringify(report));
  await Deno.remove(dataDir, { recursive: true });
  Deno.exit(0);
}

if (import.meta.main) await main(Deno.args);
