/**
 * A run while its owner is this process: all its events in memory, and those who follow it. A follower
 * keeps nothing but a place in the shared list, so a slow one costs no memory and delays nobody.
 */
import type { RunEvent } from "@/lib/shared/wire.ts";
import type { Fanout } from "./fanout.ts";
import type { Position } from "./position.ts";

/**
 * A provider's event as it goes to callers of `/v1`: the text of its JSON. One that is too long for a
 * value of the store is told in `part`s; the `raw` that follows them is the last piece.
 */
export interface RawEvent {
  event: "raw" | "part";
  data: string;
}

/** What a log holds: the events of chats, and those of runs over `/v1`. */
export type LoggedEvent = RunEvent | RawEvent;

/** An event of a run and its place, which is its SSE id. */
export interface PlacedEvent {
  readonly position: Position;
  readonly event: LoggedEvent;
  /** `event.data` as JSON once somebody has asked for it; see `eventJson`. */
  json?: string;
}

/** The data of an event as JSON; made once, however many followers and writers want it. */
export function eventJson(placed: PlacedEvent): string {
  return placed.json ??= JSON.stringify(placed.event.data);
}

/** Whether a stream ends with this event. */
export function isTerminal(event: LoggedEvent): boolean {
  return event.event === "done" || event.event === "error";
}

export class LiveRun {
  readonly runId: string;
  readonly #fanout: Fanout;
  #epoch: number;
  #events: PlacedEvent[] = [];
  #text = "";
  #closed = false;
  #farewell: PlacedEvent | null = null;
  #waiting: (() => void)[] = [];

  constructor(runId: string, epoch: number, fanout: Fanout) {
    this.runId = runId;
    this.#epoch = epoch;
    this.#fanout = fanout;
  }

  /** Number of the attempt whose events these are. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Events of the epoch so far; index and `position.seq` are the same number. */
  get events(): readonly PlacedEvent[] {
    return this.#events;
  }

  /** True once the last event is in, or the owner has let go of the run without one. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True once the event is in that ends the run. */
  get hasEnded(): boolean {
    const last = this.#events.at(-1);
    return last !== undefined && isTerminal(last.event);
  }

  /** Sequence number of the newest event; -1 before the opening one. */
  get lastSeq(): number {
    return this.#events.length - 1;
  }

  /** The text of the answer so far. */
  get text(): string {
    return this.#text;
  }

  /** Hands an event to all followers. The first is the opening event with seq 0. */
  append(event: LoggedEvent): PlacedEvent {
    if (this.#closed) {
      throw new Error(`Cannot append to run "${this.runId}": it has ended`);
    }
    const seq = this.#events.length;
    const placed = { position: { epoch: this.#epoch, seq }, event };
    this.#events.push(placed);
    if (event.event === "chunk") this.#text += event.data.content;
    if (isTerminal(event)) this.#closed = true;
    this.#wake();
    return placed;
  }

  /** Begins another attempt; its first event, a `reset`, is to be appended next. */
  restart(epoch: number): void {
    if (epoch <= this.#epoch) {
      throw new Error(`Epoch "${epoch}" does not follow "${this.#epoch}"`);
    }
    this.#epoch = epoch;
    this.#events = [];
    this.#text = "";
  }

  /** What followers hear last although it is no event of the run, else null. */
  get farewell(): PlacedEvent | null {
    return this.#farewell;
  }

  /**
   * Ends every follower's stream with an event that is none of the run's: it has the place of the newest
   * one, so a follower that comes back goes on with what the run's log says.
   */
  breakOff(event: RunEvent): void {
    this.#farewell = {
      position: { epoch: this.#epoch, seq: Math.max(this.lastSeq, 0) },
      event,
    };
    this.abandon();
  }

  /** Ends every follower's stream without a last event: they go on elsewhere. */
  abandon(): void {
    this.#closed = true;
    this.#wake();
  }

  /**
   * Resolves when there are events behind a place, another epoch has begun, the run has closed, or the
   * signal has aborted.
   */
  async waitBeyond(
    { epoch, seq }: Position,
    signal: AbortSignal,
  ): Promise<void> {
    while (
      this.#epoch === epoch && this.lastSeq <= seq && !this.#closed &&
      !signal.aborted
    ) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const abort = () => resolve();
      this.#waiting.push(resolve);
      signal.addEventListener("abort", abort);
      await promise;
      signal.removeEventListener("abort", abort);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#fanout.wake(waiting);
  }
}
