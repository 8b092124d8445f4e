/**
 * Counts jobs by what their events tell: each event counts once, since the numbers are stored in the same
 * commit as the cursor behind it, whichever process reads it. So nobody has to look at all jobs to say how
 * many wait. A resync counts what was there when it began; a job that passes from one state to another
 * while it goes on may be missed.
 */
import { sleep } from "@/lib/clock.ts";
import type {
  ConsumedEvent,
  Consumer,
  CursorRecord,
  TrimRecord,
} from "@/lib/events/consumer.ts";
import * as keys from "@/lib/kv/keys.ts";
import { getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { addToFlow, countChange } from "./job_count.ts";
import { CountRows } from "./job_count_rows.ts";
import type { JobRecord, JobStatus } from "./job_record.ts";
import type { JobEventData, JobRow, RetentionRow } from "./job_rows.ts";

const MINUTE_MS = 60_000;
/** Between two steps, so that much that happens at once is one step, in milliseconds. */
const PAUSE_MS = 250;
/** Rows of the counts that one step writes, at most. */
const MAX_ROWS = 100;
/** Jobs that a step of a resync looks at. */
const JOBS_PER_STEP = 500;

/** Where jobs are found that a resync counts, in this order. */
const PLACES = ["due", "timers", "running", "ended"] as const;

/** Where a step of a resync begins. */
interface ResyncPlace {
  /** Id of the count that it makes. */
  count: string;
  /** Versionstamp up to which rows count. */
  bound: string;
  /** Place among `PLACES`. */
  at: number;
  /** The last row of it that was looked at. */
  behind: Deno.KvKey | null;
}

/** A job that a resync has found. */
interface Found {
  workspace: string;
  kind: string;
  status: JobStatus;
}

export class JobCounter implements Consumer {
  readonly name = "job-counts";
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<number> {
    const rows = await CountRows.open(this.#store, signal);
    for (const [index, { space, event }] of events.entries()) {
      if (!event.type.startsWith("job.")) continue;
      if (rows.size >= MAX_ROWS) {
        rows.write(unit);
        return index;
      }
      const verb = event.type.slice("job.".length);
      const data = event.data as unknown as JobEventData;
      const workspace = workspaceOf(space);
      await rows.change(workspace, data.kind, (counts) => {
        countChange(counts, verb, data);
      });
      if (verb === "removed") continue;
      const minuteMs = Math.floor(event.at / MINUTE_MS) * MINUTE_MS;
      await rows.flow(workspace, minuteMs, data.kind, (flow) => {
        addToFlow(flow, verb, data);
      });
    }
    rows.write(unit);
    return events.length;
  }

  /** `place`: see `ResyncPlace`. */
  async resync(
    place: string | null,
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { count, bound, at, behind }: ResyncPlace = place === null
      ? {
        count: newToken(),
        bound: await this.#begun(signal),
        at: 0,
        behind: null,
      }
      : JSON.parse(place);
    const rows = await CountRows.open(this.#store, signal, {
      count,
      isNew: place === null,
    });
    const { found, last } = await this.#find(
      PLACES[at],
      { bound, behind },
      signal,
    );
    for (const { workspace, kind, status } of found) {
      await rows.change(workspace, kind, (counts) => {
        counts[status] += 1;
      });
    }
    rows.write(unit);
    if (last === null && at + 1 === PLACES.length) return null;
    const next: ResyncPlace = last === null
      ? { count, bound, at: at + 1, behind: null }
      : { count, bound, at, behind: last };
    return JSON.stringify(next);
  }

  async committed(signal: AbortSignal): Promise<void> {
    await sleep(this.#store.clock, PAUSE_MS, signal);
  }

  /**
   * Whatever has a higher versionstamp is told by an event that comes after the resync. Where there was no
   * event when it began, those before were deleted, or there has not been any.
   */
  async #begun(signal: AbortSignal): Promise<string> {
    const [cursor, trim] = await getMany<[CursorRecord, TrimRecord]>(
      this.#store,
      [keys.cursorKey(this.name), keys.eventsNoticeTrimKey()],
      { signal },
    );
    return cursor.value?.vs || (trim.value?.vs ?? "");
  }

  async #find(
    place: typeof PLACES[number],
    { bound, behind }: Pick<ResyncPlace, "bound" | "behind">,
    signal: AbortSignal,
  ): Promise<{ found: Found[]; last: Deno.KvKey | null }> {
    const { prefix } = SELECTORS[place];
    const rows = await Array.fromAsync(
      list<unknown>(
        this.#store,
        behind === null ? { prefix } : { prefix, start: [...behind, 0] },
        { limit: JOBS_PER_STEP, signal },
      ),
    );
    const known = rows.filter(({ versionstamp }) => versionstamp <= bound);
    const found = place === "running"
      ? await this.#running(known, signal)
      : known.map(({ key, value }) => foundAt(place, key, value));
    return {
      found,
      last: rows.length < JOBS_PER_STEP ? null : rows.at(-1)!.key,
    };
  }

  async #running(
    rows: readonly Deno.KvEntry<unknown>[],
    signal: AbortSignal,
  ): Promise<Found[]> {
    const owned = rows.filter(({ key }) => keys.parseOwnKey(key).kind === "j");
    const records = await getMany<JobRecord[]>(
      this.#store,
      owned.map(({ key, value }) =>
        keys.jobKey((value as { ws: string }).ws, keys.parseOwnKey(key).id)
      ),
      { signal },
    );
    return records.flatMap(({ value }) =>
      value?.status !== "running" ? [] : [{
        workspace: workspaceOf(value.space),
        kind: value.kind,
        status: "running" as const,
      }]
    );
  }
}

const SELECTORS: Record<typeof PLACES[number], { prefix: Deno.KvKey }> = {
  due: keys.allDueJobs(),
  timers: keys.allJobTimers(),
  running: keys.allOwned(),
  ended: keys.allJobRetentions(),
};

function foundAt(
  place: Exclude<typeof PLACES[number], "running">,
  key: Deno.KvKey,
  value: unknown,
): Found {
  if (place === "ended") {
    const { kind, status } = value as RetentionRow;
    const { space } = keys.parseJobRetentionKey(key);
    return { workspace: workspaceOf(space), kind, status };
  }
  const { space, kind } = value as JobRow;
  return { workspace: workspaceOf(space), kind, status: "queued" };
}
