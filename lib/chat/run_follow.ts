/** Follows a run to its end, wherever it is executed, and across its owners. */
import { sleep } from "@/lib/clock.ts";
import type { RunStatus } from "@/lib/shared/wire.ts";
import type { Tail } from "@/lib/streams/durable/piece.ts";
import { lastWholeSeq } from "@/lib/streams/durable/whole_chunks.ts";
import {
  Batches,
  type BatchResult,
  NO_MORE_BATCHES,
} from "@/lib/streams/batches.ts";
import { type After, followLive, replayEnded } from "@/lib/streams/follow.ts";
import { isTerminal, type PlacedEvent } from "@/lib/streams/live_run.ts";
import type { Mirrors } from "@/lib/streams/mirror.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { type RunRecord } from "./records.ts";
import { notFound } from "./refusals.ts";
import type { RunClaimStore } from "./run_claim_store.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";

/** How long a follower waits before it looks who has the run now, in milliseconds. */
const LOOK_AGAIN_MS = 100;

type Source = (after: After) => AsyncGenerator<PlacedEvent[], void, void>;

export class RunFollow {
  readonly #store: RunStore;
  readonly #claims: RunClaimStore;
  readonly #runs: Runs;
  readonly #mirrors: Mirrors;

  constructor(
    store: RunStore,
    claims: RunClaimStore,
    runs: Runs,
    mirrors: Mirrors,
  ) {
    this.#store = store;
    this.#claims = claims;
    this.#runs = runs;
    this.#mirrors = mirrors;
  }

  /**
   * The events of a run from a place on, in batches, until the one that ends it. Ends without that one
   * when the signal aborts, the process goes down, or the run is gone: a client comes back then.
   */
  follow(
    space: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): Batches {
    return new RunBatches(after, async (isAgain) => {
      if (isAgain) await sleep(this.#store.clock, LOOK_AGAIN_MS, signal);
      return signal.aborted || this.#runs.isDraining
        ? null
        : await this.#source(space, runId, signal);
    });
  }

  /** Where the events are now: in memory, in another process's log, or in the store for good. */
  async #source(
    space: string,
    runId: string,
    signal: AbortSignal,
  ): Promise<Source | null> {
    const live = this.#runs.live(runId);
    if (live !== null && (!live.closed || live.hasEnded)) {
      return (after) => followLive(live, after, signal);
    }
    const record = await this.#store.readRun(space, runId);
    if (record === null) return null;
    if (!isEnded(record.status)) {
      return (after) =>
        this.#mirrors.follow(
          stateOf(record),
          {
            space,
            run: runId,
            readState: async () => {
              const now = await this.#store.readRun(space, runId);
              return now === null ? null : stateOf(now);
            },
            tellOwner: () => this.#claims.requestFollow(space, record),
          },
          after === "unknown" ? null : after,
          signal,
          (mirrored) => followLive(mirrored, after, signal),
        );
    }
    const stored = await this.#store.readRunEvents(space, runId);
    if (stored === null) return null;
    const { record: { epoch }, events, isComplete } = stored;
    return (after) => replayEnded(epoch, events, after, isComplete);
  }

  /**
   * Makes sure that there is such a run, of a thread or without one.
   * @throws {AppError} 404 `not_found`
   */
  async assertRun(space: string, runId: string): Promise<void> {
    const record = this.#runs.executed(space, runId) ??
      await this.#store.readRun(space, runId);
    if (record === null) throw notFound("run");
  }

  /** Where the newest event of a run is; null when another process writes it, or it is gone. */
  async tail(space: string, runId: string): Promise<Tail | null> {
    const live = this.#runs.live(runId);
    if (live !== null && (!live.closed || live.hasEnded)) {
      const { epoch, hasEnded: isClosed } = live;
      const seq = lastWholeSeq(live);
      return { position: seq < 0 ? null : { epoch, seq }, isClosed };
    }
    const record = await this.#store.readRun(space, runId);
    if (record === null || !isEnded(record.status)) return null;
    const { epoch, endSeq } = record;
    return endSeq === null
      ? null
      : { position: { epoch, seq: endSeq }, isClosed: true };
  }

  /** Waits until a run has ended, or so long; gives its record then, or null when it is gone. */
  async untilEnded(
    space: string,
    runId: string,
    deadlineMs: number,
  ): Promise<{ record: RunRecord; status: RunStatus } | null> {
    const enough = new AbortController();
    const cancel = this.#store.clock.after(deadlineMs, () => enough.abort());
    const { signal } = enough;
    try {
      for await (const _ of this.follow(space, runId, null, signal));
    } finally {
      cancel();
      enough.abort();
    }
    const record = await this.#store.readRun(space, runId);
    return record === null ? null : { record, status: record.status };
  }
}

function stateOf({ epoch, owner, endSeq }: RunRecord) {
  return { epoch, owner, endSeq };
}

/** The events of one source after the other, each from where the one before has ended. */
class RunBatches extends Batches {
  readonly #find: (isAgain: boolean) => Promise<Source | null>;
  #place: After;
  #events: ReturnType<Source> | null = null;
  #hadSource = false;
  #isOver = false;

  /** @param find where the events are now; null when there are no more */
  constructor(
    place: After,
    find: (isAgain: boolean) => Promise<Source | null>,
  ) {
    super();
    this.#place = place;
    this.#find = find;
  }

  next(): Promise<BatchResult> {
    if (this.#isOver) return Promise.resolve(NO_MORE_BATCHES);
    return this.#events?.next().then(this.#taken, this.#failed) ??
      this.#nextSource();
  }

  async return(): Promise<BatchResult> {
    this.#isOver = true;
    await this.#events?.return();
    return NO_MORE_BATCHES;
  }

  readonly #taken = (
    result: BatchResult,
  ): BatchResult | Promise<BatchResult> => {
    if (result.done) {
      this.#events = null;
      return this.#isOver ? NO_MORE_BATCHES : this.#nextSource();
    }
    const last = result.value[result.value.length - 1];
    this.#place = last.position;
    if (isTerminal(last.event)) void this.return();
    return result;
  };

  readonly #failed = (error: unknown): never => {
    this.#isOver = true;
    throw error;
  };

  async #nextSource(): Promise<BatchResult> {
    const isAgain = this.#hadSource;
    this.#hadSource = true;
    let source: Source | null = null;
    try {
      source = await this.#find(isAgain);
    } finally {
      this.#isOver ||= source === null;
    }
    if (source === null || this.#isOver) return NO_MORE_BATCHES;
    this.#events = source(this.#place);
    return await this.next();
  }
}
