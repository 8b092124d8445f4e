/**
 * Lists of jobs for pages: newest first, in pages that read the same few rows whether there are ten jobs
 * or a hundred thousand.
 */
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { BoundedCount } from "@/lib/shared/jobs/job_board.ts";
import type { Job } from "@/lib/shared/wire.ts";
import {
  JOB_STATUSES,
  type JobRecord,
  type JobStatus,
  toJob,
} from "./job_record.ts";
import type { JobRow } from "./job_rows.ts";

/** Which jobs of a list are wanted. */
export interface JobListQuery {
  /** In any order. */
  statuses: readonly JobStatus[];
  /** Null: of every kind. */
  kind: string | null;
  /** Kinds that are left out. */
  hides?: ReadonlySet<string>;
  /** Only those made before this one; null: from the newest on. */
  before: string | null;
  limit: number;
}

export interface JobListPage {
  records: JobRecord[];
  /** `before` of the next page; null: there are no more. */
  nextBefore: string | null;
}

/** Rows of one status that are looked through for those of a kind. */
const MAX_SCANNED_ROWS = 1_000;

/** Jobs of one status on either side of a job among which those that belong together are looked for. */
const NEIGHBOURS = 40;

/** A job as its row in a list names it. */
interface Found {
  id: string;
  space: string;
}

interface Scan {
  found: Found[];
  /** The last job that was looked at when there are more; null: none is left. */
  stoppedAt: string | null;
}

export class JobLists {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * A page of the jobs of a user's space, or of a workspace with all its spaces. It may be shorter than
   * its limit and still have a next one, where a kind is rare.
   */
  async page(
    space: string,
    { statuses, limit, ...query }: JobListQuery,
    signal?: AbortSignal,
  ): Promise<JobListPage> {
    const scans = await Promise.all(
      statuses.map((status) =>
        this.#scan(space, status, { ...query, limit, signal })
      ),
    );
    // Beyond where a scan stopped, others of its status may come between.
    const stops = scans.flatMap(({ stoppedAt }) => stoppedAt ?? []);
    const frontier = stops.length === 0 ? "" : stops.sort().at(-1)!;
    const inOrder = scans.flatMap(({ found }) => found)
      .filter(({ id }) => id >= frontier)
      .sort((left, right) => left.id < right.id ? 1 : -1);
    const shown = inOrder.slice(0, limit);
    const isCut = inOrder.length > limit;
    return {
      records: await this.#load(shown, signal),
      nextBefore: isCut ? shown.at(-1)!.id : frontier || null,
    };
  }

  /** The jobs of a status that were made first, oldest first, and whether there are more. */
  async oldest(
    space: string,
    status: JobStatus,
    { hides, limit }: Pick<JobListQuery, "hides" | "limit">,
    signal?: AbortSignal,
  ): Promise<{ records: JobRecord[]; isCut: boolean }> {
    const query = { kind: null, hides, limit, before: null, signal };
    const { found, stoppedAt } = await this.#scan(space, status, {
      ...query,
      isOldestFirst: true,
    });
    return {
      records: await this.#load(found.slice(0, limit), signal),
      isCut: stoppedAt !== null,
    };
  }

  /**
   * How many jobs have a status, counted up to a bound; and whether there may be more, also since those
   * behind many that are left out were not looked at.
   */
  async count(
    space: string,
    status: JobStatus,
    { hides, most }: { hides?: ReadonlySet<string>; most: number },
    signal?: AbortSignal,
  ): Promise<BoundedCount> {
    const { found, stoppedAt } = await this.#scan(space, status, {
      kind: null,
      hides,
      before: null,
      limit: most,
      signal,
    });
    return { count: Math.min(found.length, most), isMore: stoppedAt !== null };
  }

  /** The job of a workspace, in whichever of its spaces it is; null when there is none. */
  async find(
    workspace: string,
    job: string,
    signal?: AbortSignal,
  ): Promise<JobRecord | null> {
    const rows = await getMany<JobRow[]>(
      this.#store,
      JOB_STATUSES.map((status) => keys.jobListKey(workspace, status, job)),
      { signal },
    );
    const row = rows.find(({ value }) => value !== null);
    if (row === undefined) return null;
    const { space } = row.value as JobRow;
    const key = keys.jobKey(space, job);
    return (await get<JobRecord>(this.#store, key, { signal })).value;
  }

  /**
   * Jobs made around a job that have its correlation id, or that one of the two names as what caused the
   * other; oldest first, without the job itself.
   */
  async related(
    space: string,
    { id, correlationId }: JobRecord,
    signal?: AbortSignal,
  ): Promise<JobRecord[]> {
    const around = await Promise.all(JOB_STATUSES.flatMap((status) => [
      this.#rows(keys.jobList(space, status, id), {
        limit: NEIGHBOURS,
        reverse: true,
        signal,
      }),
      this.#rows(keys.jobListAfter(space, status, id), {
        limit: NEIGHBOURS,
        signal,
      }),
    ]));
    const records = await this.#load(around.flat(), signal);
    return records.filter((other) =>
      other.id !== id && (
        other.id === correlationId || other.correlationId === id ||
        (correlationId !== null && other.correlationId === correlationId)
      )
    ).sort((left, right) => left.id < right.id ? -1 : 1);
  }

  async #rows(
    selector: Deno.KvListSelector,
    options: { limit: number; reverse?: boolean; signal?: AbortSignal },
  ): Promise<Found[]> {
    const rows = list<JobRow>(this.#store, selector, options);
    const found: Found[] = [];
    for await (const { key, value: { space } } of rows) {
      found.push({ id: keys.parseJobListKey(key), space });
    }
    return found;
  }

  /** Reads the rows of one status until there is one more than wanted. */
  async #scan(
    space: string,
    status: JobStatus,
    { kind, hides, before, limit, isOldestFirst = false, signal }:
      & Omit<JobListQuery, "statuses">
      & { isOldestFirst?: boolean; signal?: AbortSignal },
  ): Promise<Scan> {
    const isWhole = kind === null && !hides?.size;
    const most = isWhole ? limit + 1 : MAX_SCANNED_ROWS;
    const rows = list<JobRow>(
      this.#store,
      keys.jobList(space, status, before),
      { reverse: !isOldestFirst, limit: most, signal },
    );
    const found: Found[] = [];
    let looked = 0;
    let last: string | null = null;
    for await (const { key, value } of rows) {
      looked += 1;
      last = keys.parseJobListKey(key);
      if (kind !== null && value.kind !== kind) continue;
      if (hides?.has(value.kind)) continue;
      found.push({ id: last, space: value.space });
      if (found.length > limit) break;
    }
    const isMore = looked === most || found.length > limit;
    return { found, stoppedAt: isMore ? last : null };
  }

  async #load(
    found: readonly Found[],
    signal?: AbortSignal,
  ): Promise<JobRecord[]> {
    const rows = await getMany<JobRecord[]>(
      this.#store,
      found.map(({ space, id }) => keys.jobKey(space, id)),
      { signal },
    );
    return rows.flatMap(({ value }) => value === null ? [] : [value]);
  }
}

/** A job as lists have it: with its result only where that is short. */
export function toListedJob(record: JobRecord): Job {
  const { result } = record;
  const isShort = result !== null && "inline" in result;
  return toJob(record, isShort ? result.inline : null);
}
