import type { LaneEntry } from "./batcher.ts";
import { sleep } from "@/lib/clock.ts";
import { withDeadline } from "./deadline.ts";
import { parseLaneKey } from "./keys.ts";
import {
  addUp,
  counterRow,
  type CounterValues,
  type LaneCounter,
} from "./lane_counter.ts";
import { LogTrim } from "./log_trim.ts";
import { outboxRows } from "./outbox.ts";
import { ledgerRows, logRows, type PageBatch } from "./pages.ts";
import { isRefusal } from "./refusal.ts";
import type { Store, Versioned } from "./store.ts";
import { newToken } from "./token.ts";

/** What the head of a lane holds. */
export interface LaneHead extends Versioned {
  readonly v: 1;
  /** Number of the last batch; 0 is the birth of the lane. */
  readonly n: number;
  /** Token of the last batch. Whoever fences the lane keeps it, so the owner still recognises it. */
  readonly token: string;
  /** Wall clock of the last write, milliseconds since 1970 UTC. */
  readonly at: number;
  readonly state: "open" | "drained" | "fenced";
  /** In a fenced head: the versionstamp of the head that it replaced. */
  readonly replaced?: string;
  /** In a fenced head: token of the write that fenced it. */
  readonly fencedBy?: string;
}

/** What became of a batch. */
export type SendOutcome =
  /** It counts. `fenced`: and it was the last one that could. */
  | {
    type: "committed";
    versionstamp: string;
    n: number;
    /** The batch's own time, milliseconds since 1970 UTC. */
    atMs: number;
    fenced: boolean;
  }
  /** The store does not take what is in it; it never counts. */
  | { type: "refused"; error: Error }
  /** Another process has the head; it never counts. */
  | { type: "fenced" }
  /** The lane was given up before the outcome was known. */
  | { type: "stopped" };

/** What a writer tells its lane, and what ends it. */
export interface LaneWriterHooks {
  /** Called when an outcome is not known at once. */
  halted(reason: unknown): void;
  /** Ends all waiting. */
  signal: AbortSignal;
}

/** A batch as it is sent, and what is to be remembered once it counts. */
interface BuiltBatch {
  operation: Deno.AtomicOperation;
  logPages: Deno.KvKey[];
  /** Log pages that it deletes. */
  trimmed: number;
  counters: ReadonlyMap<LaneCounter, CounterValues>;
  hasEvents: boolean;
  atMs: number;
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Sends the batches of a lane one after the other and finds out what became of each, however long that
 * takes: nothing is decided before the head has been read back, and until then the identical bytes are
 * all that is ever sent.
 */
export class LaneWriter {
  readonly #store: Store;
  readonly #key: Deno.KvKey;
  readonly #hooks: LaneWriterHooks;
  readonly #lane: { incarnation: string; lane: number };
  readonly #log = new LogTrim();
  #versionstamp: string;
  #n: number;

  constructor(
    store: Store,
    head: { key: Deno.KvKey; versionstamp: string; n: number },
    hooks: LaneWriterHooks,
  ) {
    this.#store = store;
    this.#key = head.key;
    this.#lane = parseLaneKey(head.key);
    this.#versionstamp = head.versionstamp;
    this.#n = head.n;
    this.#hooks = hooks;
  }

  /** Number of the last batch known to have committed. */
  get n(): number {
    return this.#n;
  }

  /** Versionstamp of the head as this lane wrote it last. */
  get versionstamp(): string {
    return this.#versionstamp;
  }

  /** See `Lane.trimLog`. */
  trimLog(beforeN: number): void {
    this.#log.trim(beforeN);
  }

  get logPages(): number {
    return this.#log.pages;
  }

  /** Sends a batch under the next number; resolves when it is known what became of it. */
  async send(
    entries: LaneEntry[],
    state: "open" | "drained",
  ): Promise<SendOutcome> {
    const { clock } = this.#store;
    const { signal } = this.#hooks;
    const token = newToken();
    const head: LaneHead = {
      v: 1,
      n: this.#n + 1,
      token,
      at: clock.now(),
      state,
    };
    const built = this.#build(entries, head);
    if (built instanceof Error) return { type: "refused", error: built };
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const answer = await this.#submit(built.operation);
      if (typeof answer === "string") {
        return this.#committed(answer, built, false);
      }
      const found = await this.#readHead();
      if (found === null) break;
      if (found.value?.token === token && found.versionstamp !== null) {
        const fenced = found.value.state === "fenced";
        return this.#committed(
          found.value.replaced ?? found.versionstamp,
          built,
          fenced,
        );
      }
      if (found.versionstamp !== this.#versionstamp) return { type: "fenced" };
      if (answer !== null) return { type: "refused", error: answer };
      await sleep(clock, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
    return { type: "stopped" };
  }

  /** Serialises the batch once: each submission of the operation sends the same bytes. */
  #build(entries: LaneEntry[], head: LaneHead): BuiltBatch | Error {
    const batch: PageBatch = { ...this.#lane, n: head.n, atMs: head.at };
    const logPages = logRows(batch, entries.flatMap(({ log }) => log ?? []));
    const shared = [
      ...logPages,
      ...ledgerRows(batch, entries.flatMap(({ ledger }) => ledger ?? [])),
      ...outboxRows(this.#store, entries.flatMap(({ events }) => events ?? [])),
    ];
    const counters = addUp(entries.flatMap(({ counters }) => counters ?? []));
    const trimmed = this.#log.next();
    const operation = this.#store.kv.atomic()
      .check({ key: this.#key, versionstamp: this.#versionstamp })
      .set(this.#key, head);
    try {
      for (const entry of entries) {
        for (const { key, value, expireInMs } of entry.sets ?? []) {
          operation.set(
            key,
            value,
            expireInMs === undefined ? undefined : { expireIn: expireInMs },
          );
        }
        for (const key of entry.deletes ?? []) operation.delete(key);
      }
      for (const { key, value } of shared) operation.set(key, value);
      for (const [{ key }, values] of counters) {
        operation.set(key, counterRow(values));
      }
      for (const { key } of trimmed) operation.delete(key);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    return {
      operation,
      logPages: logPages.map(({ key }) => key),
      trimmed: trimmed.length,
      counters,
      hasEvents: entries.some(({ events }) => (events?.length ?? 0) > 0),
      atMs: head.at,
    };
  }

  /** The versionstamp of the commit, the error by which the store refuses it, or null: not known. */
  async #submit(
    operation: Deno.AtomicOperation,
  ): Promise<string | TypeError | null> {
    try {
      const answer = await this.#call(operation.commit(), "commit");
      return answer.ok ? answer.versionstamp : null;
    } catch (error) {
      if (isRefusal(error)) return error;
      this.#hooks.halted(error);
      return null;
    }
  }

  /** Reads the head, as often as it takes; null when the lane is given up. */
  async #readHead(): Promise<Deno.KvEntryMaybe<LaneHead> | null> {
    const { clock, kv } = this.#store;
    const { signal } = this.#hooks;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        return await this.#call(
          kv.get<LaneHead>(this.#key, { consistency: "strong" }),
          "read back",
        );
      } catch (error) {
        this.#hooks.halted(error);
      }
      await sleep(clock, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
    return null;
  }

  #call<T>(call: PromiseLike<T>, what: string): Promise<T> {
    const { clock, deadlineMs } = this.#store;
    const { signal } = this.#hooks;
    return withDeadline(call, { clock, deadlineMs, signal, what });
  }

  #committed(
    versionstamp: string,
    { logPages, trimmed, counters, hasEvents, atMs }: BuiltBatch,
    fenced: boolean,
  ): SendOutcome {
    this.#versionstamp = versionstamp;
    this.#n += 1;
    this.#log.committed(this.#n, logPages, trimmed);
    for (const [counter, values] of counters) counter.committed(values);
    if (hasEvents) this.#store.eventsBell.ring();
    return { type: "committed", versionstamp, n: this.#n, atMs, fenced };
  }
}
