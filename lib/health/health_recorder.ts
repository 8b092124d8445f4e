/**
 * Writes how this process does: every 10 s as it is now, and every minute the hour that goes on. On an
 * idle process these commits take the place of those by which its writer is renewed.
 */
import { sleep } from "@/lib/clock.ts";
import type { Routing } from "@/lib/llm/routing/routing.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Health } from "@/lib/observe/health.ts";
import type { Gauges } from "./gauges.ts";
import type { HealthMeters } from "./health_meters.ts";
import type {
  HealthStore,
  OwnHour,
  ProcessRow,
  TargetRow,
} from "./health_store.ts";
import { MinutePoints } from "./minute_points.ts";

export interface RecorderParts {
  store: HealthStore;
  gauges: Gauges;
  meters: Pick<HealthMeters, "tries">;
  routing: Pick<Routing, "states">;
  health: Pick<Health, "readiness">;
  log: Logger;
  /** Name of the machine, for people. */
  host: string;
}

export const RECORD_EVERY_MS = 10_000;
/** After the start, when there is more to tell than that it has begun. */
const FIRST_AFTER_MS = 2_000;
/** The size of the store is looked up so often, in rounds. */
const SIZE_ROUNDS = 6;
/** Hours that are remembered while the store is silent; one takes about 5 kB. */
const MAX_UNSAID_HOURS = 6;
/** Models of providers that a row names: those that do badly, and those that were asked last. */
const MAX_TARGETS = 60;

export class HealthRecorder {
  /** Build of the program, once somebody has said which. */
  build: string | null = null;
  /** Name of this process, constant whatever becomes of its incarnation. */
  readonly process: string;
  readonly #parts: RecorderParts;
  readonly #startedAt: number;
  readonly #closed = new AbortController();
  readonly #minutes = new MinutePoints();
  /** Hours with minutes that are not in the store yet, by their beginning. */
  readonly #unsaid = new Map<number, OwnHour>();
  #loop: Promise<void> = Promise.resolve();
  #unready: readonly string[] = [];
  #storeBytes: number | null = null;
  #isFailing = false;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.process = parts.store.incarnation;
    this.#startedAt = parts.store.clock.now();
  }

  /** Size of the store as it was looked up last, in bytes; null: nobody can tell. */
  get storeBytes(): number | null {
    return this.#storeBytes;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** This process as it is at this moment; why it is not ready is up to 10 s old. */
  now(): ProcessRow {
    return this.#row(this.#parts.gauges.read(), null);
  }

  /** Reads and writes once, as it does by itself. @throws what the store throws */
  async record(): Promise<void> {
    const { store, gauges, health } = this.#parts;
    const { checks } = await health.readiness();
    this.#unready = checks.flatMap(({ name, status, reason }) =>
      status === "fail" ? [`${name}: ${reason}`] : []
    );
    const values = gauges.read();
    this.#keep(this.#minutes.add(gauges.all, values, store.clock.now()));
    if (!store.isOpen) return;
    await this.#write(this.#row(values, null));
  }

  /** Remembers an hour until it is in the store, for as long as the store is likely to be silent. */
  #keep(hour: OwnHour | null): void {
    if (hour === null) return;
    this.#unsaid.set(hour.hourMs, hour);
    if (this.#unsaid.size <= MAX_UNSAID_HOURS) return;
    for (const oldest of this.#unsaid.keys()) {
      this.#unsaid.delete(oldest);
      return;
    }
  }

  async #write(row: ProcessRow): Promise<void> {
    const hours = [...this.#unsaid.values()];
    await this.#parts.store.write(this.process, row, hours);
    for (const hour of hours) {
      // A minute that ended meanwhile has made another one of it.
      if (this.#unsaid.get(hour.hourMs) === hour) {
        this.#unsaid.delete(hour.hourMs);
      }
    }
  }

  /** Looks up how large the store is. */
  async measureStore(): Promise<void> {
    this.#storeBytes = await this.#parts.store.sizeBytes();
  }

  /** Ends, and says so in the store where that takes no longer than it may. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed.abort();
    await this.#loop;
    const { store, gauges } = this.#parts;
    if (!store.isOpen) return;
    const row = this.#row(gauges.read(), store.clock.now());
    this.#keep(this.#minutes.end(gauges.all));
    const late = new AbortController();
    try {
      await Promise.race([
        this.#write(row),
        sleep(store.clock, deadlineMs, late.signal),
      ]);
    } catch {
      // Others see that it has gone by its silence.
    } finally {
      late.abort();
    }
  }

  async #run(): Promise<void> {
    const { store: { clock }, log } = this.#parts;
    const { signal } = this.#closed;
    await sleep(clock, FIRST_AFTER_MS, signal);
    for (let round = 0; !signal.aborted; round += 1) {
      try {
        if (round % SIZE_ROUNDS === 0) await this.measureStore();
        await this.record();
        this.#isFailing = false;
      } catch (error) {
        // A store that is silent for long is told of by its writer; once is enough here.
        if (!this.#isFailing && !signal.aborted) {
          log.warn("How this process does could not be stored", { error });
        }
        this.#isFailing = true;
      }
      await sleep(clock, RECORD_EVERY_MS, signal);
    }
  }

  #row(
    values: ReadonlyMap<string, number | null>,
    endedAt: number | null,
  ): ProcessRow {
    const { store, meters, routing, host } = this.#parts;
    return {
      v: 1,
      host,
      build: this.build,
      deno: Deno.version.deno,
      startedAt: this.#startedAt,
      at: store.clock.now(),
      endedAt,
      unready: this.#unready,
      gauges: Object.fromEntries(values),
      targets: targetsOf(routing),
      tries: [...meters.tries].map(([provider, tries]) => ({
        provider,
        ...tries,
      })),
    };
  }
}

function targetsOf(routing: Pick<Routing, "states">): TargetRow[] {
  // The one asked last comes last; what is wrong is told whoever was asked since.
  const states = routing.states().reverse();
  const isWell = (state: TargetRow) =>
    state.breaker === "closed" && state.failures === 0;
  return [
    ...states.filter((state) => !isWell(state)),
    ...states.filter(isWell),
  ].slice(0, MAX_TARGETS);
}
