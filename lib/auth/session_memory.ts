/** Sessions that were just looked up: a page asks for its own many times a second. */
import { LRUCache } from "lru-cache";
import type { Clock } from "@/lib/clock.ts";
import { hashOf } from "./hashed_token.ts";
import type { FoundSession } from "./session_store.ts";

/** How long what was read holds, in milliseconds; what another process has changed counts by then. */
const FRESH_MS = 1_000;
const MOST_REMEMBERED = 10_000;

interface Remembered {
  found: FoundSession | null;
  /** Monotonic time at which it was asked for. */
  atMs: number;
}

export class SessionMemory {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #remembered = new LRUCache<string, Remembered>({
    max: MOST_REMEMBERED,
  });
  /** Changes whenever something that was read before may be wrong now. */
  #generation = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** What a token leads to in a workspace, from memory or else by `read`, which gets the token's hash. */
  async find(
    token: string,
    workspace: string | null,
    read: (tokenHash: string) => Promise<FoundSession | null>,
  ): Promise<FoundSession | null> {
    const tokenHash = hashOf(token);
    const name = `${tokenHash} ${workspace ?? ""}`;
    const atMs = this.#clock.monotonic();
    const there = this.#remembered.get(name);
    if (there !== undefined && atMs - there.atMs < FRESH_MS) {
      return there.found;
    }
    const generation = this.#generation;
    const found = await read(tokenHash);
    // What was read before a change may be what it was before that.
    if (generation === this.#generation) {
      this.#remembered.set(name, { found, atMs });
    }
    return found;
  }

  /** The store is asked again for everything. */
  forget(): void {
    this.#generation += 1;
    this.#remembered.clear();
  }
}
