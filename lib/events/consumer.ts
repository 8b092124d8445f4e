/**
 * What follows from events: each consumer reads all events of the store in their order, from a cursor of
 * its own that is stored in the same atomic as what the consumer writes. Several processes may run the
 * same consumer on one store; the check of the cursor lets one of them through at each step.
 */
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { Versioned } from "@/lib/kv/store.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

/** An event as a consumer gets it. */
export interface ConsumedEvent {
  readonly space: string;
  /** Versionstamp of the atomic that made it. */
  readonly versionstamp: string;
  /** Its place among the events of that atomic, all spaces counted. */
  readonly index: number;
  readonly event: OutboxEvent;
}

/** Checks that a handler may add to its unit; the cursor takes one besides. */
export const MAX_CONSUMER_CHECKS = 8;

export interface Consumer {
  /** Names the cursor; never used again for a consumer that does something else. */
  readonly name: string;
  /**
   * Adds to the unit what follows from the events, at least from the first; the unit commits together
   * with the cursor, or not at all, in which case the same events come again. An effect outside the
   * store is done before this resolves, and so at least once.
   *
   * @returns how many of the events, from the first on, the unit stands for
   * @throws anything: the same events come again after a pause
   */
  handle(
    events: readonly ConsumedEvent[],
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<number>;
  /**
   * Events cannot tell everything: there is no cursor yet, it is of another history of the store, or
   * the events after it were deleted. Adds the next step of starting anew to the unit. The events since
   * before the first step come afterwards.
   *
   * @param place what the step before returned; null for the first
   * @param lost which events may have been missed; null: it begins for the first time and misses none
   * @returns where the next step begins, in at most 1,000 characters; null when this was the last
   */
  resync(
    place: string | null,
    unit: UnitOfWork,
    signal: AbortSignal,
    lost: LostEvents | null,
  ): Promise<string | null>;
  /** Something was committed. What this does delays the next step, and its failure is only logged. */
  committed?(signal: AbortSignal): Promise<void>;
}

/** Events that a consumer may have missed, by ids: those between the two. */
export interface LostEvents {
  /** The last atomic that was read; null: it is of another history of the store. */
  readonly from: string | null;
  /** Where it goes on. */
  readonly to: string;
}

/** How far a consumer has come. */
export interface CursorRecord extends Versioned {
  readonly v: 1;
  /** Generation of the store. */
  readonly gen: string;
  /** Versionstamp of the newest atomic whose events were handled; "" for none. */
  readonly vs: string;
  /** How many of its events were; absent: all. */
  readonly i?: number;
  /** Where the next step of a resync begins (null: at the beginning); absent: there is none under way. */
  readonly sync?: string | null;
  /** What that resync is to make up for. */
  readonly lost?: LostEvents;
  readonly token?: string;
}

/** Up to where events may have been deleted. */
export interface TrimRecord extends Versioned {
  readonly v: 1;
  readonly vs: string;
  readonly token?: string;
}
