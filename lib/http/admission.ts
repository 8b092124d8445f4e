/**
 * Admission: how many requests at a time the process takes in. Past the limit of descriptors a server
 * cannot accept any more, so it refuses new work while it still can answer, and keeps what it has.
 */
import { AppError } from "@/lib/errors.ts";

/** Descriptors kept for the store, the log, and connections that are being refused. */
export const RESERVED_DESCRIPTORS = 128;

/** How old the last look at the free descriptors may be, in milliseconds. */
const PROBE_EVERY_MS = 250;

/** Share of its heap limit up to which V8 takes new work. */
const MAX_HEAP_RATIO = 0.85;

const RETRY_AFTER_SECONDS = 1;

export interface AdmissionParts {
  /** Descriptors that the process may have open. */
  maxDescriptors: number;
  /** Requests in progress at most; null leaves it to descriptors and memory. */
  maxStreams: number | null;
  /** Sockets to providers, idle ones included. */
  upstreamSockets: () => number;
  closeIdleUpstream: () => void;
  /** Whether some descriptors are free; it sees idle connections too, which nothing else does. */
  hasFreeDescriptors: () => Promise<boolean>;
  /** Share of the heap limit in use, from 0 to 1. */
  heapRatio: () => number;
  now?: () => number;
}

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #now: () => number;
  #inProgress = 0;
  #refused = 0;
  #probedAtMs = -Infinity;
  #hasFree = true;
  #heapRatio = 0;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /** Requests whose answers have not ended. */
  get inProgress(): number {
    return this.#inProgress;
  }

  /** Requests refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Why no new work is taken in at this moment; null when it is. */
  get reason(): string | null {
    return this.#reasonAgainst(1, 0);
  }

  /**
   * Takes a request in.
   * @param sockets that it will hold: its own, and one to a provider if it asks a model
   * @param completed settles when its answer has left, or its caller has
   * @throws {AppError} 503 `overloaded`
   */
  admit(sockets: number, completed: Promise<void>): void {
    this.#probe();
    let reason = this.#reasonAgainst(sockets, 1);
    if (reason !== null) {
      this.#parts.closeIdleUpstream();
      reason = this.#reasonAgainst(sockets, 1);
    }
    if (reason !== null) {
      this.#refused += 1;
      throw new AppError({
        status: 503,
        code: "overloaded",
        message: `The server takes no more requests now: ${reason}. Try again.`,
        retryable: true,
        // The connection of a refused request is one that the next may need.
        headers: {
          "retry-after": String(RETRY_AFTER_SECONDS),
          connection: "close",
        },
      });
    }
    this.count(completed);
  }

  /** Counts a request that is never refused. */
  count(completed: Promise<void>): void {
    this.#inProgress += 1;
    const end = () => void (this.#inProgress -= 1);
    completed.then(end, end);
  }

  #reasonAgainst(sockets: number, streams: number): string | null {
    const { maxDescriptors, maxStreams, upstreamSockets } = this.#parts;
    if (maxStreams !== null && this.#inProgress + streams > maxStreams) {
      return `${maxStreams} are in progress`;
    }
    const used = this.#inProgress + upstreamSockets() + sockets;
    if (used > maxDescriptors - RESERVED_DESCRIPTORS || !this.#hasFree) {
      return "its connections are used up";
    }
    return this.#heapRatio > MAX_HEAP_RATIO ? "its memory is used up" : null;
  }

  /** Looks at memory and free descriptors now and then; what it finds counts for the next request. */
  #probe(): void {
    const now = this.#now();
    if (now - this.#probedAtMs < PROBE_EVERY_MS) return;
    this.#probedAtMs = now;
    this.#heapRatio = this.#parts.heapRatio();
    this.#parts.hasFreeDescriptors().then((hasFree) => {
      this.#hasFree = hasFree;
    });
  }
}
