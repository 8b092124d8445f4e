/**
 * Which processes do jobs, and how much of what: each says it in a row of its own, so that the others can
 * share fairly between workspaces, and people see who works.
 */
import { sleep } from "@/lib/clock.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { jobWorkerKey, jobWorkers, parseJobWorkerKey } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";

/** Jobs of one kind that a process does for one workspace. */
export interface RunningJobs {
  readonly workspace: string;
  readonly kind: string;
  readonly count: number;
}

/** A process that does jobs. */
export interface JobWorkerRow extends Versioned {
  readonly v: 1;
  /** Name of its machine, or "". */
  readonly host: string;
  /** When it began, and when it said this; milliseconds since 1970 UTC. */
  readonly startedAt: number;
  readonly at: number;
  /** Jobs that it does at a time, at most. */
  readonly places: number;
  readonly running: readonly RunningJobs[];
}

const EVERY_MS = 1_000;
/** Said again after so long though nothing has changed, in milliseconds. */
const REPEAT_MS = 30_000;
/** Who has said nothing for so long is not there any more, in milliseconds. */
const GONE_MS = 3 * REPEAT_MS;
/** Rows of one process that are told, and processes that are read. */
const MAX_RUNNING = 200;
const MAX_WORKERS = 200;

export interface PresenceParts {
  store: Store;
  owner: Owner;
  host?: string;
  places: number;
  /** What this process does now. */
  running: () => readonly RunningJobs[];
}

export class JobPresence {
  readonly #parts: PresenceParts;
  readonly #startedAt: number;
  /** Places of each workspace in other processes, by workspace. */
  #elsewhere: ReadonlyMap<string, number> = new Map();
  #said = "";
  #saidAtMs = -Infinity;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#startedAt = parts.store.clock.now();
  }

  /** Jobs of a workspace that other processes do, as they said last. */
  elsewhere(workspace: string): number {
    return this.#elsewhere.get(workspace) ?? 0;
  }

  /** Says and hears until the signal aborts, then takes its row away. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#say();
        await this.hear(signal);
      } catch {
        // What others do is then as they said before; the next round makes up for it.
      }
      await sleep(this.#parts.store.clock, EVERY_MS, signal);
    }
    await this.#leave();
  }

  async #say(): Promise<void> {
    const { store: { clock }, owner, host = "", places, running } = this.#parts;
    const { incarnation } = owner;
    if (incarnation.lane.state !== "open") return;
    const now = running().slice(0, MAX_RUNNING);
    const said = JSON.stringify([incarnation.id, now]);
    const isOld = clock.monotonic() - this.#saidAtMs >= REPEAT_MS;
    if (said === this.#said && !isOld) return;
    const row: JobWorkerRow = {
      v: 1,
      host,
      startedAt: this.#startedAt,
      at: clock.now(),
      places,
      running: now,
    };
    await incarnation.lane.write({
      sets: [{ key: jobWorkerKey(incarnation.id), value: row }],
      urgency: "soon",
    });
    this.#said = said;
    this.#saidAtMs = clock.monotonic();
  }

  /** Reads what the other processes say. @throws {StorageError} when the store does not answer */
  async hear(signal: AbortSignal): Promise<void> {
    const { store, owner } = this.#parts;
    if (store.kind === "memory") return;
    const elsewhere = new Map<string, number>();
    for (const { id, row } of await readWorkers(store, signal)) {
      if (id === owner.incarnation.id) continue;
      for (const { workspace, count } of row.running) {
        elsewhere.set(workspace, (elsewhere.get(workspace) ?? 0) + count);
      }
    }
    this.#elsewhere = elsewhere;
  }

  async #leave(): Promise<void> {
    const { lane, id } = this.#parts.owner.incarnation;
    try {
      await lane.write({ deletes: [jobWorkerKey(id)], urgency: "now" });
    } catch {
      // Whoever takes over what this process owned takes the row away.
    }
  }
}

/** The processes that do jobs now. */
export async function readWorkers(
  store: Store,
  signal?: AbortSignal,
): Promise<{ id: string; row: JobWorkerRow }[]> {
  const since = store.clock.now() - GONE_MS;
  const rows = list<JobWorkerRow>(store, jobWorkers(), {
    limit: MAX_WORKERS,
    signal,
  });
  const workers: { id: string; row: JobWorkerRow }[] = [];
  for await (const { key, value } of rows) {
    if (value.at >= since) {
      workers.push({ id: parseJobWorkerKey(key), row: value });
    }
  }
  return workers;
}
