/** Jobs that wait for a time: they are let into their queues when it has come. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { LONGEST_BACKOFF_MS } from "./backoff.ts";
import { dueKey, type JobRow } from "./job_rows.ts";

/** Timers in one atomic: each takes two checks. */
const TIMERS_PER_UNIT = 5;

/** Timers that are let in in one go, so that other work gets its turn. */
const TIMERS_AT_A_TIME = 500;

/** A wall clock that goes so far from the monotonic one was set, in milliseconds. */
const JUMP_MS = 5_000;

export class JobTimers {
  readonly #store: Store;
  /** Wall clock less monotonic clock; null before the first look. */
  #offsetMs: number | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Lets in what is due.
   * @returns when the next is due, milliseconds since 1970 UTC (null: none waits), and whether any was let
   *   in
   */
  async look(
    signal?: AbortSignal,
  ): Promise<{ nextAtMs: number | null; hasLetIn: boolean }> {
    let hasLetIn = this.#wasSetBack();
    if (hasLetIn) await this.#forgive(signal);
    while (true) {
      const nextAtMs = await this.#next(signal);
      if (nextAtMs === null || nextAtMs > this.#store.clock.now()) {
        return { nextAtMs, hasLetIn };
      }
      hasLetIn = true;
      const rows = list<JobRow>(
        this.#store,
        keys.jobTimers(this.#store.clock.now() + 1),
        { limit: TIMERS_AT_A_TIME, signal },
      );
      const letIn = await this.#letIn(await Array.fromAsync(rows), signal);
      // Others are at it; the next look finds what is left.
      if (letIn === 0) return { nextAtMs: null, hasLetIn };
    }
  }

  async #next(signal?: AbortSignal): Promise<number | null> {
    const rows = list(this.#store, keys.jobTimers(null), { limit: 1, signal });
    for await (const { key } of rows) {
      return keys.parseJobTimerKey(key).runAtMs;
    }
    return null;
  }

  /** @returns how many of its commits counted */
  async #letIn(
    rows: readonly Deno.KvEntry<JobRow>[],
    signal?: AbortSignal,
  ): Promise<number> {
    const units: UnitOfWork[] = [];
    for (let from = 0; from < rows.length; from += TIMERS_PER_UNIT) {
      const unit = new UnitOfWork();
      for (
        const { key, value, versionstamp } of rows.slice(
          from,
          from + TIMERS_PER_UNIT,
        )
      ) {
        const { runAtMs, job } = keys.parseJobTimerKey(key);
        unit.check(key, versionstamp).delete(key);
        unit.guard(dueKey(value, runAtMs, job), null, value);
      }
      units.push(unit);
    }
    // Where another process was faster with one of them, it was with the others too, or the next look is.
    const results = await Promise.all(
      units.map((unit) => commit(this.#store, unit, { signal })),
    );
    return results.filter(({ ok }) => ok).length;
  }

  /** Whether the wall clock was set back since the last look; the first look cannot know and says yes. */
  #wasSetBack(): boolean {
    const { clock } = this.#store;
    const offsetMs = clock.now() - clock.monotonic();
    const before = this.#offsetMs;
    this.#offsetMs = offsetMs;
    return before === null || offsetMs < before - JUMP_MS;
  }

  /**
   * Lets in who waits for another attempt longer than anybody ever does: the clock was ahead when they
   * failed. Who was asked for a time waits for that.
   */
  async #forgive(signal?: AbortSignal): Promise<void> {
    const longest = this.#store.clock.now() + LONGEST_BACKOFF_MS;
    const rows = list<JobRow>(this.#store, keys.jobTimers(null), { signal });
    let late: Deno.KvEntry<JobRow>[] = [];
    for await (const row of rows) {
      const { runAtMs } = keys.parseJobTimerKey(row.key);
      if (!row.value.backsOff || runAtMs <= longest) continue;
      late.push(row);
      if (late.length < TIMERS_AT_A_TIME) continue;
      await this.#letIn(late, signal);
      late = [];
    }
    await this.#letIn(late, signal);
  }
}
