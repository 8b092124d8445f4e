/** How processes do, in the store: a row for each process as it is now, and one for each of its hours. */
import * as keys from "@/lib/kv/keys.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import type { BreakerState } from "@/lib/llm/routing/breaker.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** How far back minutes are kept, in hours; the hour that goes on is one more. */
export const KEPT_HOURS = 24;

/** Rows go by themselves so long after they were written last. */
const KEPT_MS = (KEPT_HOURS + 2) * HOUR_MS;
/** Processes, and hours of all of them, that are read. */
const MAX_PROCESSES = 200;
const MAX_HOURS = 400;

/** How a model of a provider does, as one process sees it. */
export interface TargetRow {
  readonly provider: string;
  readonly model: string;
  readonly breaker: BreakerState;
  /** Failures within the breaker's window. */
  readonly failures: number;
  /** Milliseconds until it is asked again after it said that it limits the rate; 0: it is asked. */
  readonly coolingMs: number;
  readonly firstTokenMs: number | null;
  readonly inFlight: number;
  /** Connections of the provider, all its models together. */
  readonly connections: { readonly inUse: number; readonly waiting: number };
}

/** Tries at a provider within the last minutes, as one process has made them. */
export interface TriesRow {
  readonly provider: string;
  readonly tries: number;
  readonly failures: number;
}

/** How a process does now. */
export interface ProcessRow extends Versioned {
  readonly v: 1;
  /** Name of its machine, or "". */
  readonly host: string;
  /** Build of the program, or null where it runs without one. */
  readonly build: string | null;
  readonly deno: string;
  /** Milliseconds since 1970 UTC, as `at` and `endedAt`. */
  readonly startedAt: number;
  /** When this was written. */
  readonly at: number;
  /** When it ended in good order; null: it has not. */
  readonly endedAt: number | null;
  /** Why it should get no new work, each in words; none: it is ready. */
  readonly unready: readonly string[];
  readonly gauges: Readonly<Record<string, number | null>>;
  readonly targets: readonly TargetRow[];
  readonly tries: readonly TriesRow[];
}

/** How a process did in an hour. */
interface HourRow extends Versioned {
  readonly v: 1;
  /** By gauge: a number for each minute, NaN where there is none. */
  readonly points: Readonly<Record<string, Float32Array>>;
}

/** What a process knows of one of its own hours. */
export interface OwnHour {
  /** Beginning of the hour, milliseconds since 1970 UTC. */
  readonly hourMs: number;
  readonly points: HourRow["points"];
}

/** The same of any process. */
export interface HourPoints extends OwnHour {
  readonly process: string;
}

/** Whose rows are written: the incarnation that counts, with its writer. */
export interface HealthOwner {
  readonly incarnation: {
    readonly id: string;
    readonly lane: Pick<Lane, "state" | "write">;
  };
}

export class HealthStore {
  readonly #store: Store;
  readonly #owner: HealthOwner;

  constructor(store: Store, owner: HealthOwner) {
    this.#store = store;
    this.#owner = owner;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  /** Incarnation of this process, another one after it was taken for dead. */
  get incarnation(): string {
    return this.#owner.incarnation.id;
  }

  /** Whether rows can be written at this moment. */
  get isOpen(): boolean {
    return !this.#store.readOnly &&
      this.#owner.incarnation.lane.state === "open";
  }

  /**
   * Writes how this process does, and what it knows of hours. What else this process writes at the time
   * shares the commit.
   * @throws what the lane throws
   */
  async write(
    process: string,
    row: ProcessRow,
    hours: readonly OwnHour[],
  ): Promise<void> {
    const sets = [{
      key: keys.healthProcessKey(process),
      value: row,
      expireInMs: KEPT_MS,
    }];
    const ofHours = hours.map(({ hourMs, points }) => ({
      key: keys.healthHourKey(hourMs, process),
      value: { v: 1, points } satisfies HourRow,
      expireInMs: KEPT_MS,
    }));
    const { lane } = this.#owner.incarnation;
    await lane.write({ sets: [...sets, ...ofHours], urgency: "soon" });
  }

  /** The rows of all processes of the last 24 hours. @throws {StorageError} */
  async processes(
    signal?: AbortSignal,
  ): Promise<{ id: string; row: ProcessRow }[]> {
    const rows = list<ProcessRow>(this.#store, keys.healthProcesses(), {
      limit: MAX_PROCESSES,
      signal,
    });
    const processes: { id: string; row: ProcessRow }[] = [];
    for await (const { key, value } of rows) {
      processes.push({ id: keys.parseHealthProcessKey(key), row: value });
    }
    return processes;
  }

  /** The hours from one on, newest first. @throws {StorageError} */
  async hours(fromMs: number, signal?: AbortSignal): Promise<HourPoints[]> {
    const rows = list<HourRow>(this.#store, keys.healthHours(fromMs), {
      limit: MAX_HOURS,
      reverse: true,
      signal,
    });
    const hours: HourPoints[] = [];
    for await (const { key, value } of rows) {
      hours.push({ ...keys.parseHealthHourKey(key), points: value.points });
    }
    return hours;
  }

  /** Size of the store and of its log on the disk, in bytes; null: it is no file of this machine. */
  async sizeBytes(): Promise<number | null> {
    const { path } = this.#store;
    if (path === null) return null;
    const sizes = await Promise.all(
      [path, `${path}-wal`].map((file) =>
        Deno.stat(file).then(({ size }) => size, () => null)
      ),
    );
    return sizes[0] === null ? null : sizes[0] + (sizes[1] ?? 0);
  }
}
