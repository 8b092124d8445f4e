/** Runs in the store while this process owns them: their starts, their logs, their ends. */
import { StorageError } from "@/lib/errors.ts";
import type { Clock } from "@/lib/clock.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { CounterAdd } from "@/lib/kv/lane_counter.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { readSegments } from "@/lib/streams/log_reader.ts";
import { LogWriter, type RunLog } from "@/lib/streams/log_writer.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { ledgerEntry } from "@/lib/usage/ledger_store.ts";
import type {
  IdempotencyRef,
  MessageRecord,
  RunRecord,
  StoredText,
  ThreadRecord,
} from "./records.ts";
import { looseEnd } from "./loose_run_store.ts";
import { eventsFromText } from "./run_events.ts";
import { retentionRow, type RunRetention } from "./run_retention_store.ts";
import { activityOf, answerOf, expiryOfRun, runEvents } from "./run_rows.ts";
import {
  LIST_ENTRY,
  listKey,
  type LoadedThread,
  openTextKeys,
  sweepRows,
  type ThreadStore,
} from "./thread_store.ts";

/** What the start of a run writes. */
export interface RunStart {
  /** The question to add, or null when it is there. */
  question: MessageRecord | null;
  /** Its text. */
  text: string | null;
  /** A title for a thread that has none of its own yet. */
  title: string | null;
  /** The model to remember for the thread, or null to leave it. */
  threadModel: string | null;
  run: RunRecord;
  /** What remembers the request, so that its repetition starts nothing. */
  receipt: UnitOfWork;
}

/** What lets a run go on. */
export interface RunResume {
  /** The record in its new state. */
  run: RunRecord;
  /** Of the record as it was. */
  versionstamp: string;
  /** The answer as far as it had come. */
  answer: MessageRecord;
  receipt: UnitOfWork;
}

/** A run that this process owns, with its place in the store. */
export interface OwnedRun {
  readonly space: string;
  readonly record: RunRecord;
  /** What it is owned by; it stays with that even when another one follows. */
  readonly incarnation: Incarnation;
  readonly log: RunLog;
}

/** What the store has of a run's events. */
export interface StoredEvents {
  record: RunRecord;
  events: PlacedEvent[];
  /** Whether every place of the epoch is among them. */
  isComplete: boolean;
}

/** How a run has ended. */
export interface StoredEnd {
  /** The record in its last state. */
  record: RunRecord;
  text: string;
  /** The event that ends the stream. */
  last: PlacedEvent;
  ledger: LedgerRow;
  /** What the row counts for. */
  counters?: readonly CounterAdd[];
}

/** What an attempt has cost that is over. */
export type AttemptEnd = Pick<StoredEnd, "ledger" | "counters">;

/** How long a start waits for a halted lane, in milliseconds. */
const REOPEN_DEADLINE_MS = 2_000;

/** Segments in one entry of the lane: each is 32 KiB at most, an entry may hold 600 KiB. */
const SEGMENTS_PER_ENTRY = 12;

export class RunStore {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #threads: ThreadStore;
  /** How long the rest of an ended run is kept. */
  readonly retention: RunRetention;
  /** Runs that may have come to this process by a commit whose outcome was never learned. */
  readonly unsure = new Set<string>();
  #logs: LogWriter;

  constructor(
    store: Store,
    owner: Owner,
    threads: ThreadStore,
    retention: RunRetention,
  ) {
    this.#store = store;
    this.retention = retention;
    this.#owner = owner;
    this.#threads = threads;
    this.#logs = new LogWriter(owner.incarnation.lane, store.clock);
    owner.subscribe(({ lane }) => {
      this.#logs = new LogWriter(lane, store.clock);
    });
  }

  /** Time, as the store has it. */
  get clock(): Clock {
    return this.#store.clock;
  }

  /** Incarnation that owns the runs started here. */
  get owner(): string {
    return this.#owner.incarnation.id;
  }

  async readRun(space: string, runId: string): Promise<RunRecord | null> {
    return (await get<RunRecord>(this.#store, keys.runKey(space, runId)))
      .value;
  }

  async loadRun(
    space: string,
    runId: string,
  ): Promise<{ record: RunRecord; versionstamp: string } | null> {
    const { value, versionstamp } = await get<RunRecord>(
      this.#store,
      keys.runKey(space, runId),
    );
    return versionstamp === null ? null : { record: value, versionstamp };
  }

  /**
   * Stores question, run, answer-to-be, ownership and the thread's activity in one atomic. Null: the
   * thread changed since it was loaded, or the request was made twice, and nothing was written.
   */
  async startRun(
    space: string,
    loaded: LoadedThread,
    start: RunStart,
  ): Promise<OwnedRun | null> {
    await this.assertWriting();
    const { incarnation } = this.#owner;
    const run: RunRecord = {
      ...start.run,
      owner: incarnation.id,
      madeBy: requestOf(start.receipt),
    };
    const { question } = start;
    const expiry = expiryOfRun(run);
    const unit = this.#beginning(space, loaded, start, run)
      .guard(keys.runKey(space, run.id), null, run, expiry)
      .add(start.receipt)
      .set(
        keys.messageKey(space, run.threadId, run.messageId),
        answerOf(run, { inline: "" }),
        expiry,
      );
    if (question !== null) {
      const key = keys.messageKey(space, run.threadId, question.id);
      const text = await this.#threads.writeText(
        start.text ?? "",
        expiry.expireInMs,
      );
      unit.check(key, null).set(key, { ...question, text }, expiry);
      for (const open of openTextKeys(text)) unit.delete(open);
      if (!run.temporary) {
        unit.event(space, {
          type: "message.created",
          at: this.#store.clock.now(),
          subject: question.id,
          data: { threadId: run.threadId },
        });
      }
    }
    return await this.commitOwning(unit, run.id)
      ? this.own(space, run, incarnation)
      : null;
  }

  /**
   * Lets an interrupted run go on under a higher epoch. Null: run or thread changed since they were
   * loaded, or the request was made twice, and nothing was written.
   */
  async resumeRun(
    space: string,
    loaded: LoadedThread,
    resume: RunResume,
  ): Promise<OwnedRun | null> {
    await this.assertWriting();
    const { incarnation } = this.#owner;
    const run: RunRecord = {
      ...resume.run,
      owner: incarnation.id,
      madeBy: requestOf(resume.receipt) ?? resume.run.madeBy,
    };
    const expiry = expiryOfRun(run);
    const key = keys.runKey(space, run.id);
    const unit = this.#beginning(space, loaded, null, run)
      .guard(key, resume.versionstamp, run, expiry)
      .add(resume.receipt)
      .delete(keys.runControlKey(space, run.id))
      .set(
        keys.messageKey(space, run.threadId, run.messageId),
        // The text that is kept stays where it is until the run has more.
        answerOf(run, resume.answer.text),
        expiry,
      );
    return await this.commitOwning(unit, run.id)
      ? this.own(space, run, incarnation)
      : null;
  }

  /**
   * Commits what makes this process the owner of a run. Whether it counted.
   * @throws {StorageError} `storage_unknown`: it may count even later, so the run is `unsure` from now on
   */
  async commitOwning(unit: UnitOfWork, runId: string): Promise<boolean> {
    try {
      return (await commit(this.#store, unit)).ok;
    } catch (error) {
      if (error instanceof StorageError && error.code === "storage_unknown") {
        this.unsure.add(runId);
      }
      throw error;
    }
  }

  /** What every beginning writes: the thread's records, ownership, events. */
  #beginning(
    space: string,
    { record, activity, ...loaded }: LoadedThread,
    start: Pick<RunStart, "title" | "threadModel"> | null,
    run: RunRecord,
  ): UnitOfWork {
    const { incarnation } = this.#owner;
    const now = this.#store.clock.now();
    const title = start?.title ?? null;
    const model = start?.threadModel ?? null;
    const isEdited = title !== null ||
      (model !== null && model !== record.model);
    const thread: ThreadRecord = {
      ...record,
      title: title ?? record.title,
      model: model ?? record.model,
      headMessageId: run.messageId,
      version: isEdited ? record.version + 1 : record.version,
    };
    const expiry = expiryOfRun(run);
    const threadKey = keys.threadKey(space, record.id);
    const activityKey = keys.threadActivityKey(space, record.id);
    const begun = activityOf(run);
    const unit = incarnation.checkFence(new UnitOfWork())
      .check(threadKey, loaded.recordVersionstamp)
      .set(threadKey, thread, expiry)
      .check(activityKey, loaded.activityVersionstamp)
      .set(activityKey, begun, expiry)
      .set(keys.ownKey(incarnation.id, "r", run.id), { v: 1, ws: space });
    if (!run.temporary) {
      unit.delete(listKey(space, record.id, activity.updatedAt))
        .set(listKey(space, record.id, begun.updatedAt), LIST_ENTRY);
      if (title !== null) {
        unit.event(space, {
          type: "thread.updated",
          at: now,
          subject: record.id,
          data: { fields: ["title"] },
        });
      }
    }
    for (const event of runEvents(run, now)) unit.event(space, event);
    return unit;
  }

  /** A run that this process has come to own by a commit of its own. */
  own(
    space: string,
    record: RunRecord,
    incarnation: Incarnation,
  ): OwnedRun {
    const { id, epoch } = record;
    const log = this.#logs.open({
      space,
      run: id,
      epoch,
      isLazy: record.isAttached === true,
      ...expiryOfRun(record),
    });
    return { space, record, incarnation, log };
  }

  /**
   * Waits for a store that is busy for a moment.
   * @throws {StorageError} when it takes no writes, before any are tried in vain
   */
  async assertWriting(): Promise<void> {
    const { lane } = this.#owner.incarnation;
    if (lane.state === "open") return;
    const late = new AbortController();
    const cancel = this.clock.after(REOPEN_DEADLINE_MS, () => late.abort());
    try {
      await lane.ready(late.signal);
    } catch (cause) {
      throw new StorageError(
        "The store does not accept writes at the moment. Your question was not stored.",
        { cause },
      );
    } finally {
      cancel();
    }
  }

  /**
   * Stores the end of a run in one lane batch: its state, the answer, the thread's activity, what it
   * cost and the last events. The run's owner alone writes the thread's activity while it answers.
   * @param withEvents false after the store has refused what is in an event: the text is what matters,
   *   and a replay is made of it
   */
  async finishRun(
    { space, incarnation: { lane }, log, record: begun }: OwnedRun,
    { record, text, last, ledger, counters }: StoredEnd,
    withEvents: boolean,
  ): Promise<void> {
    const expiry = expiryOfRun(record);
    const stored = await this.#threads.writeText(text, expiry.expireInMs);
    const segments = withEvents ? log.end(last) : [];
    const lastSegments = await writeEarlier(lane, segments);
    const isLoose = record.source !== undefined;
    const run = {
      key: keys.runKey(space, record.id),
      value: isLoose ? { ...record, text: stored } : record,
      ...expiry,
    };
    const { sets, deletes } = !isLoose
      ? await this.#threadEnd(space, begun, record, stored)
      : await looseEnd(this.#store, space, record, stored, this.retention);
    await lane.write({
      sets: [run, ...sets, ...lastSegments],
      deletes: [keys.ownKey(record.owner, "r", record.id), ...deletes],
      ledger: [ledgerEntry(space, ledger)],
      counters,
      events: runEvents(record, this.#store.clock.now())
        .map((event) => ({ space, event })),
      urgency: "now",
    });
    log.release();
  }

  /** What the end of a run says about its thread. */
  async #threadEnd(
    space: string,
    begun: RunRecord,
    record: RunRecord,
    stored: StoredText,
  ) {
    const expiry = expiryOfRun(record);
    const { threadId } = record;
    const activity = activityOf(record);
    const before = activityOf(begun).updatedAt;
    const sets = [
      {
        key: keys.messageKey(space, threadId, record.messageId),
        value: answerOf(record, stored),
        ...expiry,
      },
      {
        key: keys.threadActivityKey(space, threadId),
        value: activity,
        ...expiry,
      },
    ];
    const deletes = openTextKeys(stored);
    if (!record.temporary && activity.updatedAt !== before) {
      deletes.push(listKey(space, threadId, before));
    }
    const replaced = await this.#replacedText(space, record);
    const listed = record.temporary ? [] : [
      {
        key: listKey(space, threadId, activity.updatedAt),
        value: LIST_ENTRY,
      },
      retentionRow(space, record, this.retention),
    ];
    return { sets: [...sets, ...replaced, ...listed], deletes };
  }

  /** The text that an answer went on from and now has in itself: its parts are to be swept. */
  async #replacedText(space: string, record: RunRecord) {
    const { threadId, messageId, continues } = record;
    if (continues !== messageId) return [];
    const answer = await this.#threads.readMessage(
      space,
      threadId,
      messageId,
    );
    return sweepRows(answer?.text ?? { inline: "" });
  }

  /**
   * Begins the next attempt of a run that this process goes on to own, in one lane batch with what the
   * one before has cost. The log of that one is given up: nobody reads it from now on.
   * @param record in its new state, under the next epoch
   */
  async beginAgain(
    { space, incarnation, log }: OwnedRun,
    record: RunRecord,
    { ledger, counters }: AttemptEnd,
  ): Promise<OwnedRun> {
    await incarnation.lane.write({
      sets: [{
        key: keys.runKey(space, record.id),
        value: record,
        ...expiryOfRun(record),
      }],
      ledger: [ledgerEntry(space, ledger)],
      counters,
      events: runEvents(record, this.#store.clock.now())
        .map((event) => ({ space, event })),
      urgency: "now",
    });
    log.release();
    return this.own(space, record, incarnation);
  }

  /**
   * Leaves a run to another process: its last events, and what the attempt cost by estimate. The run
   * itself stays `running`, owned by an incarnation that is about to be closed.
   */
  async handOver(
    { space, incarnation: { lane }, log, record }: OwnedRun,
    { ledger, counters }: AttemptEnd,
  ): Promise<void> {
    const segments = log.rest();
    const lastSegments = await writeEarlier(lane, segments);
    const left: RunRecord = { ...record, isHandedOver: true };
    await lane.write({
      sets: [
        {
          key: keys.runKey(space, record.id),
          value: left,
          ...expiryOfRun(record),
        },
        ...lastSegments,
      ],
      ledger: [ledgerEntry(space, ledger)],
      counters,
      urgency: "now",
    });
  }

  /**
   * The events of a run's current epoch, from its beginning; null when there is no such run. They are
   * not complete when the log is not kept any more and its text takes the place of it.
   */
  async readRunEvents(
    space: string,
    runId: string,
  ): Promise<StoredEvents | null> {
    const record = await this.readRun(space, runId);
    if (record === null) return null;
    const { epoch, endSeq } = record;
    const of = { space, run: runId, epoch };
    const events = await readSegments(this.#store, of, -1);
    const isWhole = endSeq === null || events.length === endSeq + 1;
    if (events.length > 0 && isWhole) {
      return { record, events, isComplete: true };
    }
    const text = await this.readText(space, record);
    const told = eventsFromText(record, text);
    return { record, events: told, isComplete: told.length - 1 === endSeq };
  }

  /** The answer of a run as far as it is stored as a text; empty while it is only in the log. */
  async readText(space: string, record: RunRecord): Promise<string> {
    const text = record.source === undefined
      ? (await this.#threads.readMessage(
        space,
        record.threadId,
        record.messageId,
      ))?.text
      : record.text;
    return text === undefined ? "" : (await this.#threads.readTexts([text]))[0];
  }
}

/** How the request is remembered that made a run; a purge of the run forgets it too. */
function requestOf(receipt: UnitOfWork): IdempotencyRef | null {
  const [remembered] = receipt.checks;
  return remembered === undefined
    ? null
    : keys.parseIdempotencyKey(remembered.key);
}

type Segments = ReturnType<RunLog["end"]>;

/** Writes the segments that do not fit the last entry, and gives back those that do. */
async function writeEarlier(
  lane: Incarnation["lane"],
  segments: Segments,
): Promise<Segments> {
  const earlier = segments.slice(0, -SEGMENTS_PER_ENTRY);
  for (let from = 0; from < earlier.length; from += SEGMENTS_PER_ENTRY) {
    const sets = earlier.slice(from, from + SEGMENTS_PER_ENTRY);
    await lane.write({ sets, urgency: "now" });
  }
  return segments.slice(earlier.length);
}
