import { FencedError, StorageError } from "@/lib/errors.ts";
import { Backlog } from "./backlog.ts";
import {
  Batcher,
  type LaneCommit,
  type LaneEntry,
  type SizedEntry,
  sizeEntry,
} from "./batcher.ts";
import { Bell } from "./bell.ts";
import type { LedgerEntry } from "./pages.ts";
import { LaneWriter } from "./lane_writer.ts";
import type { Store } from "./store.ts";

/**
 * `open`: takes and sends. `halted`: takes, but what became of the last batch is unknown and nothing
 * else leaves before that is known. `fenced`: another process has taken over. `drained`: ended in good
 * order. `abandoned`: ended without knowing what became of the last batch.
 */
export type LaneState = "open" | "halted" | "fenced" | "drained" | "abandoned";

/** What listeners of a lane hear. Errors of a listener are its own; the lane goes on. */
export type LaneEvent =
  | { type: "halted"; reason: unknown }
  | { type: "resumed" }
  | { type: "fenced" }
  | { type: "drained" };

/** A batch that has committed. */
export interface BatchInfo {
  /** Entries that shared it. */
  entries: number;
  /** Measured bytes of their keys and values. */
  bytes: number;
  /** From sending it until it was known that it counts, in milliseconds. */
  durationMs: number;
}

/** Ledger rows of a batch that has committed. */
export interface LedgerCommit {
  /** Number of the batch. */
  n: number;
  /** When it was written, milliseconds since 1970 UTC. */
  atMs: number;
  entries: readonly LedgerEntry[];
}

/** Where a lane begins, and its bounds. */
export interface LaneOptions {
  /** Key of the head. */
  key: Deno.KvKey;
  /** Versionstamp and number of the batch that wrote the head last. */
  versionstamp: string;
  n: number;
  /** How long a `soon` entry waits for company, in milliseconds. */
  soonMs?: number;
  /** Bytes that entries may hold in memory; `soon` entries are refused at three quarters. */
  maxPendingBytes?: number;
}

/** How long an entry is wanted. */
export interface LaneWriteOptions {
  /** Takes the entry back while it has not left; once it has, its promise tells what became of it. */
  signal?: AbortSignal;
}

const SOON_MS = 50;
const MAX_PENDING_BYTES = 16 * 1024 * 1024;

/**
 * The one way by which an incarnation writes what it owns. One atomic is in flight at a time; each
 * checks the lane's head and moves it, so the head is fence, idempotency key and lease in one: a batch
 * whose answer got lost is recognised by its token in the head, and once another process has overwritten
 * the head no batch of this lane can ever commit again, not even one that is already on its way.
 *
 * Entries commit in the order they were written. What is written at the same time shares a batch.
 */
export class Lane {
  readonly #store: Store;
  readonly #writer: LaneWriter;
  readonly #batcher = new Batcher();
  readonly #soonMs: number;
  readonly #backlog: Backlog;
  readonly #changed = new Bell();
  readonly #listeners = new Set<(event: LaneEvent) => void>();
  readonly #stopped = new AbortController();
  #state: LaneState = "open";
  #sending = false;
  /** Told of each batch that has committed. */
  onBatch: ((batch: BatchInfo) => void) | null = null;
  /** Told of the ledger rows of each batch that has committed, before their writers are. */
  onLedger: ((commit: LedgerCommit) => void) | null = null;
  #cancelTimer: (() => void) | null = null;
  #draining: PromiseWithResolvers<boolean> | null = null;

  constructor(store: Store, options: LaneOptions) {
    this.#store = store;
    this.#soonMs = options.soonMs ?? SOON_MS;
    this.#backlog = new Backlog(options.maxPendingBytes ?? MAX_PENDING_BYTES);
    this.#writer = new LaneWriter(store, options, {
      halted: (reason) => this.#halt(reason),
      signal: this.#stopped.signal,
    });
  }

  /** What the lane does now. */
  get state(): LaneState {
    return this.#state;
  }

  /** Number of the last batch known to have committed. */
  get n(): number {
    return this.#writer.n;
  }

  /**
   * Versionstamp of the last batch known to have committed: whatever has a lower one was written before
   * it.
   */
  get versionstamp(): string {
    return this.#writer.versionstamp;
  }

  /** Measured bytes of all entries whose commit is not known yet. */
  get pendingBytes(): number {
    return this.#backlog.bytes;
  }

  /** Calls back on every change of state; the returned function ends that. */
  subscribe(listener: (event: LaneEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Writes an entry; resolves once it has committed. The values are handed over; do not change them
   * afterwards.
   * @throws {TypeError} when the entry is too large or cannot be stored; the others in its batch commit
   * @throws {FencedError} when another process has taken over: the entry was not written
   * @throws {StorageError} `storage_busy` when too much is waiting: the entry was not written;
   *   `storage_draining` after `drain`: the entry was not written;
   *   `storage_unknown` when the drain ended before it was known whether the entry was written
   * @throws the signal's reason when it took the entry back: the entry was not written
   */
  async write(
    entry: LaneEntry,
    { signal }: LaneWriteOptions = {},
  ): Promise<LaneCommit> {
    signal?.throwIfAborted();
    this.#assertTaking();
    const dueAt = this.#store.clock.monotonic() + this.#soonMs;
    const sized = sizeEntry(entry, dueAt);
    this.#backlog.assertRoom(sized.bytes, entry.urgency);
    return await this.#enqueue(sized, signal);
  }

  /**
   * Moves the head and writes nothing else: renews the lease of an idle owner, and shows whether it is
   * still the owner.
   * @throws as `write` does
   */
  async renew(): Promise<LaneCommit> {
    this.#assertTaking();
    return await this.#enqueue({
      entry: { urgency: "now" },
      mutations: 0,
      bytes: 0,
      keyBytes: 0,
      envelopes: new Map(),
      dueAt: -Infinity,
      done: Promise.withResolvers(),
    });
  }

  /**
   * The log pages of batches before this one are wanted no more: they are deleted together with the
   * batches that follow, and at the latest when the lane is drained.
   */
  trimLog(beforeN: number): void {
    this.#writer.trimLog(beforeN);
  }

  /** Log pages that are in the store. */
  get logPages(): number {
    return this.#writer.logPages;
  }

  /**
   * Resolves while the lane keeps up: it is not halted and at most half of its bound is pending. Sources
   * that can wait (a provider's stream) await it before they read on.
   * @throws {FencedError} when another process has taken over
   * @throws the signal's reason when it aborts
   */
  async ready(signal?: AbortSignal): Promise<void> {
    const keepsUp = () => this.#state !== "halted" && this.#backlog.easy;
    await this.#changed.until(keepsUp, signal);
    if (this.#state === "fenced") throw fencedError();
  }

  /**
   * Sends what is waiting and closes the head as `drained`, so that whoever comes next need not wait for
   * a lease. Takes nothing new. True: all is written and the head is closed. False: fenced, or the
   * deadline has passed first; then what is pending ends with `storage_unknown`.
   */
  async drain(deadlineMs: number): Promise<boolean> {
    if (this.#draining === null) {
      this.#draining = Promise.withResolvers();
      this.#wake();
    }
    const { promise } = this.#draining;
    const cancel = this.#store.clock.after(deadlineMs, () => this.#abandon());
    try {
      return this.#state === "fenced" ? false : await promise;
    } finally {
      cancel();
    }
  }

  #assertTaking(): void {
    if (this.#state === "fenced") throw fencedError();
    if (this.#draining !== null) {
      throw new StorageError("This process is stopping.", {
        code: "storage_draining",
      });
    }
  }

  async #enqueue(
    sized: SizedEntry,
    signal?: AbortSignal,
  ): Promise<LaneCommit> {
    const takeBack = () => {
      if (this.#batcher.remove(sized)) {
        this.#settle([sized], (done) => done.reject(signal?.reason));
      }
    };
    this.#batcher.add(sized);
    this.#backlog.add(sized.bytes);
    signal?.addEventListener("abort", takeBack);
    this.#wake();
    try {
      return await sized.done.promise;
    } finally {
      signal?.removeEventListener("abort", takeBack);
    }
  }

  /** Starts to send, or sets the timer for when it is time to. */
  #wake(): void {
    if (this.#sending || this.#ended) return;
    const dueAt = this.#draining ? -Infinity : this.#batcher.dueAt;
    if (dueAt === null) return;
    const { clock } = this.#store;
    const waitMs = dueAt - clock.monotonic();
    if (waitMs > 0) {
      this.#cancelTimer ??= clock.after(waitMs, () => {
        this.#cancelTimer = null;
        this.#wake();
      });
      return;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#sending = true;
    // What is written in the same turn of the event loop shares the batch.
    queueMicrotask(() => void this.#sendDue());
  }

  async #sendDue(): Promise<void> {
    while (!this.#ended) {
      const batch = this.#batcher.take();
      if (batch.length > 0) await this.#send(batch);
      else if (this.#draining !== null) await this.#close();
      const dueAt = this.#draining ? -Infinity : this.#batcher.dueAt;
      if (dueAt === null || dueAt > this.#store.clock.monotonic()) break;
    }
    this.#sending = false;
    this.#wake();
  }

  /** Sends a batch; one that the store refuses is halved until the culprit stands alone. */
  async #send(batch: SizedEntry[]): Promise<void> {
    if (this.#state === "fenced") return this.#refuse(batch, fencedError());
    if (this.#ended) return this.#refuse(batch, unknownError());
    const sentAtMs = this.#store.clock.monotonic();
    const outcome = await this.#writer.send(
      batch.map((sized) => sized.entry),
      "open",
    );
    switch (outcome.type) {
      case "committed": {
        const { versionstamp, n, atMs } = outcome;
        const ledger = batch.flatMap(({ entry }) => entry.ledger ?? []);
        if (ledger.length > 0) this.onLedger?.({ n, atMs, entries: ledger });
        this.onBatch?.({
          entries: batch.length,
          bytes: batch.reduce((sum, { bytes }) => sum + bytes, 0),
          durationMs: this.#store.clock.monotonic() - sentAtMs,
        });
        this.#settle(batch, (done) => done.resolve({ versionstamp, n }));
        this.#resume();
        if (outcome.fenced) this.#fence();
        return;
      }
      case "refused": {
        this.#resume();
        if (batch.length === 1) return this.#refuse(batch, outcome.error);
        const half = Math.ceil(batch.length / 2);
        await this.#send(batch.slice(0, half));
        await this.#send(batch.slice(half));
        return;
      }
      case "fenced":
        this.#fence();
        return this.#refuse(batch, fencedError());
      case "stopped":
        return this.#refuse(batch, unknownError());
    }
  }

  async #close(): Promise<void> {
    const outcome = await this.#writer.send([], "drained");
    if (outcome.type === "committed" && !outcome.fenced) {
      this.#end("drained", { type: "drained" });
    } else if (outcome.type !== "stopped") this.#fence();
  }

  get #ended(): boolean {
    return this.#state !== "open" && this.#state !== "halted";
  }

  #halt(reason: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "halted";
    this.#emit({ type: "halted", reason });
  }

  #resume(): void {
    if (this.#state !== "halted") return;
    this.#state = "open";
    this.#emit({ type: "resumed" });
  }

  #fence(): void {
    if (this.#ended) return;
    this.#end("fenced", { type: "fenced" });
    this.#refuse(this.#batcher.takeAll(), fencedError());
  }

  #abandon(): void {
    if (this.#ended) return;
    this.#end("abandoned", null);
    this.#stopped.abort();
    this.#refuse(this.#batcher.takeAll(), unknownError());
  }

  #end(state: LaneState, event: LaneEvent | null): void {
    this.#state = state;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#draining?.resolve(state === "drained");
    if (event !== null) this.#emit(event);
  }

  #refuse(batch: SizedEntry[], error: Error): void {
    this.#settle(batch, (done) => done.reject(error));
  }

  #settle(
    batch: SizedEntry[],
    end: (done: SizedEntry["done"]) => void,
  ): void {
    for (const sized of batch) {
      this.#backlog.remove(sized.bytes);
      end(sized.done);
    }
    this.#changed.ring();
  }

  #emit(event: LaneEvent): void {
    for (const listener of this.#listeners) {
      queueMicrotask(() => listener(event));
    }
    this.#changed.ring();
  }
}

function fencedError(): FencedError {
  return new FencedError("Another process has taken over this one's work");
}

function unknownError(): StorageError {
  return new StorageError(
    "The store did not say whether a change was saved.",
    { code: "storage_unknown" },
  );
}
