/**
 * Freshet under load beside its peers, each in a process of its own, one after the other at the same
 * rate. A peer that errors is shown with its error. Lines for docs/performance.md.
 *
 * Arguments choose parts: cost, memory, many, first, whole, cached, waiting,
 * followers, overload.
 */
import {
  blocking,
  freshet,
  hello,
  passthrough,
  type Peer,
  portkey,
  type RunningPeer,
  sdk,
} from "./peers.ts";
import { cpuSeconds, residentMegabytes } from "./process_costs.ts";
import { Rig, type StreamsResult } from "./rig.ts";

/** More than any answer gets to while it is measured. */
const ENDLESS = 100_000_000;

interface StreamLoad {
  connections: number;
  tokensPerSecond: number;
  rampPerSecond: number;
  seconds: number;
  isSame?: boolean;
}

interface StreamCosts extends StreamsResult {
  microsecondsPerChunk: number;
  idleMegabytes: number;
  megabytes: number;
}

export interface LoadReport {
  /** Ratios and counts by name, for assertions. */
  figures: Record<string, number>;
}

type Say = (line: string) => void;

/** Runs the parts that were asked for; without any, all. */
export async function loadCosts(
  parts: readonly string[],
  say: Say,
): Promise<LoadReport> {
  const folder = await Deno.makeTempDir({ prefix: "freshet-load-" });
  try {
    const rig = await Rig.build(folder);
    say(rig.label);
    const bench = new Bench(rig, folder, say);
    for (const [name, part] of Object.entries(PARTS)) {
      if (parts.length > 0 && !parts.includes(name)) continue;
      say(`\n## ${name}`);
      await part(bench);
    }
    return { figures: bench.figures };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

class Bench {
  readonly figures: Record<string, number> = {};

  constructor(
    readonly rig: Rig,
    readonly folder: string,
    readonly say: Say,
  ) {}

  /** Starts a peer, does something with it, and ends it; null and a line when it fails. */
  async with<T>(
    peer: Peer,
    intervalMs: number,
    tokens: number,
    measure: (running: RunningPeer) => Promise<T>,
  ): Promise<T | null> {
    try {
      await using upstream = await this.rig.startUpstream(intervalMs, tokens);
      await using running = await peer.start(
        this.rig,
        upstream.port,
        this.folder,
      );
      return await measure(running);
    } catch (error) {
      const [line] = String(error).split("\n");
      this.say(`${peer.name}: ERROR ${line.slice(0, 300)}`);
      return null;
    }
  }

  async streams(peer: Peer, load: StreamLoad): Promise<StreamCosts | null> {
    const intervalMs = 1_000 / load.tokensPerSecond;
    return await this.with(peer, intervalMs, ENDLESS, async (running) => {
      const { pid, target } = running;
      // A first answer, so that what is compiled or connected once is not measured.
      const once = { connections: 1, rampPerSecond: 1, seconds: 1 };
      await this.rig.streams(target, once, () => Promise.resolve());
      const idleMegabytes = await residentMegabytes(pid);
      let cpuFrom = 0;
      const result = await this.rig.streams(target, load, async () => {
        cpuFrom = await cpuSeconds(pid);
      });
      const cpu = await cpuSeconds(pid) - cpuFrom;
      const megabytes = await residentMegabytes(pid);
      const costs = {
        ...result,
        microsecondsPerChunk: 1e6 * cpu / Math.max(result.chunks, 1),
        idleMegabytes,
        megabytes,
      };
      this.say(streamLine(peer, costs));
      return costs;
    });
  }

  figure(name: string, value: number, goal: string): void {
    this.figures[name] = value;
    this.say(`${name}: ${value.toFixed(2)} (to reach: ${goal})`);
  }

  /** A ratio of two measurements, where both were made. */
  ratio(
    name: string,
    one: number | undefined,
    other: number | undefined,
    goal: string,
  ): void {
    if (one === undefined || other === undefined) return;
    this.figure(name, one / other, goal);
  }
}

function streamLine(peer: Peer, costs: StreamCosts): string {
  const { connections, chunksPerSecond, ttftMs, delayMs } = costs;
  const failed = costs.errors + costs.dropped + costs.disordered;
  return [
    `${peer.label}: ${connections} streams`,
    `${chunksPerSecond.toFixed(0)} chunks/s`,
    `${costs.microsecondsPerChunk.toFixed(1)} µs CPU a chunk`,
    `${costs.idleMegabytes.toFixed(0)} → ${costs.megabytes.toFixed(0)} MB`,
    `first token p50 ${ttftMs.p50} p99 ${ttftMs.p99} ms`,
    `delay p50 ${delayMs.p50} p99 ${delayMs.p99} ms`,
    `errors ${costs.errors}, dropped ${costs.dropped}, out of order ${costs.disordered}`,
    ...(failed > 0 ? [`FIRST ERROR ${costs.firstError}`] : []),
  ].join(" · ");
}

const ATTACHED = freshet("Freshet");
const DURABLE = freshet("Freshet, durable log", "x-freshet-detach: true\r\n");

const WAIT_MS = 100;
const QUESTIONS = 100;
const ASK_DEADLINE_MS = 60_000;

/** Asks so many questions at once; milliseconds until all are answered. */
async function askAtOnce(
  { port, path, model }: RunningPeer["target"],
  questions: number,
): Promise<number> {
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: questions }, async (_, index) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages: [{ role: "user", content: `Question ${index}` }],
      }),
      signal: AbortSignal.timeout(ASK_DEADLINE_MS),
    });
    if (response.status !== 200) throw new Error(await response.text());
    await response.body?.cancel();
  }));
  return performance.now() - startedAtMs;
}

const PARTS: Record<string, (bench: Bench) => Promise<void>> = {
  /** CPU of one chunk, at a rate that every peer can hold. */
  async cost(bench) {
    const load = {
      connections: 300,
      tokensPerSecond: 20,
      rampPerSecond: 150,
      seconds: 8,
    };
    const base = await bench.streams(passthrough, load);
    const attached = await bench.streams(ATTACHED, load);
    const durable = await bench.streams(DURABLE, load);
    const onSdk = await bench.streams(sdk, load);
    const other = await bench.streams(portkey, load);
    const cpu = (costs: StreamCosts | null) => costs?.microsecondsPerChunk;
    bench.ratio(
      "CPU a chunk, attached / passthrough",
      cpu(attached),
      cpu(base),
      "at most 2.0",
    );
    bench.ratio(
      "CPU a chunk, durable log / passthrough",
      cpu(durable),
      cpu(base),
      "at most 2.5",
    );
    bench.ratio(
      "CPU a chunk, attached / openai SDK",
      cpu(attached),
      cpu(onSdk),
      "at most 0.6",
    );
    bench.ratio(
      "CPU a chunk, attached / Portkey",
      cpu(attached),
      cpu(other),
      "a wide margin below 1",
    );
  },

  /** Memory of 1,000 streams. */
  async memory(bench) {
    const load = {
      connections: 1_000,
      tokensPerSecond: 10,
      rampPerSecond: 300,
      seconds: 8,
    };
    const base = await bench.streams(passthrough, load);
    const attached = await bench.streams(ATTACHED, load);
    const above = (costs: StreamCosts | null) =>
      costs === null ? undefined : costs.megabytes - costs.idleMegabytes;
    bench.ratio(
      "memory above idle at 1,000 streams, attached / passthrough",
      above(attached),
      above(base),
      "at most 2.5",
    );
  },

  /** As many streams as the descriptors of a process allow, each through two sockets. */
  async many(bench) {
    for (const tokensPerSecond of [0.5, 1]) {
      const load = {
        connections: 9_900,
        tokensPerSecond,
        // More starts a second than this keep the process busy for longer than its deadlines.
        rampPerSecond: 250,
        seconds: 10,
      };
      const costs = await bench.streams(ATTACHED, load);
      if (costs === null) continue;
      const name = `9,900 streams x ${tokensPerSecond} tok/s`;
      bench.figure(`${name}, errors`, costs.errors + costs.dropped, "0");
      bench.figure(`${name}, megabytes`, costs.megabytes, "below 1,000");
    }
  },

  /** What a first token waits longer than behind the passthrough. */
  async first(bench) {
    const load = {
      connections: 100,
      tokensPerSecond: 20,
      rampPerSecond: 50,
      seconds: 3,
    };
    const base = await bench.streams(passthrough, load);
    const attached = await bench.streams(ATTACHED, load);
    if (base === null || attached === null) return;
    bench.figure(
      "first token added over the passthrough, p50 ms",
      attached.ttftMs.p50 - base.ttftMs.p50,
      "at most 1.5",
    );
  },

  /** Whole answers, one question after the other on 50 connections. */
  async whole(bench) {
    const load = { connections: 50, seconds: 5, isUnique: true };
    const rates: Record<string, number> = {};
    for (const peer of [passthrough, ATTACHED, sdk, portkey]) {
      await bench.with(peer, 0, 5, async ({ target }) => {
        await bench.rig.requests(target, { ...load, seconds: 1 });
        const result = await bench.rig.requests(target, load);
        rates[peer.name] = result.perSecond;
        bench.say(
          `${peer.label}: ${
            result.perSecond.toFixed(0)
          } answers/s, p50 ${result.ms.p50} p99 ${result.ms.p99} ms, errors ${result.errors}${
            result.errors > 0 ? ` FIRST ERROR ${result.firstError}` : ""
          }`,
        );
      });
    }
    const own = rates[ATTACHED.name];
    const over = (peer: Peer) => rates[peer.name];
    bench.ratio(
      "whole answers, Freshet / passthrough",
      own,
      over(passthrough),
      "at least 0.35",
    );
    bench.ratio(
      "whole answers, Freshet / openai SDK",
      own,
      over(sdk),
      "above 1",
    );
    bench.ratio(
      "whole answers, Freshet / Portkey",
      own,
      over(portkey),
      "at least 5",
    );
  },

  /** The same question again and again. */
  async cached(bench) {
    const load = { connections: 50, seconds: 5, isUnique: false };
    const rates: Record<string, number> = {};
    for (const peer of [hello, ATTACHED]) {
      await bench.with(peer, 0, 5, async ({ target }) => {
        await bench.rig.requests(target, { ...load, seconds: 1 });
        const result = await bench.rig.requests(target, load);
        rates[peer.name] = result.perSecond;
        bench.say(
          `${peer.label}: ${
            result.perSecond.toFixed(0)
          } answers/s, p50 ${result.ms.p50} p99 ${result.ms.p99} ms, errors ${result.errors}`,
        );
      });
    }
    bench.ratio(
      "cached answers, Freshet / Hono's hello-world",
      rates[ATTACHED.name],
      rates[hello.name],
      "at least 0.15",
    );
  },

  /** 100 questions at once whose answers take 100 ms at the provider. */
  async waiting(bench) {
    const times: Record<string, number> = {};
    for (const peer of [ATTACHED, blocking]) {
      await bench.with(peer, WAIT_MS, 1, async ({ target }) => {
        await askAtOnce(target, 1);
        times[peer.name] = await askAtOnce(target, QUESTIONS);
        bench.say(
          `${peer.label}: ${QUESTIONS} answers of ${WAIT_MS} ms after ${
            times[peer.name].toFixed(0)
          } ms`,
        );
      });
    }
    bench.ratio(
      "100 answers at once, blocking / Freshet",
      times[blocking.name],
      times[ATTACHED.name],
      "far above 1",
    );
  },

  /** One answer, and as many who follow it as a process takes. */
  async followers(bench) {
    const load = {
      connections: 10_000,
      tokensPerSecond: 1,
      rampPerSecond: 1_000,
      seconds: 10,
      isSame: true,
    };
    const costs = await bench.streams(ATTACHED, load);
    if (costs === null) return;
    bench.figure(
      "10,000 streams that share one call, errors",
      costs.errors + costs.dropped + costs.disordered,
      "0",
    );
    bench.figure("10,000 of them, megabytes", costs.megabytes, "below 1,000");
  },

  /** More streams than the descriptors allow: those that are admitted end well. */
  async overload(bench) {
    const small = freshet("Freshet with 600 descriptors", "", {
      FRESHET_MAX_FDS: "600",
    });
    const load = {
      connections: 1_000,
      tokensPerSecond: 5,
      rampPerSecond: 500,
      seconds: 5,
    };
    const costs = await bench.streams(small, load);
    if (costs === null) return;
    bench.figure("overload, refused with 503", costs.errors, "above 0");
    bench.figure("overload, admitted and dropped", costs.dropped, "0");
  },
};
