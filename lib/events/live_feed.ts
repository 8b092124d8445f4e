/** What happens, told to whoever listens; see `/api/live` and docs/live.md. */
import { sleep } from "@/lib/clock.ts";
import type { Doorbells } from "@/lib/kv/doorbell.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { LiveMetrics } from "@/lib/observe/live_metrics.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { HEARTBEAT_MS } from "@/lib/streams/sse.ts";
import type { Channel } from "./live_channels.ts";
import { LiveHistory } from "./live_history.ts";
import type { LoadRows } from "./live_item.ts";
import type { LiveNow } from "./live_now.ts";
import { LiveListener } from "./live_listener.ts";
import { LiveLog } from "./live_log.ts";

export interface LiveFeedParts {
  store: Store;
  doorbells: Pick<Doorbells, "add">;
  loadRows: LoadRows;
  log: Logger;
  metrics: LiveMetrics;
  /** What goes on at this moment; absent: nobody is told of that. */
  now?: Pick<LiveNow, "watch" | "stop">;
}

/** How long sockets may take to say that they have heard of their end, in milliseconds. */
const GOODBYE_MS = 200;

/** How often a connection is told something on a platform that cuts what is idle for 5 s. */
const PLATFORM_HEARTBEAT_MS = 4_000;

export class LiveFeed {
  readonly #parts: LiveFeedParts;
  readonly #memory: LiveLog;
  readonly #history: LiveHistory;
  readonly #stopped = new AbortController();
  readonly #open = new Set<Promise<void>>();
  readonly #listeners = new Set<LiveListener>();

  constructor(parts: LiveFeedParts) {
    this.#parts = parts;
    const { store, loadRows } = parts;
    this.#memory = new LiveLog({ ...parts, signal: this.#stopped.signal });
    this.#history = new LiveHistory(store, loadRows);
  }

  /** How often a connection hears something, in milliseconds, when nothing happens. */
  get heartbeatMs(): number {
    return this.#parts.store.kind === "platform"
      ? PLATFORM_HEARTBEAT_MS
      : HEARTBEAT_MS;
  }

  get metrics(): LiveMetrics {
    return this.#parts.metrics;
  }

  get log(): Logger {
    return this.#parts.log;
  }

  get clock(): Store["clock"] {
    return this.#parts.store.clock;
  }

  /** Spaces and workspaces that somebody listens to. */
  get wanted(): number {
    return this.#memory.wanted;
  }

  /** Connections that listen. */
  get connections(): number {
    return this.#listeners.size;
  }

  /** How old the oldest new event was when it was read last, in milliseconds. */
  get lagMs(): number {
    return this.#memory.lagMs;
  }

  /** Aborts when the process goes down. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Keeps a socket among the open ones until it is closed. */
  track(closed: Promise<void>): void {
    this.#open.add(closed);
    void closed.then(() => this.#open.delete(closed));
  }

  /**
   * Ends all connections; they come back to whoever serves then. Resolves as soon as the sockets have been
   * told, or after a moment.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#parts.now?.stop();
    await Promise.race([
      Promise.all(this.#open),
      sleep(this.clock, GOODBYE_MS),
    ]);
  }

  /**
   * Listens to what happens on the channels from behind a cursor on (null: from now on). Close it.
   * @param signal aborts when the connection has ended
   * @throws {StorageError} when the store cannot be read
   */
  async listen(
    space: string,
    channels: readonly Channel[],
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<LiveListener> {
    const listener = await LiveListener.open(
      {
        history: this.#history,
        memory: this.#memory,
        now: this.#parts.now ?? null,
        generation: this.#parts.store.generation,
        space,
        signal: AbortSignal.any([signal, this.stopped]),
        onClose: (closed) => this.#listeners.delete(closed),
      },
      channels,
      cursor,
    );
    this.#listeners.add(listener);
    return listener;
  }
}
