/**
 * Ends attempts that go on longer than their kind may take, in whatever process: their own process does
 * so by a timer, and if that has failed, another one notices and asks for it. How long an attempt has gone
 * on is measured by the monotonic clock of whoever looks, since wall clocks are set.
 */
import { allOwned, parseOwnKey } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { JobKinds } from "./job_kind.ts";
import type { JobStore } from "./job_store.ts";

/** What the process itself is given beyond the deadline, in milliseconds. */
const GRACE_MS = 10_000;

/** An attempt that was seen. */
interface Sighting {
  startedAt: string | null;
  sinceMs: number;
}

export class OverdueJobs {
  readonly #store: Store;
  readonly #jobs: JobStore;
  readonly #kinds: JobKinds;
  #sightings: ReadonlyMap<string, Sighting> = new Map();

  constructor(store: Store, jobs: JobStore, kinds: JobKinds) {
    this.#store = store;
    this.#jobs = jobs;
    this.#kinds = kinds;
  }

  /** @returns how many attempts it asked to be ended */
  async sweep(signal: AbortSignal): Promise<number> {
    const nowMs = this.#store.clock.monotonic();
    const seen = new Map<string, Sighting>();
    let ended = 0;
    const rows = list<{ ws: string }>(this.#store, allOwned(), { signal });
    for await (const { key, value } of rows) {
      const { kind, id } = parseOwnKey(key);
      if (kind !== "j") continue;
      const loaded = await this.#jobs.load(value.ws, id);
      if (loaded?.record.status !== "running") continue;
      const { startedAt, kind: name } = loaded.record;
      const before = this.#sightings.get(id);
      const sighting = before?.startedAt === startedAt
        ? before
        : { startedAt, sinceMs: nowMs };
      seen.set(id, sighting);
      const mayTakeMs = this.#kinds.get(name)?.deadlineMs ?? Infinity;
      if (nowMs - sighting.sinceMs <= mayTakeMs + GRACE_MS) continue;
      if (await this.#jobs.requestEnd(loaded, "deadline")) ended += 1;
    }
    this.#sightings = seen;
    return ended;
  }
}
