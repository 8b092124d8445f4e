/**
 * Upstream calls of this process that several runs may share. A flight is one call; each run has a seat
 * in it and reads the same deltas at its own pace, those that came before it too. The call ends with the
 * last seat that is left, not with the one that began it.
 */
import type { Delta } from "@/lib/llm/types.ts";
import type { Fanout } from "@/lib/streams/fanout.ts";
import type { ServedBy } from "./answer.ts";
import { Flight, type FlightMemory } from "./flight.ts";
import type { FlightSeat } from "./flight_seat.ts";

/**
 * Makes the upstream call. It says who answers as soon as that is known, and may say so again when
 * another one takes over before the first delta.
 * @param signal aborts when no run wants the answer any more
 */
export type OpenUpstream = (
  signal: AbortSignal,
  tell: (served: ServedBy) => void,
) => AsyncIterator<Delta>;

/** Takes a stream that ended in good order, cut or not: all of its deltas, and who gave them. */
export type OnLanded = (
  deltas: readonly Delta[],
  served: ServedBy,
) => void;

/** What a run boards. */
export interface Boarding {
  /** Runs with the same one share a flight; null: the run flies alone. */
  shareKey: string | null;
  open: OpenUpstream;
  /** The run's own signal: its abort takes this run off the flight, and no other. */
  signal: AbortSignal;
  /** Called once with what a new flight has brought; not when it broke, or was too large to keep. */
  onLanded: OnLanded;
}

/** Bytes of memory for the deltas of all flights together that others may still join. */
const MAX_SHARED_BYTES = 64 * 1024 * 1024;

export class Flights {
  readonly #fanout: Pick<Fanout, "wake">;
  readonly #byKey = new Map<string, Flight>();
  readonly #memory: FlightMemory;

  /** @param fanout wakes runs that wait for the next delta */
  constructor(
    fanout: Pick<Fanout, "wake">,
    maxSharedBytes: number = MAX_SHARED_BYTES,
  ) {
    this.#fanout = fanout;
    this.#memory = { bytes: 0, maxBytes: maxSharedBytes };
  }

  /** Flights that can be joined now. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Bytes of memory that the deltas of flights take now. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /** Whether a flight with this key is up. */
  has(shareKey: string): boolean {
    return this.#byKey.has(shareKey);
  }

  /**
   * A seat in the flight with the same key, or in a new one. Nothing is awaited, so that of two runs
   * that come together one begins the call and the other joins it.
   */
  board({ shareKey, open, signal, onLanded }: Boarding): FlightSeat {
    const there = shareKey === null ? undefined : this.#byKey.get(shareKey);
    if (there !== undefined) return there.take(signal);
    const flight = new Flight({
      open,
      fanout: this.#fanout,
      memory: this.#memory,
      onClosed: () => {
        if (shareKey !== null && this.#byKey.get(shareKey) === flight) {
          this.#byKey.delete(shareKey);
        }
      },
      onLanded,
    });
    if (shareKey !== null) this.#byKey.set(shareKey, flight);
    return flight.take(signal);
  }
}
