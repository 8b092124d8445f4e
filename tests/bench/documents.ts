/**
 * A table of 100 MB taken in by one process over a file: how long it takes, how late timers are meanwhile
 * beside how late they are at rest in the same run, and what memory it costs.
 */
import { readConfig } from "@/lib/config.ts";
import { openStore } from "@/lib/kv/open.ts";
import { drain, setServices } from "@/lib/lifespan.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { startServices } from "@/lib/services.ts";
import { FIRST_USER, FIRST_WORKSPACE, userSpace } from "@/lib/shared/spaces.ts";
import { quantile } from "./quantile.ts";

export interface DocumentCosts {
  megabytes: number;
  uploadSeconds: number;
  profileSeconds: number;
  indexSeconds: number;
  rows: number;
  /** p99 of how late timers fire, in milliseconds. */
  idleLagMs: number;
  importLagMs: number;
  /** Resident memory, in megabytes: at rest, and the most during the import. */
  idleMemory: number;
  mostMemory: number;
}

const MEGABYTE = 1_000_000;
const TIMER_MS = 5;
const IDLE_MS = 15_000;
const SLICE_ROWS = 20_000;

/** Collects how late a timer fires. */
function watchLag(): { stop(): { p99: number; memory: number } } {
  const lags: number[] = [];
  let memory = 0;
  let due = performance.now() + TIMER_MS;
  let timer: ReturnType<typeof setTimeout>;
  const tick = () => {
    const now = performance.now();
    lags.push(Math.max(0, now - due));
    if (lags.length % 50 === 0) {
      memory = Math.max(memory, Deno.memoryUsage().rss);
    }
    due = performance.now() + TIMER_MS;
    timer = setTimeout(tick, TIMER_MS);
  };
  timer = setTimeout(tick, TIMER_MS);
  return {
    stop() {
      clearTimeout(timer);
      return { p99: quantile(lags, 0.99), memory: memory / MEGABYTE };
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Rows of readings at gauges, so many bytes of them. */
async function writeTable(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  await writer.write(encoder.encode("id,day,gauge,level,note\n"));
  for (let row = 0, written = 0; written < bytes;) {
    const rows: string[] = [];
    for (const end = row + SLICE_ROWS; row < end; row += 1) {
      const day = String(row % 28 + 1).padStart(2, "0");
      const level = row * 7_919 % 10_007 / 10;
      rows.push(
        `${row},2026-11-${day},Gauge ${row % 200},${level},"low, clear"`,
      );
    }
    const text = encoder.encode(`${rows.join("\n")}\n`);
    await writer.write(text);
    written += text.length;
  }
  await writer.close();
}

export async function documentCosts(megabytes = 100): Promise<DocumentCosts> {
  const folder = await Deno.makeTempDir({ prefix: "freshet-bench-" });
  const store = await openStore({ location: `${folder}/freshet.db` });
  const config = await readConfig({
    env: () => undefined,
    readText: () => Promise.reject(new Deno.errors.NotFound()),
    canWrite: () => true,
  });
  const services = await startServices(config, {
    store,
    log: silentLogger(),
    localPorts: { ollama: 1, "lm-studio": 1 },
  });
  setServices(services);
  const space = userSpace(FIRST_WORKSPACE, FIRST_USER);
  const { documents } = services;
  try {
    const path = `${folder}/table.csv`;
    await writeTable(path, megabytes * MEGABYTE);
    const { size } = await Deno.stat(path);
    const atRest = watchLag();
    await pause(IDLE_MS);
    const idle = atRest.stop();
    const inWork = watchLag();
    const beganAt = performance.now();
    const { id } = await documents.begin(space, {
      name: "table.csv",
      size,
      projectId: null,
    });
    const file = await Deno.open(path);
    await documents.uploads.append(space, id, 0, file.readable);
    const uploadedAt = performance.now();
    let profiledAt = 0;
    while (true) {
      const { state, error } = await documents.get(space, id);
      if (state === "indexing") profiledAt ||= performance.now();
      if (state === "ready") break;
      if (state === "failed") throw new Error(error ?? "It failed");
      await pause(100);
    }
    const endedAt = performance.now();
    const busy = inWork.stop();
    const { rows } = await documents.get(space, id);
    return {
      megabytes: size / MEGABYTE,
      uploadSeconds: (uploadedAt - beganAt) / 1_000,
      profileSeconds: (profiledAt - uploadedAt) / 1_000,
      indexSeconds: (endedAt - profiledAt) / 1_000,
      rows: rows ?? 0,
      idleLagMs: idle.p99,
      importLagMs: busy.p99,
      idleMemory: idle.memory,
      mostMemory: busy.memory,
    };
  } finally {
    await drain(services);
    setServices(undefined);
    await Deno.remove(folder, { recursive: true });
  }
}

export function documentLines(costs: DocumentCosts): string[] {
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  return [
    `a table of ${costs.megabytes.toFixed(0)} MB, ${
      costs.rows.toLocaleString("en")
    } rows: stored in ${seconds(costs.uploadSeconds)}, profiled in ${
      seconds(costs.profileSeconds)
    }, its first pieces indexed in ${seconds(costs.indexSeconds)}`,
    `timers late by p99 ${costs.idleLagMs.toFixed(2)} ms at rest, ${
      costs.importLagMs.toFixed(2)
    } ms meanwhile: ${(costs.importLagMs / costs.idleLagMs).toFixed(1)}x`,
    `resident memory ${costs.idleMemory.toFixed(0)} MB at rest, at most ${
      costs.mostMemory.toFixed(0)
    } MB meanwhile`,
  ];
}
