/**
 * When a cron text is due, in a time zone. Times are those of croner: where a clock that goes forward skips
 * a time, what names its hours and minutes is due right behind the gap and `*` and steps leave it out;
 * where a clock that goes back repeats one, the former are due once and the latter twice.
 */
import { Cron } from "croner";
import { LRUCache } from "lru-cache";
import { CronError, readCron } from "./cron_text.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How far back the newest due time is looked for, nearest first: whichever finds one is a few steps away. */
const LOOK_BACK_MS = [
  2 * MINUTE_MS,
  HOUR_MS,
  6 * HOUR_MS,
  2 * DAY_MS,
  8 * DAY_MS,
  32 * DAY_MS,
  370 * DAY_MS,
];

/** Due times that are counted, at most. */
const MOST_COUNTED = 100;

const REMEMBERED = 2_000;

const remembered = new LRUCache<string, CronTimes>({ max: REMEMBERED });

/** Whether a text is the name of a time zone that this machine knows; `+01:00` is an offset, no zone. */
export function isZoneName(text: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,60}$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** @throws {CronError} for a text that cannot be read, a zone that is none, or one that is never due */
export function cronTimes(text: string, timeZone: string): CronTimes {
  const name = `${timeZone}\n${text}`;
  const there = remembered.get(name);
  if (there !== undefined) return there;
  const times = new CronTimes(text, timeZone);
  remembered.set(name, times);
  return times;
}

export class CronTimes {
  readonly #cron: Cron;

  /** @throws {CronError} as `cronTimes` */
  constructor(text: string, timeZone: string) {
    const { pattern } = readCron(text);
    if (!isZoneName(timeZone)) {
      throw new CronError(
        `“${
          timeZone.slice(0, 60)
        }” is no time zone; want a name such as Europe/Berlin or UTC.`,
      );
    }
    try {
      // Paused, it has no timer of its own.
      this.#cron = new Cron(pattern, {
        timezone: timeZone,
        mode: "5-or-6-parts",
        fixedTimeRule: "no-wildcard",
        paused: true,
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CronError(`The cron text cannot be read: ${why}`);
    }
    if (this.next(Date.now()) === null) {
      throw new CronError(
        "The cron text names a day that never comes, such as 31 February.",
      );
    }
  }

  /** The first due time after a moment, milliseconds since 1970 UTC; null: there is none any more. */
  next(afterMs: number): number | null {
    return this.#cron.nextRun(new Date(afterMs))?.getTime() ?? null;
  }

  /** The first due times after a moment. */
  upcoming(afterMs: number, count: number): number[] {
    const times: number[] = [];
    for (let at = afterMs; times.length < count;) {
      const next = this.next(at);
      if (next === null) break;
      times.push(next);
      at = next;
    }
    return times;
  }

  /** The newest due time from `firstMs`, which is one, up to a moment. */
  latest(firstMs: number, untilMs: number): number {
    let latest = firstMs;
    for (const backMs of LOOK_BACK_MS) {
      const from = untilMs - backMs;
      if (from <= firstMs) break;
      const found = this.next(from);
      if (found === null || found > untilMs) continue;
      latest = found;
      break;
    }
    while (true) {
      const next = this.next(latest);
      if (next === null || next > untilMs) return latest;
      latest = next;
    }
  }

  /** How many due times there are from `firstMs`, which is one, to before `endMs`; 100 stands for more. */
  count(firstMs: number, endMs: number): number {
    let count = 0;
    let at: number | null = firstMs;
    while (at !== null && at < endMs && count < MOST_COUNTED) {
      count += 1;
      at = this.next(at);
    }
    return count;
  }
}
