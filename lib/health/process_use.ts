/** What this process takes of the machine. */
import process from "node:process";

/** The share of the processor is an average over at least so long, in milliseconds. */
const LEAST_MS = 5_000;
const MICROSECONDS_PER_MS = 1_000;

/** Memory of the process, in bytes. */
export function memoryBytes(): number {
  return Deno.memoryUsage().rss;
}

/** The share of one processor core that the process takes, all its threads together. */
export class CpuUse {
  readonly #now: () => number;
  #sinceMs: number;
  #usedMs: number;
  #ratio: number | null = null;

  /** @param now milliseconds that only grow */
  constructor(now: () => number) {
    this.#now = now;
    this.#sinceMs = now();
    this.#usedMs = usedMs();
  }

  /** Over the last 5 s or more; above 1 when several cores are at it. Null: too early to tell. */
  get ratio(): number | null {
    const now = this.#now();
    const tookMs = now - this.#sinceMs;
    if (tookMs < LEAST_MS) return this.#ratio;
    const used = usedMs();
    this.#ratio = (used - this.#usedMs) / tookMs;
    this.#sinceMs = now;
    this.#usedMs = used;
    return this.#ratio;
  }
}

/** Time of the processor since the process began, in milliseconds; NaN where the platform does not tell. */
function usedMs(): number {
  try {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS_PER_MS;
  } catch {
    return NaN;
  }
}
