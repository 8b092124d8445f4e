/**
 * Requests looked for among a million, written as the server writes them: how long the first page of each
 * kind of search takes, how many reads it needs, and how far it looks.
 */
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import { openStore } from "@/lib/kv/open.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { RequestLogStore } from "@/lib/observe/request_log_store.ts";
import type { RequestRecord } from "@/lib/observe/request_record.ts";
import {
  type RequestSearch,
  RequestSearchStore,
} from "@/lib/observe/request_search_store.ts";
import { idBound } from "@/lib/observe/request_time.ts";
import { record } from "@/lib/observe/testing/records.ts";

const DEFAULT_ROWS = 1_000_000;
const WORKSPACE = "wsp_bench";
const DAY_MS = 86_400_000;
const KEPT_MS = 365 * DAY_MS;
/** As many requests in a day: 80 days have a million. */
const PER_DAY = 12_500;
const BATCH = 100;
const WRITES_AT_ONCE = 20;
const REPEATS = 15;

interface SearchCost {
  name: string;
  medianMs: number;
  worstMs: number;
  reads: number;
  looked: number;
  found: number;
}

export interface RequestCosts {
  rows: number;
  seedSeconds: number;
  megabytes: number;
  searches: SearchCost[];
}

/** Counts calls that read. */
class CountingKv extends WrappedKv {
  reads = 0;

  override list<T>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    this.reads += 1;
    return super.list<T>(selector, options);
  }
}

function made(index: number, atMs: number, random: () => number) {
  const isFailed = random() < 0.004;
  const more: Partial<RequestRecord> = {
    user: `usr_${index % 40}`,
    model: index === 17 ? "once" : `model-${index % 12}`,
    status: isFailed ? "failed" : "completed",
    error: isFailed ? { code: "provider_timeout", message: "Late" } : null,
    totalMs: Math.round(900 + random() ** 4 * 20_000),
    run: `run_${index}`,
  };
  return record(atMs, more);
}

/** @param rows how many requests, a million unless told */
export async function requestCosts(rows = DEFAULT_ROWS): Promise<RequestCosts> {
  const folder = await Deno.makeTempDir();
  const location = `${folder}/freshet.db`;
  const store = await openStore({ location });
  try {
    const { lane } = await startIncarnation(store);
    const writer = new RequestLogStore(store, () => lane, KEPT_MS);
    const random = seededRandom(7);
    const nowMs = Date.now();
    const fromMs = nowMs - rows / PER_DAY * DAY_MS;
    const begun = performance.now();
    // Several at a time, since each waits a little for company.
    let writes: Promise<void>[] = [];
    for (let first = 0; first < rows; first += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, rows - first) }, (
        _,
        place,
      ) => {
        const index = first + place;
        const atMs = Math.round(fromMs + index / PER_DAY * DAY_MS);
        return {
          workspace: WORKSPACE,
          record: made(index, atMs, random),
          bodies: null,
        };
      });
      writes.push(writer.write(batch));
      if (writes.length < WRITES_AT_ONCE) continue;
      await Promise.all(writes);
      writes = [];
    }
    await Promise.all(writes);
    const seedSeconds = (performance.now() - begun) / 1_000;
    const counted = new CountingKv(store.kv);
    const search = new RequestSearchStore({ ...store, kv: counted });
    const searches: SearchCost[] = [];
    for (const [name, wanted] of Object.entries(QUESTIONS)) {
      const times: number[] = [];
      let reads = 0;
      let looked = 0;
      let found = 0;
      for (let count = 0; count < REPEATS; count += 1) {
        const before = counted.reads;
        const startedMs = performance.now();
        const look = await search.look(WORKSPACE, {
          mark: null,
          fromMs: 0,
          before: idBound(nowMs + 1),
          isWanted: () => true,
          limit: 50,
          ...wanted,
        });
        times.push(performance.now() - startedMs);
        reads = counted.reads - before;
        looked = look.looked;
        found = look.items.length;
      }
      times.sort((one, two) => one - two);
      searches.push({
        name,
        medianMs: times[Math.floor(times.length / 2)],
        worstMs: times[times.length - 1],
        reads,
        looked,
        found,
      });
    }
    const { size } = await Deno.stat(location);
    return { rows, seedSeconds, megabytes: size / 1e6, searches };
  } finally {
    store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const QUESTIONS: Record<string, Partial<RequestSearch>> = {
  "all": {},
  "failed": { mark: "failed" },
  "slow": { mark: "slow" },
  "one model": { isWanted: ({ model }) => model === "model-3" },
  "one person's failures": {
    mark: "failed",
    isWanted: ({ user }) => user === "usr_7",
  },
  "a model used once, long ago": { isWanted: ({ model }) => model === "once" },
};

export function requestLines(
  { rows, seedSeconds, megabytes, searches }: RequestCosts,
): string[] {
  return [
    `${rows} requests written in ${seedSeconds.toFixed(0)} s, a store of ${
      megabytes.toFixed(0)
    } MB`,
    ...searches.map((each) =>
      `${each.name}: ${each.medianMs.toFixed(0)} ms (worst of ${REPEATS}: ${
        each.worstMs.toFixed(0)
      } ms), ${each.reads} reads, ${each.found} found among ${each.looked}`
    ),
  ];
}
