/** Reads and writes of runs: their records, their logs, and what they change about a thread. */
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import {
  isEnded,
  MESSAGE_STATUS,
  type MessageRecord,
  type RunRecord,
  type StoredText,
  type ThreadRecord,
} from "./records.ts";
import { eventsFromText, type SegmentRecord, textOf } from "./run_events.ts";
import {
  LIST_ENTRY,
  listKey,
  type LoadedThread,
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
}

/** How long a start waits for a halted lane, in milliseconds. */
const REOPEN_DEADLINE_MS = 2_000;

/** Segments in one entry of the lane: each is 25 KB at most, an entry may hold 600 KiB. */
const SEGMENTS_PER_ENTRY = 10;

export class RunStore {
  readonly #store: Store;
  readonly #incarnation: Incarnation;
  readonly #threads: ThreadStore;

  constructor(store: Store, incarnation: Incarnation, threads: ThreadStore) {
    this.#store = store;
    this.#incarnation = incarnation;
    this.#threads = threads;
  }

  /** Incarnation that owns the runs started here. */
  get owner(): string {
    return this.#incarnation.id;
  }

  async readRun(workspace: string, runId: string): Promise<RunRecord | null> {
    return (await get<RunRecord>(this.#store, keys.runKey(workspace, runId)))
      .value;
  }

  /**
   * Stores question, run, answer-to-be, ownership and the thread's activity in one atomic. Null: the
   * thread changed since it was loaded, and nothing was written.
   */
  async startRun(
    workspace: string,
    loaded: LoadedThread,
    start: RunStart,
  ): Promise<{ run: RunRecord } | null> {
    await this.#assertWriting();
    const { run, question } = start;
    const { record, activity } = loaded;
    const edited = start.title !== null || start.threadModel !== null;
    const thread: ThreadRecord = {
      ...record,
      title: start.title ?? record.title,
      model: start.threadModel ?? record.model,
      headMessageId: run.messageId,
      version: edited ? record.version + 1 : record.version,
    };
    const threadKey = keys.threadKey(workspace, record.id);
    const unit = this.#incarnation.checkFence(new UnitOfWork())
      .guard(keys.runKey(workspace, run.id), null, run)
      .check(threadKey, loaded.recordVersionstamp)
      .check(
        keys.threadActivityKey(workspace, record.id),
        loaded.activityVersionstamp,
      )
      .set(keys.threadActivityKey(workspace, record.id), {
        v: 1,
        updatedAt: run.createdAt,
        activeRunId: run.id,
        unread: false,
      })
      .set(threadKey, thread)
      .set(keys.ownKey(this.owner, "r", run.id), { v: 1, ws: workspace })
      .delete(listKey(workspace, record.id, activity.updatedAt))
      .set(listKey(workspace, record.id, run.createdAt), LIST_ENTRY)
      .set(
        keys.messageKey(workspace, record.id, run.messageId),
        answer(run, { inline: "" }),
      );
    if (question !== null) {
      const key = keys.messageKey(workspace, record.id, question.id);
      unit.check(key, null).set(key, {
        ...question,
        text: await this.#threads.writeText(start.text ?? ""),
      });
    }
    const { ok } = await commit(this.#store, unit);
    return ok ? { run } : null;
  }

  /**
   * Waits for a store that is busy for a moment.
   * @throws {StorageError} when it takes no writes, before any are tried in vain
   */
  async #assertWriting(): Promise<void> {
    if (this.#incarnation.lane.state === "open") return;
    try {
      await this.#incarnation.lane.ready(
        AbortSignal.timeout(REOPEN_DEADLINE_MS),
      );
    } catch (cause) {
      throw new StorageError(
        "The store does not accept writes at the moment. Your question was not stored.",
        { cause },
      );
    }
  }

  /** Adds segments to a run's log, in the lane. */
  async appendEvents(
    workspace: string,
    run: RunRecord,
    segments: PlacedEvent[][],
  ): Promise<void> {
    const writes: Promise<unknown>[] = [];
    for (let from = 0; from < segments.length; from += SEGMENTS_PER_ENTRY) {
      const group = segments.slice(from, from + SEGMENTS_PER_ENTRY);
      writes.push(this.#incarnation.lane.write({
        sets: segmentSets(workspace, run, group),
        urgency: "now",
      }));
    }
    await Promise.all(writes);
  }

  /**
   * Stores the end of a run in one lane batch: its state, the answer, the thread's activity and the last
   * events. The run's owner alone writes the thread's activity while it answers.
   */
  async finishRun(
    workspace: string,
    run: RunRecord,
    text: string,
    segments: PlacedEvent[][],
  ): Promise<void> {
    const message = answer(run, await this.#threads.writeText(text));
    const { sets, deletes } = this.#ending(workspace, run, message);
    const earlier = segments.slice(0, -SEGMENTS_PER_ENTRY);
    await this.appendEvents(workspace, run, earlier);
    const last = segments.slice(earlier.length);
    await this.#incarnation.lane.write({
      sets: [...sets, ...segmentSets(workspace, run, last)],
      deletes,
      urgency: "now",
    });
  }

  #ending(workspace: string, run: RunRecord, message: MessageRecord) {
    const updatedAt = run.finishedAt ?? run.startedAt;
    return {
      sets: [
        { key: keys.runKey(workspace, run.id), value: run },
        {
          key: keys.messageKey(workspace, run.threadId, message.id),
          value: message,
        },
        {
          key: keys.threadActivityKey(workspace, run.threadId),
          value: {
            v: 1 as const,
            updatedAt,
            activeRunId: null,
            unread: true,
          },
        },
        { key: listKey(workspace, run.threadId, updatedAt), value: LIST_ENTRY },
      ],
      deletes: [
        keys.ownKey(run.owner, "r", run.id),
        ...(updatedAt === run.createdAt
          ? []
          : [listKey(workspace, run.threadId, run.createdAt)]),
      ],
    };
  }

  /** The events of a run's current epoch, from its beginning; null when there is no such run. */
  async readRunEvents(
    workspace: string,
    runId: string,
  ): Promise<{ epoch: number; events: PlacedEvent[] } | null> {
    const run = await this.readRun(workspace, runId);
    if (run === null) return null;
    const { epoch } = run;
    const events = await this.#readLog(workspace, runId, epoch);
    const isWhole = run.endSeq === null || events.length === run.endSeq + 1;
    if (events.length > 0 && isWhole) return { epoch, events };
    const message = await this.#threads.readMessage(
      workspace,
      run.threadId,
      run.messageId,
    );
    const text = message === null
      ? ""
      : (await this.#threads.readTexts([message.text]))[0];
    return { epoch, events: eventsFromText(run, text) };
  }

  async #readLog(
    workspace: string,
    runId: string,
    epoch: number,
  ): Promise<PlacedEvent[]> {
    const events: PlacedEvent[] = [];
    const rows = list<SegmentRecord>(
      this.#store,
      keys.runLogAfter(workspace, runId, epoch, -1),
    );
    for await (const { value } of rows) {
      // A write that was repeated may have left segments that overlap.
      const known = events.length - value.firstSeq;
      if (known < 0) break;
      for (const event of value.events.slice(known)) {
        events.push({ position: { epoch, seq: events.length }, event });
      }
    }
    return events;
  }

  /**
   * Ends a run whose owner is gone as `interrupted`, with the text that had reached the store. The epoch
   * rises, since followers may have seen more than that. A run that has ended is left alone.
   */
  async interruptRun(
    workspace: string,
    owner: string,
    runId: string,
    ownership: Deno.KvKey,
  ): Promise<boolean> {
    const entry = await get<RunRecord>(
      this.#store,
      keys.runKey(workspace, runId),
    );
    const found = entry.value;
    if (found === null || isEnded(found.status) || found.owner !== owner) {
      await this.#incarnation.lane.write({
        deletes: [ownership],
        urgency: "now",
      });
      return false;
    }
    const text = textOf(await this.#readLog(workspace, runId, found.epoch));
    const run: RunRecord = {
      ...found,
      status: "interrupted",
      epoch: found.epoch + 1,
      finishedAt: new Date().toISOString(),
    };
    run.endSeq = eventsFromText(run, text).length - 1;
    const message = answer(run, await this.#threads.writeText(text));
    const { sets, deletes } = this.#ending(workspace, run, message);
    const unit = this.#incarnation.checkFence(new UnitOfWork())
      .guard(sets[0].key, entry.versionstamp, run);
    for (const { key, value } of sets.slice(1)) unit.set(key, value);
    for (const key of deletes) unit.delete(key);
    return (await commit(this.#store, unit)).ok;
  }
}

function answer(run: RunRecord, text: StoredText): MessageRecord {
  return {
    v: 1,
    id: run.messageId,
    threadId: run.threadId,
    parentId: run.questionId,
    role: "assistant",
    text,
    status: MESSAGE_STATUS[run.status],
    runId: run.id,
    model: run.model,
    usage: run.usage,
    error: run.error,
    createdAt: run.createdAt,
  };
}

function segmentSets(
  workspace: string,
  run: RunRecord,
  segments: PlacedEvent[][],
) {
  return segments.map((segment) => {
    const value: SegmentRecord = {
      v: 1,
      firstSeq: segment[0].position.seq,
      events: segment.map((placed) => placed.event),
    };
    const lastSeq = segment[segment.length - 1].position.seq;
    return {
      key: keys.runLogKey(workspace, run.id, run.epoch, lastSeq),
      value,
    };
  });
}
