import { StorageError } from "@/lib/errors.ts";
import type { Urgency } from "./batcher.ts";

const SOON_SHARE = 3 / 4;
const EASY_SHARE = 1 / 2;

/** How much a lane has taken and not yet committed: bounded, with room kept for what is urgent. */
export class Backlog {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Measured bytes taken and not yet ended. */
  get bytes(): number {
    return this.#bytes;
  }

  /** At most half of the bound is taken. */
  get easy(): boolean {
    return this.#bytes <= EASY_SHARE * this.#maxBytes;
  }

  /** @throws {StorageError} `storage_busy` when there is no room; `soon` gets three quarters only */
  assertRoom(bytes: number, urgency: Urgency): void {
    const share = urgency === "soon" ? SOON_SHARE : 1;
    if (this.#bytes + bytes <= share * this.#maxBytes) return;
    throw new StorageError("The store does not keep up; try again shortly.", {
      code: "storage_busy",
    });
  }

  /** An entry of these bytes was taken. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** An entry of these bytes has ended, one way or the other. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
  }
}
