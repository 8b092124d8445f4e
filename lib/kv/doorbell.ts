import { Bell } from "./bell.ts";
import { sleep } from "@/lib/clock.ts";
import { describeKey } from "./sizes.ts";
import type { Store } from "./store.ts";

/** Keys that one watch takes; more are polled for. */
const MAX_WATCHED_KEYS = 10;
/** How often is looked where nothing rings. */
const POLL_MS = 60;
/** How often is looked where it should ring: a notice may get lost. */
const BACKUP_POLL_MS = 1_000;
/** How long after a failure the watch is opened again. */
const REOPEN_MS = 1_000;

/** Waits for a key that another process changes. */
export interface Doorbell {
  /** Resolves when the key may have changed; look then. */
  wait(signal: AbortSignal): Promise<void>;
  /** Nobody waits any more. */
  remove(): void;
}

interface Watched {
  key: Deno.KvKey;
  bell: Bell;
  rings: number;
  users: number;
  versionstamp: string | null;
}

/**
 * Tells when keys change, by one watch of the store for the whole process (each watch of a remote store
 * is a stream of one connection, and enough of them block all else). A notice is a hint only: who hears
 * nothing looks all the same. Notices of a file do not cross processes, so there is only looking.
 */
export class Doorbells {
  readonly #store: Store;
  readonly #watched = new Map<string, Watched>();
  #stream: ReadableStreamDefaultReader | null = null;
  #isReopening = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Begins to listen for a key. */
  add(key: Deno.KvKey): Doorbell {
    const { kind, clock } = this.#store;
    const name = describeKey(key);
    const canWatch = kind === "remote" || kind === "platform";
    const there = this.#watched.get(name);
    if (
      !canWatch ||
      (there === undefined && this.#watched.size === MAX_WATCHED_KEYS)
    ) {
      return {
        wait: (signal) => sleep(clock, POLL_MS, signal),
        remove: () => {},
      };
    }
    const watched = there ??
      { key, bell: new Bell(), rings: 0, users: 0, versionstamp: null };
    watched.users += 1;
    if (there === undefined) {
      this.#watched.set(name, watched);
      this.#reopen();
    }
    let heard = watched.rings;
    return {
      wait: async (signal) => {
        const late = new AbortController();
        const cancel = clock.after(BACKUP_POLL_MS, () => late.abort());
        await watched.bell.until(
          () => watched.rings !== heard,
          AbortSignal.any([signal, late.signal]),
        ).catch(() => {});
        cancel();
        heard = watched.rings;
      },
      remove: () => {
        watched.users -= 1;
        if (watched.users > 0 || this.#watched.get(name) !== watched) return;
        this.#watched.delete(name);
        this.#reopen();
      },
    };
  }

  /** Opens the watch for the keys of now; several changes in one turn open it once. */
  #reopen(): void {
    if (this.#isReopening) return;
    this.#isReopening = true;
    queueMicrotask(() => {
      this.#isReopening = false;
      this.#stream?.cancel().catch(() => {});
      this.#stream = null;
      if (this.#watched.size > 0) void this.#read([...this.#watched.values()]);
    });
  }

  async #read(watched: Watched[]): Promise<void> {
    const keys = watched.map(({ key }) => key);
    const stream = this.#store.kv.watch<unknown[]>(keys).getReader();
    this.#stream = stream;
    try {
      while (this.#stream === stream) {
        const { done, value } = await stream.read();
        if (done) break;
        for (const [index, entry] of value.entries()) {
          const { bell } = watched[index];
          if (entry.versionstamp === watched[index].versionstamp) continue;
          watched[index].versionstamp = entry.versionstamp;
          watched[index].rings += 1;
          bell.ring();
        }
      }
    } catch {
      // Who waits looks every second until the watch is up again.
    }
    if (this.#stream !== stream) return;
    this.#stream = null;
    this.#store.clock.after(REOPEN_MS, () => this.#reopen());
  }
}
