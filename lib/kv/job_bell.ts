import { Bell } from "./bell.ts";

/** Messages to the store's own queue for one stretch of time are one, in milliseconds. */
const SLOT_MS = 100;

/** The queue takes nothing that is due later, in milliseconds; a timer finds those jobs. */
const LONGEST_DELAY_MS = 29 * 24 * 60 * 60 * 1_000;

/** Stretches of which is remembered that they have their message. */
const MAX_SLOTS = 4_096;

/**
 * Rings when this process has committed jobs, and says which of them need a message in the store's own
 * queue: what hears it looks for everything that is due, so one message does for all jobs of a tenth of
 * a second. Each message costs the store several writes, more than all else of a job together.
 */
export class JobBell extends Bell {
  readonly #slots = new Set<number>();

  /**
   * The delays of the messages that a commit is to carry, in milliseconds. The first job in a while gets
   * its message at once, those shortly after it one together at the end of their stretch.
   * @param dueAtMs when jobs are due, milliseconds since 1970 UTC
   */
  messages(dueAtMs: readonly number[], nowMs: number): number[] {
    const wanted = new Map<number, number>();
    for (const at of dueAtMs) {
      const due = Math.max(at, nowMs);
      if (due - nowMs > LONGEST_DELAY_MS) continue;
      const slot = Math.floor(due / SLOT_MS);
      if (!this.#slots.has(slot)) {
        wanted.set(slot, Math.max(due, wanted.get(slot) ?? 0));
      } else if (!this.#slots.has(slot + 1)) {
        const end = (slot + 1) * SLOT_MS;
        wanted.set(slot + 1, Math.max(end, wanted.get(slot + 1) ?? 0));
      }
    }
    return [...wanted.values()].map((at) => at - nowMs);
  }

  /** The messages have been committed. */
  sent(delaysMs: readonly number[], nowMs: number): void {
    for (const delay of delaysMs) {
      this.#slots.add(Math.floor((nowMs + delay) / SLOT_MS));
    }
    while (this.#slots.size > MAX_SLOTS) {
      this.#slots.delete(this.#slots.values().next().value!);
    }
  }
}
