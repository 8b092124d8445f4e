/**
 * How all processes of the store do and have done in the last 24 hours.
 *
 * ```ts
 * const { processes, series } = await healthHistory.read(signal);
 * series.get("memory_bytes")?.get(processes[0].id); // 1,440 points, one for each minute
 * ```
 */
import type { HealthRecorder } from "./health_recorder.ts";
import { RECORD_EVERY_MS } from "./health_recorder.ts";
import {
  type HealthStore,
  HOUR_MS,
  KEPT_HOURS,
  MINUTE_MS,
  type ProcessRow,
} from "./health_store.ts";

/** Who has said nothing for so long is gone, in milliseconds. */
export const GONE_AFTER_MS = 3.5 * RECORD_EVERY_MS;

/** Minutes of the series: 24 hours up to now. */
export const SERIES_MINUTES = KEPT_HOURS * 60;

/**
 * `up`: it says how it does. `ended`: it has gone in good order. `gone`: it has said nothing for more than
 * half a minute, and did not say that it ends: it was killed, hangs, or cannot reach the store.
 */
export type ProcessState = "up" | "ended" | "gone";

/** A process of the last 24 hours. */
export interface ProcessHealth extends
  Pick<
    ProcessRow,
    "host" | "build" | "deno" | "unready" | "targets" | "tries"
  > {
  /** Constant for the life of the process. */
  readonly id: string;
  readonly state: ProcessState;
  /** Whether it is the one that tells this. */
  readonly isHere: boolean;
  /** Milliseconds since 1970 UTC, as `seenAt` and `endedAt`. */
  readonly startedAt: number;
  /** When it said how it does; now, for this one. */
  readonly seenAt: number;
  readonly endedAt: number | null;
  /** What its gauges read then. */
  readonly gauges: ReadonlyMap<string, number | null>;
}

/** A point for each of `SERIES_MINUTES`, oldest first; NaN: nothing is known of that minute. */
export type MinuteSeries = Float32Array;

export interface HealthSeries {
  /** Those that are up first, the newest first among them. */
  readonly processes: readonly ProcessHealth[];
  /** By gauge and process. */
  readonly series: ReadonlyMap<string, ReadonlyMap<string, MinuteSeries>>;
  /** Beginning of the first minute, milliseconds since 1970 UTC. */
  readonly fromMs: number;
}

export class HealthHistory {
  readonly #store: HealthStore;
  readonly #recorder: HealthRecorder;

  constructor(store: HealthStore, recorder: HealthRecorder) {
    this.#store = store;
    this.#recorder = recorder;
  }

  /** The processes alone. @throws {StorageError} when the store cannot be read */
  async processes(signal?: AbortSignal): Promise<ProcessHealth[]> {
    const own = this.#recorder.process;
    const others = await this.#store.processes(signal);
    const nowMs = this.#store.clock.now();
    return [
      toProcess(own, this.#recorder.now(), nowMs, true),
      ...others.filter(({ id }) => id !== own)
        .map(({ id, row }) => toProcess(id, row, nowMs, false)),
    ].sort(byInterest);
  }

  /** Processes and their last 24 hours. @throws {StorageError} when the store cannot be read */
  async read(signal?: AbortSignal): Promise<HealthSeries> {
    const [processes, lines] = await Promise.all([
      this.processes(signal),
      this.lines(signal),
    ]);
    return { processes, ...lines };
  }

  /** The last 24 hours alone. @throws {StorageError} when the store cannot be read */
  async lines(signal?: AbortSignal): Promise<Omit<HealthSeries, "processes">> {
    const nowMs = this.#store.clock.now();
    const lastMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const fromMs = lastMs - (SERIES_MINUTES - 1) * MINUTE_MS;
    const fromHourMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
    const hours = await this.#store.hours(fromHourMs, signal);
    const series = new Map<string, Map<string, MinuteSeries>>();
    for (const { hourMs, process, points } of hours) {
      const first = (hourMs - fromMs) / MINUTE_MS;
      for (const [gauge, values] of Object.entries(points)) {
        const own = entry(
          entry(series, gauge, () => new Map<string, MinuteSeries>()),
          process,
          () => new Float32Array(SERIES_MINUTES).fill(NaN),
        );
        // The oldest hour begins before the first minute, the newest ends behind the last.
        const from = Math.max(0, -first);
        const to = Math.min(values.length, SERIES_MINUTES - first);
        if (from < to) own.set(values.subarray(from, to), first + from);
      }
    }
    return { series, fromMs };
  }
}

function entry<Key, Value>(
  map: Map<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function toProcess(
  id: string,
  { gauges, startedAt, at, endedAt, ...row }: ProcessRow,
  nowMs: number,
  isHere: boolean,
): ProcessHealth {
  const isSilent = nowMs - at > GONE_AFTER_MS;
  const { host, build, deno, unready, targets, tries } = row;
  return {
    id,
    state: endedAt !== null ? "ended" : isSilent ? "gone" : "up",
    isHere,
    host,
    build,
    deno,
    unready,
    targets,
    tries,
    startedAt,
    seenAt: at,
    endedAt,
    gauges: new Map(Object.entries(gauges)),
  };
}

const ORDER: Record<ProcessState, number> = { up: 0, gone: 1, ended: 2 };

function byInterest(a: ProcessHealth, b: ProcessHealth): number {
  if (a.isHere !== b.isHere) return a.isHere ? -1 : 1;
  if (a.state !== b.state) return ORDER[a.state] - ORDER[b.state];
  return b.seenAt - a.seenAt || (a.id < b.id ? -1 : 1);
}
