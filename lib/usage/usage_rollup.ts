/** Keeps the sums of usage whole: folds what dead processes have left, and adds up quarters, hours and days. */
import type { Owner } from "@/lib/kv/owner.ts";
import { DAY_MS, GRAINS, GRAINS_MS, MINUTE_MS } from "./usage_grains.ts";
import type { UsageStore } from "./usage_store.ts";

export interface UsageRollupParts {
  store: UsageStore;
  owner: Owner;
}

/** How long after its end an hour is added up, so that its last minute has been folded, in milliseconds. */
const SETTLE_MS = 2 * MINUTE_MS;
/** Sums added up in one sweep. */
const SUMS_PER_SWEEP = 200;

export class UsageRollup {
  readonly #parts: UsageRollupParts;

  constructor(parts: UsageRollupParts) {
    this.#parts = parts;
  }

  /** Folds what writers have left that can write no more; for a `Sweeper`. */
  async foldLeft(signal: AbortSignal): Promise<void> {
    const { store, owner } = this.#parts;
    for (const writer of await store.unfolded(owner.incarnation.id, signal)) {
      // A page that a takeover has written is under the name of its run, which nobody else writes under.
      if (await store.isAlive(writer, signal)) continue;
      await store.foldLeft(writer, signal);
    }
  }

  /** Adds up what lacks something, shortest first; for a `Sweeper`. */
  async sumUp(signal: AbortSignal): Promise<void> {
    const { store, owner } = this.#parts;
    for (const grain of GRAINS) {
      // What goes on is read from its parts.
      const beforeMs = store.clock.now() - SETTLE_MS - GRAINS_MS[grain] + 1;
      const stale = await store.stale(grain, beforeMs, SUMS_PER_SWEEP, signal);
      for (const { space, startMs } of stale) {
        await store.sumUp(grain, space, startMs, {
          owner: owner.incarnation.id,
          signal,
        });
      }
    }
  }

  /** Removes sums that are kept no longer, once all that is to be added up is; for a `Sweeper`. */
  async tidy(signal: AbortSignal): Promise<void> {
    const { store, owner } = this.#parts;
    const nowMs = store.clock.now();
    for (const grain of GRAINS) {
      const beforeMs = nowMs - 2 * DAY_MS;
      if ((await store.stale(grain, beforeMs, 1, signal)).length > 0) return;
    }
    for await (const workspace of store.workspaces(signal)) {
      const { lane } = owner.incarnation;
      while (await store.sweepMinutes(workspace, lane, signal) > 0);
      for (const grain of ["quarter", "hour"] as const) {
        while (await store.sums.sweep(workspace, grain, lane, signal) > 0);
      }
    }
  }
}
