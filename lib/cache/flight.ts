/** One upstream call and the runs that read it. */
import { AppError } from "@/lib/errors.ts";
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";
import type { Fanout } from "@/lib/streams/fanout.ts";
import type { ServedBy } from "./answer.ts";
import { deltaBytes, MAX_ANSWER_BYTES } from "./answer_size.ts";
import { FlightSeat } from "./flight_seat.ts";
import type { OnLanded, OpenUpstream } from "./flights.ts";

/** What all flights of the process take together. */
export interface FlightMemory {
  bytes: number;
  readonly maxBytes: number;
}

export interface FlightParts {
  open: OpenUpstream;
  fanout: Pick<Fanout, "wake">;
  memory: FlightMemory;
  /** Nobody may join any more. */
  onClosed: () => void;
  onLanded: OnLanded;
}

/** How far a run may lag behind the fastest of its flight, in bytes of memory. */
const MAX_LAG_BYTES = MAX_ANSWER_BYTES;

/** Deltas between two looks at what nobody needs any more. */
const TRIM_EVERY = 64;

const FREE: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
};

export class Flight {
  readonly #parts: FlightParts;
  readonly #abort = new AbortController();
  readonly #source: AsyncIterator<Delta>;
  /** In the order in which they came. */
  readonly #seats = new Set<FlightSeat>();
  #waiting: (() => void)[] = [];
  /** Deltas from number `#firstAt` on. */
  #deltas: Delta[] = [];
  #firstAt = 0;
  #bytes = 0;
  /** It still has every delta, so others may join and the answer can be kept. */
  #isWhole = true;
  #isPulling = false;
  #isOver = false;
  #failure: { error: unknown } | null = null;
  #served: ServedBy | null = null;
  /** The seat that pays: the oldest of those there; once the call is over, it stays the same. */
  #payer: FlightSeat | null = null;
  /** Output tokens, at least so many; a provider puts one or more into each delta. */
  #outputTokens = 0;
  /** Of these, what runs have paid that left before the end. */
  #paidOutputTokens = 0;
  #reported: TokenUsage | null = null;

  constructor(parts: FlightParts) {
    this.#parts = parts;
    this.#source = parts.open(this.#abort.signal, (served) => {
      this.#served = served;
    });
  }

  /** Who answers; null until that is known. */
  get served(): ServedBy | null {
    return this.#served;
  }

  /** No delta comes after those that are there. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What broke the call, once it is over; null when it ended in good order. */
  get failure(): { error: unknown } | null {
    return this.#failure;
  }

  /** A seat for one more run. */
  take(signal: AbortSignal): FlightSeat {
    const outcome = this.#payer === null ? "miss" : "joined";
    const seat = new FlightSeat(this, outcome, signal);
    this.#payer ??= seat;
    this.#seats.add(seat);
    return seat;
  }

  /** The delta with this number, if it is there already. */
  at(number: number): Delta | undefined {
    return this.#deltas[number - this.#firstAt];
  }

  /** Wakes the seat when there is more, or the call is over. */
  wait(wake: () => void): void {
    this.#waiting.push(wake);
    if (this.#isPulling) return;
    this.#isPulling = true;
    this.#source.next().then(
      (result) => this.#pulled(result),
      (error) => this.#end({ error }),
    );
  }

  /** What a seat that leaves now has to pay at once; null: that is known when the call is over. */
  leave(seat: FlightSeat): TokenUsage | null {
    if (!this.#seats.delete(seat)) return null;
    if (this.#seats.size === 0) {
      this.#giveUp();
      return null;
    }
    if (this.#isOver || seat !== this.#payer) return null;
    // The prompt is paid by whoever learns what it really came to.
    const outputTokens = this.#outputTokens - this.#paidOutputTokens;
    this.#paidOutputTokens = this.#outputTokens;
    [this.#payer] = this.#seats;
    return { ...FREE, outputTokens };
  }

  /** Whether a seat is the one that pays. */
  isPaidBy(seat: FlightSeat): boolean {
    return seat === this.#payer;
  }

  /** What a seat has to pay of a usage, once the call is over. */
  shareOf(seat: FlightSeat, usage: TokenUsage): TokenUsage {
    if (seat !== this.#payer) return FREE;
    const { inputTokens, cachedInputTokens, outputTokens } = this.#reported ??
      usage;
    return {
      inputTokens,
      cachedInputTokens,
      outputTokens: Math.max(outputTokens - this.#paidOutputTokens, 0),
    };
  }

  #pulled(result: IteratorResult<Delta>): void {
    if (this.#isOver) return;
    if (result.done) return this.#end(null);
    this.#isPulling = false;
    const delta = result.value;
    if (delta.type === "usage") this.#reported = delta.usage;
    else if (isOutput(delta)) this.#outputTokens += 1;
    this.#deltas.push(delta);
    const bytes = deltaBytes(delta);
    this.#bytes += bytes;
    this.#parts.memory.bytes += bytes;
    this.#keepWithinBounds();
    this.#wakeAll();
  }

  #end(failure: { error: unknown } | null): void {
    // Given up before, when the last run left.
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#parts.onClosed();
    if (failure === null && this.#isWhole && this.#served !== null) {
      this.#parts.onLanded(this.#deltas, this.#served);
    }
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#parts.fanout.wake(waiting);
  }

  /** Nobody wants the answer: the provider's socket closes. */
  #giveUp(): void {
    this.#parts.memory.bytes -= this.#bytes;
    this.#bytes = 0;
    this.#deltas = [];
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.onClosed();
    this.#abort.abort();
    void Promise.resolve(this.#source.return?.()).catch(() => {});
  }

  #keepWithinBounds(): void {
    const { memory, onClosed } = this.#parts;
    if (this.#isWhole) {
      const fits = this.#bytes <= MAX_ANSWER_BYTES &&
        memory.bytes <= memory.maxBytes;
      if (fits) return;
      this.#isWhole = false;
      onClosed();
    } else if (
      this.#deltas.length % TRIM_EVERY !== 0 && this.#bytes <= MAX_LAG_BYTES / 2
    ) return;
    this.#trim();
    if (this.#bytes <= MAX_LAG_BYTES) return;
    const slowest = this.#slowest();
    for (const seat of [...this.#seats]) {
      if (seat.read === slowest) seat.fail(tooSlow());
    }
    this.#trim();
  }

  /** Drops what every run has read. */
  #trim(): void {
    const count = this.#slowest() - this.#firstAt;
    if (count <= 0) return;
    let bytes = 0;
    for (const delta of this.#deltas.splice(0, count)) {
      bytes += deltaBytes(delta);
    }
    this.#firstAt += count;
    this.#bytes -= bytes;
    this.#parts.memory.bytes -= bytes;
  }

  /** How many deltas the slowest run has read. */
  #slowest(): number {
    let least = this.#firstAt + this.#deltas.length;
    for (const { read } of this.#seats) least = Math.min(least, read);
    return least;
  }
}

/** Whether a delta holds a token or more; of a choice but the first its text does not tell. */
function isOutput(delta: Delta): boolean {
  return delta.type === "tool" || "text" in delta && delta.text !== "";
}

function tooSlow(): AppError {
  return new AppError({
    status: 503,
    code: "overloaded",
    message: "The answer could not be taken as fast as it came.",
    retryable: true,
  });
}
