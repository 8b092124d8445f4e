/** Tells whether sums of usage are what the ledger comes to, and makes them anew where they are not. */
import type { Logger } from "@/lib/observe/log.ts";
import { Cells } from "./rollup_cell.ts";
import {
  DAY_MS,
  GRAINS,
  GRAINS_MS,
  HOUR_MS,
  KEPT_MS,
  MINUTE_MS,
  startOf,
} from "./usage_grains.ts";
import type { UsageLanes } from "./usage_lanes_store.ts";
import type { UsageStore } from "./usage_store.ts";

export interface UsageCheckParts {
  store: UsageStore;
  lanes: UsageLanes;
  /** Who writes what is made anew. */
  owner: () => string;
  log: Logger;
}

/** What one day came to. */
export interface DayCheck {
  dayMs: number;
  /** Requests of the ledger. */
  requests: number;
  /** What is not as the ledger has it, each in words; empty: all agrees. */
  differences: string[];
  /** Whether some of it waits to be added up, and was left out. */
  isPending: boolean;
}

/** Lanes and sums that have just ended are added up within this time. */
const SETTLED_MS = 10 * MINUTE_MS;
/** Tries to make a day anew while something comes for it. */
const TRIES = 3;

export class UsageCheck {
  readonly #parts: UsageCheckParts;

  constructor(parts: UsageCheckParts) {
    this.#parts = parts;
  }

  /** The days of a workspace that there is something of, oldest first, in UTC. */
  async days(space: string, signal: AbortSignal): Promise<number[]> {
    const { store } = this.#parts;
    const firstMs = await store.days.firstPageMs(space, signal);
    if (firstMs === null) return [];
    const days: number[] = [];
    const nowMs = store.clock.now();
    for (let at = startOf("day", firstMs); at <= nowMs; at += DAY_MS) {
      days.push(at);
    }
    return days;
  }

  /** Compares a day with its ledger: minutes lane by lane, and each slice of each sum. */
  async check(
    space: string,
    dayMs: number,
    signal: AbortSignal,
  ): Promise<DayCheck> {
    const { store, lanes } = this.#parts;
    const nowMs = store.clock.now();
    const differences: string[] = [];
    const quarters = await store.days.fold(space, dayMs, signal);
    const pending = await store.pending(space, dayMs, signal);
    let isPending = false;
    for (const grain of GRAINS) {
      const isKept = grain === "day" ||
        nowMs - dayMs - DAY_MS < KEPT_MS[grain] - HOUR_MS;
      if (!isKept) continue;
      const starts = new Set([
        ...[...quarters.keys()].map((atMs) => startOf(grain, atMs)),
        ...await store.sums.starts(
          { space, grain, startMs: dayMs },
          dayMs + DAY_MS,
          signal,
        ),
      ]);
      for (const startMs of starts) {
        const endMs = startMs + GRAINS_MS[grain];
        if (endMs + SETTLED_MS > nowMs || pending.has(`${grain} ${startMs}`)) {
          isPending = true;
          continue;
        }
        const cells = new Cells();
        for (const [atMs, own] of quarters) {
          if (startOf(grain, atMs) !== startMs) continue;
          for (const cell of own.values()) cells.addCell(cell);
        }
        const slices = await store.sums.differences(
          { space, grain, startMs },
          cells,
          signal,
        );
        if (slices.length === 0) continue;
        const at = new Date(startMs).toISOString().slice(0, 16);
        differences.push(
          `The ${grain} from ${at} is not what its ledger comes to (${
            slices.join(", ")
          })`,
        );
      }
    }
    const minutesFromMs = Math.max(dayMs, nowMs - KEPT_MS.minute + HOUR_MS);
    const different = await lanes.differences(
      space,
      minutesFromMs - minutesFromMs % MINUTE_MS,
      dayMs + DAY_MS,
      signal,
    );
    for (const { incarnation, startMs, ledger, minutes } of different) {
      const at = new Date(startMs).toISOString().slice(0, 16);
      differences.push(
        `The minute ${at} of lane ${incarnation} has ${
          minutes.sum("requests")
        } requests, its ledger ${ledger.sum("requests")}`,
      );
    }
    let requests = 0;
    for (const cells of quarters.values()) requests += cells.sum("requests");
    return { dayMs, requests, differences, isPending };
  }

  /** Makes a day anew from its ledger; doing it once more changes nothing. */
  async rebuild(
    space: string,
    dayMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, lanes, owner, log } = this.#parts;
    const fromMs = Math.max(dayMs, store.clock.now() - KEPT_MS.minute);
    const different = await lanes.differences(
      space,
      fromMs - fromMs % MINUTE_MS,
      dayMs + DAY_MS,
      signal,
    );
    for (const each of different) await lanes.mend(space, each, signal);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const options = { owner: owner(), signal };
      if (await store.days.rebuild(space, dayMs, options)) return;
    }
    // What came is marked, and so added up by whoever looks for marks.
    log.info("A day of usage is added up while it changes", { space, dayMs });
  }
}
