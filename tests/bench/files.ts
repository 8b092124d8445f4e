/**
 * A file of 100 MB uploaded to one process over a store on disk, then downloaded: how late timers are
 * meanwhile beside how late they are at rest in the same run, and how much memory it takes.
 */
import { readConfig } from "@/lib/config.ts";
import { openStore } from "@/lib/kv/open.ts";
import { drain, setServices } from "@/lib/lifespan.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { startServices } from "@/lib/services.ts";
import { quantile } from "./quantile.ts";

/** What one part of the run shows. */
interface Seen {
  seconds: number;
  /** p99 of how late timers fire, in milliseconds. */
  lagMs: number;
  /** The most during it, in megabytes. */
  heap: number;
  buffers: number;
  memory: number;
}

export interface FileCosts {
  megabytes: number;
  idle: Seen;
  upload: Seen;
  download: Seen;
}

const MEGABYTE = 1_000_000;
const BYTES = 100 * MEGABYTE;
const TIMER_MS = 5;
const IDLE_MS = 10_000;

/** Collects how late a timer fires while something goes on. */
async function watch(work: () => Promise<unknown>): Promise<Seen> {
  const lags: number[] = [];
  let heap = 0;
  let buffers = 0;
  let memory = 0;
  let due = performance.now() + TIMER_MS;
  const began = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    lags.push(Math.max(0, now - due));
    due = now + TIMER_MS;
    if (lags.length % 20 !== 0) return;
    const { heapUsed, external, rss } = Deno.memoryUsage();
    heap = Math.max(heap, heapUsed);
    buffers = Math.max(buffers, external);
    memory = Math.max(memory, rss);
  }, TIMER_MS);
  await work();
  clearInterval(timer);
  return {
    seconds: (performance.now() - began) / 1_000,
    lagMs: quantile(lags, 0.99),
    heap: heap / MEGABYTE,
    buffers: buffers / MEGABYTE,
    memory: memory / MEGABYTE,
  };
}

/** A client of its own process, which takes nothing of this one's turns. */
async function curl(...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command("curl", {
    args: ["-sS", "--fail-with-body", ...args],
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`The request failed: "${text}"`);
  return text;
}

interface Built {
  default: {
    fetch(request: Request, info: Deno.ServeHandlerInfo): Promise<Response>;
  };
}

export async function fileCosts(): Promise<FileCosts> {
  const folder = await Deno.makeTempDir({ prefix: "freshet-bench-" });
  const path = `${folder}/file.bin`;
  using file = await Deno.open(path, { write: true, create: true });
  const piece = new Uint8Array(MEGABYTE);
  for (let written = 0; written < BYTES; written += MEGABYTE) {
    for (let at = 0; at < MEGABYTE; at += 65_536) {
      crypto.getRandomValues(piece.subarray(at, at + 65_536));
    }
    await file.write(piece);
  }
  const store = await openStore({ location: `${folder}/freshet.db` });
  const config = await readConfig({
    env: () => undefined,
    readText: () => Promise.resolve(""),
    canWrite: () => true,
  });
  const services = await startServices(config, { store, log: silentLogger() });
  setServices(services);
  const entry = new URL("../../_fresh/server.js", import.meta.url).href;
  const built: Built = await import(entry);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => built.default.fetch(request, info),
  );
  const url = `http://127.0.0.1:${server.addr.port}/v1/files`;
  try {
    const idle = await watch(() =>
      new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    );
    let id = "";
    const upload = await watch(async () => {
      const form = ["-F", "purpose=user_data", "-F", `file=@${path}`];
      id = JSON.parse(await curl(...form, url)).id;
    });
    const download = await watch(() =>
      curl("-o", `${folder}/back.bin`, `${url}/${id}/content`)
    );
    return { megabytes: BYTES / MEGABYTE, idle, upload, download };
  } finally {
    const stopped = server.shutdown();
    await drain(services);
    await stopped;
    setServices(undefined);
    await Deno.remove(folder, { recursive: true });
  }
}

export function fileLines(costs: FileCosts): string[] {
  const { idle, upload, download } = costs;
  const line = (
    name: string,
    { seconds, lagMs, heap, buffers, memory }: Seen,
  ) =>
    `${name}: ${seconds.toFixed(1)} s, timers late by p99 ${
      lagMs.toFixed(1)
    } ms (${(lagMs / idle.lagMs).toFixed(1)}x at rest), heap at most ${
      heap.toFixed(0)
    } MB, buffers ${buffers.toFixed(0)} MB, resident ${memory.toFixed(0)} MB`;
  return [
    line("at rest", idle),
    line(`upload of ${costs.megabytes} MB`, upload),
    line("download of it", download),
  ];
}
