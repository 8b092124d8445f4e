/** What users may do in workspaces, remembered for a moment: each request by a key asks for it. */
import { LRUCache } from "lru-cache";
import type { Clock } from "@/lib/clock.ts";
import type { AccessChange } from "./access_changes.ts";
import type { Standing } from "./records.ts";

/** Looks it up in the store. */
export type FindStanding = (
  user: string,
  workspace: string,
) => Promise<Standing | null>;

/** How long what was read holds, in milliseconds; a change elsewhere counts by then. */
const FRESH_MS = 1_000;

const MOST_REMEMBERED = 10_000;

interface Remembered {
  user: string;
  /** Monotonic time at which it was asked for. */
  atMs: number;
  standing: Promise<Standing | null>;
}

export class Standings {
  readonly #find: FindStanding;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #remembered = new LRUCache<string, Remembered>({
    max: MOST_REMEMBERED,
  });

  constructor(find: FindStanding, clock: Pick<Clock, "monotonic">) {
    this.#find = find;
    this.#clock = clock;
  }

  /** What a user may do in a workspace now, or null: nothing. */
  find(user: string, workspace: string): Promise<Standing | null> {
    const place = `${user} ${workspace}`;
    const atMs = this.#clock.monotonic();
    const seen = this.#remembered.get(place);
    if (seen !== undefined && atMs - seen.atMs < FRESH_MS) return seen.standing;
    const standing = this.#find(user, workspace);
    const remembered = { user, atMs, standing };
    this.#remembered.set(place, remembered);
    standing.catch(() => {
      if (this.#remembered.peek(place) === remembered) {
        this.#remembered.delete(place);
      }
    });
    return standing;
  }

  /** What this process has just changed is looked up anew. */
  changed({ user }: AccessChange): void {
    for (const [place, remembered] of this.#remembered.entries()) {
      if (remembered.user === user) this.#remembered.delete(place);
    }
  }

  /** Forgets everything that was read. */
  forgetAll(): void {
    this.#remembered.clear();
  }
}
