/**
 * What pages of usage cost at a million rows of the ledger, written through the lane and folded as a
 * server does it, and at ten millions with `--rows=10000000`; and `/api/usage` with many viewers.
 */
import process from "node:process";
import { openStore } from "@/lib/kv/open.ts";
import { CountedKv } from "@/lib/kv/testing/counted_kv.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  type UsageFilters,
  UsageQuery,
  type UsageQuestion,
} from "@/lib/usage/usage_query.ts";
import { DAY_MS } from "@/lib/usage/usage_grains.ts";
import { UsageStore } from "@/lib/usage/usage_store.ts";
import { UsageUpkeep } from "@/lib/usage/usage_upkeep_store.ts";
import {
  historyName,
  PastClock,
  writeHistory,
} from "../support/usage_history.ts";
import { startProcess } from "../support/process.ts";
import { quantile } from "./quantile.ts";

const SHAPE = { days: 90, users: 500, models: 8, keys: 50, burstsPerDay: 24 };
const TIMES = 9;
const VIEWERS = 100;
/** How long a viewer looks before the next question, in milliseconds. */
const THINK_MS = 5_000;
const ROUNDS = 6;
/** Linux tells processor time in ticks of that length. */
const MS_PER_TICK = 10;
const ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles"];

interface Kind {
  days: number;
  timeZone?: string;
  bucket?: UsageQuestion["bucket"];
  groupBy?: UsageQuestion["groupBy"];
  filters?: UsageFilters;
  times?: UsageQuestion["times"];
}

/** Questions of the pages. */
const KINDS: Readonly<Record<string, Kind>> = {
  "24 hours by model": { days: 1, bucket: "hour", groupBy: "model" },
  "7 days in all": { days: 7 },
  "30 days in all": { days: 30 },
  "30 days by model": { days: 30, groupBy: "model" },
  "30 days by model, Berlin": {
    days: 30,
    groupBy: "model",
    timeZone: "Europe/Berlin",
  },
  "30 days by model, Los Angeles": {
    days: 30,
    groupBy: "model",
    timeZone: "America/Los_Angeles",
  },
  "30 days by model, Kathmandu": {
    days: 30,
    groupBy: "model",
    timeZone: "Asia/Kathmandu",
  },
  "90 days in all": { days: 90 },
  "90 days by model": { days: 90, groupBy: "model" },
  "90 days by person": { days: 90, groupBy: "user", times: "totals" },
  "90 days by person, Berlin": {
    days: 90,
    groupBy: "user",
    times: "totals",
    timeZone: "Europe/Berlin",
  },
  "90 days by person with percentiles": { days: 90, groupBy: "user" },
  "90 days by key": { days: 90, groupBy: "key", times: "totals" },
  "90 days of one model by person": {
    days: 90,
    groupBy: "user",
    times: "totals",
    filters: { model: [historyName.model(1)] },
  },
  "90 days of failures by model": {
    days: 90,
    groupBy: "model",
    filters: { status: ["failed"] },
  },
  "90 days of one key by model": {
    days: 90,
    groupBy: "model",
    filters: { key: [historyName.key(3)] },
  },
  "90 days of one person by model": {
    days: 90,
    groupBy: "model",
    filters: { user: [historyName.user(3)] },
  },
  "all time by model": { days: 400, groupBy: "model" },
};

/** Opens the folder's store, made first unless it is there. */
async function seeded(folder: string, rows: number): Promise<number> {
  const clock = new PastClock();
  const store = await openStore({ location: `${folder}/freshet.db`, clock });
  const begun = performance.now();
  await writeHistory(store, clock, { ...SHAPE, rows });
  // Else the server would make its sums anew while it is measured.
  await new UsageUpkeep(store).setWhole(new AbortController().signal);
  store.close();
  return (performance.now() - begun) / 1_000;
}

function questionOf(
  { days, bucket = "day", groupBy = null, filters = {}, ...other }: Kind,
  nowMs: number,
): UsageQuestion {
  return {
    fromMs: nowMs - days * DAY_MS,
    toMs: nowMs,
    timeZone: "UTC",
    bucket,
    groupBy,
    filters,
    series: 8,
    ...other,
  };
}

async function measureQuestions(
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  let kv!: CountedKv;
  const store = await openStore({
    location: `${folder}/freshet.db`,
    wrap: (inner) => kv = new CountedKv(inner),
  });
  const usage = new UsageStore(store);
  const { signal } = new AbortController();
  const groupsOf = () => Promise.resolve(() => []);
  for (const [name, kind] of Object.entries(KINDS)) {
    const times: number[] = [];
    const processor: number[] = [];
    let reads = 0;
    let requests = 0;
    for (let time = 0; time < TIMES; time += 1) {
      // What others have asked is not at hand.
      const query = new UsageQuery({ store: usage, groupsOf });
      const question = questionOf(kind, store.clock.now());
      const before = kv.reads;
      const usedBefore = process.cpuUsage();
      const begun = performance.now();
      const report = await query.ask(FIRST_WORKSPACE, question, signal);
      times.push(performance.now() - begun);
      const { user, system } = process.cpuUsage(usedBefore);
      processor.push((user + system) / 1_000);
      reads = kv.reads - before;
      requests = report.totals.requests;
    }
    say(
      `${name}: first ${times[0].toFixed(0)} ms, median ${
        quantile(times, 0.5).toFixed(0)
      } ms, of the processor ${
        quantile(processor, 0.5).toFixed(0)
      } ms, ${reads} reads, ${requests} requests`,
    );
  }
  store.close();
}

async function measureViewers(
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  await using server = await startProcess(folder);
  const queries = (viewer: number) =>
    [
      { days: 30, groupBy: "model", user: historyName.user(viewer) },
      { days: 1, groupBy: "model" },
      { days: 30, timeZone: ZONES[viewer % ZONES.length] },
      { days: 30, groupBy: "user", times: "totals" },
      { days: 90, groupBy: "model", timeZone: ZONES[viewer % ZONES.length] },
      { days: 7, groupBy: "key", times: "totals" },
    ].map(({ days, ...others }) => {
      const from = new Date(Date.now() - days * DAY_MS).toISOString();
      const given = Object.entries(others).filter(([, value]) => value);
      return `/api/usage?${new URLSearchParams([["from", from], ...given])}`;
    });
  const times: number[] = [];
  let refused = 0;
  const view = async (place: number) => {
    const asked = queries(place);
    await sleep(THINK_MS * place / VIEWERS);
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      const answer = await server.fetch(
        asked[(place + round) % asked.length],
      );
      await answer.text();
      if (answer.status !== 200) refused += 1;
      times.push(performance.now() - begun);
      await sleep(THINK_MS);
    }
  };
  const before = await processorMs(server.child.pid);
  await Promise.all(Array.from({ length: VIEWERS }, (_, place) => view(place)));
  const used = await processorMs(server.child.pid) - before;
  const late = times.slice(VIEWERS);
  say(
    `/api/usage with ${VIEWERS} viewers, each asking ${
      THINK_MS / 1_000
    } s after an answer: p50 ${quantile(late, 0.5).toFixed(0)} ms, p95 ${
      quantile(late, 0.95).toFixed(0)
    } ms, ${refused} refused, of the processor ${
      (used / times.length).toFixed(0)
    } ms each`,
  );
}

/** Processor time of a process and all of its threads so far (proc_pid_stat(5)). */
async function processorMs(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]].map(Number);
  return (user + system) * MS_PER_TICK;
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** @param folder of a store that was seeded before, kept; else one is made, and removed */
export async function usageCosts(
  { rows, folder }: { rows: number; folder: string | null },
  say: (line: string) => void,
): Promise<void> {
  const own = folder ?? await Deno.makeTempDir({ prefix: "freshet-usage-" });
  try {
    const isThere = await Deno.stat(`${own}/freshet.db`).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      await Deno.mkdir(own, { recursive: true });
      const seconds = await seeded(own, rows);
      const { size } = await Deno.stat(`${own}/freshet.db`);
      say(
        `${rows} rows over ${SHAPE.days} days, ${SHAPE.users} people, ${SHAPE.models} models, ${SHAPE.keys} keys: written, folded and added up in ${
          seconds.toFixed(0)
        } s, ${(size / 2 ** 20).toFixed(0)} MB`,
      );
    }
    await measureQuestions(own, say);
    await measureViewers(own, say);
  } finally {
    if (folder === null) await Deno.remove(own, { recursive: true });
  }
}
