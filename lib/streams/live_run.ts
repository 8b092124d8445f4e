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
  /**
   * By sequence number. Text of a provider's event stands alone: thousands of streams hold thousands of
   * these, and what is around them is made again for who reads.
   */
  #events: (PlacedEvent | string)[] = [];
  #text = "";
  #closed = false;
  #farewell: PlacedEvent | null = null;
  readonly #waiting = new Set<() => void>();

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
  get events(): PlacedEvent[] {
    return this.slice(0, this.#events.length);
  }

  /** Events of the epoch from a sequence number on, before another. */
  slice(from: number, to: number): PlacedEvent[] {
    const events: PlacedEvent[] = [];
    const end = Math.min(to, this.#events.length);
    for (let seq = from; seq < end; seq += 1) events.push(this.#at(seq));
    return events;
  }

  #at(seq: number): PlacedEvent {
    const kept = this.#events[seq];
    return typeof kept !== "string" ? kept : {
      position: { epoch: this.#epoch, seq },
      event: { event: "raw", data: kept },
    };
  }

  /** True once the last event is in, or the owner has let go of the run without one. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True once the event is in that ends the run. */
  get hasEnded(): boolean {
    const last = this.#events.at(-1);
    return last !== undefined && typeof last !== "string" &&
      isTerminal(last.event);
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
    this.#events.push(event.event === "raw" ? event.data : placed);
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

  /** Lets a follower wait for what comes next; `wake` is called for it, or when the signal aborts. */
  waiter(signal: AbortSignal, wake: () => void): RunWaiter {
    return new RunWaiter(signal, this.#waiting, wake);
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    this.#fanout.wake(woken);
  }
}

/** One follower's way to wait; it listens to its signal once and not for each event. */
export class RunWaiter {
  readonly #signal: AbortSignal;
  readonly #waiting: Set<() => void>;
  readonly #wake: () => void;

  constructor(
    signal: AbortSignal,
    waiting: Set<() => void>,
    wake: () => void,
  ) {
    this.#signal = signal;
    this.#waiting = waiting;
    this.#wake = wake;
    signal.addEventListener("abort", wake);
  }

  /** Has the follower woken once, by the next event, another epoch or the run's close. */
  wait(): void {
    this.#waiting.add(this.#wake);
  }

  /** The follower waits no more. */
  close(): void {
    this.#waiting.delete(this.#wake);
    this.#signal.removeEventListener("abort", this.#wake);
  }
}
