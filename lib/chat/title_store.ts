/** Reads and writes of titles that a model makes. */
import { commit } from "@/lib/kv/commit.ts";
import { messageKey, runKey, threadKey } from "@/lib/kv/keys.ts";
import { get, getMany } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { MessageRecord, RunRecord, ThreadRecord } from "./records.ts";
import type { ThreadStore } from "./thread_store.ts";

/** What a title is made of. */
export interface TitleMaterial {
  run: RunRecord;
  question: string;
  answer: string;
}

/** How many earlier questions without an answer may stand before the first that got one. */
const MAX_EARLIER_MESSAGES = 10;

/** How often a title is tried to be written while the thread changes. */
const MAX_CONFLICTS = 10;

export class TitleStore {
  readonly #store: Store;
  readonly #threads: ThreadStore;

  constructor(store: Store, threads: ThreadStore) {
    this.#store = store;
    this.#threads = threads;
  }

  /** Whether a thread may get a title from a model. */
  async isWanted(space: string, threadId: string): Promise<boolean> {
    const { value } = await get<ThreadRecord>(
      this.#store,
      threadKey(space, threadId),
    );
    return value !== null && wantsTitle(value);
  }

  /**
   * Question and answer of a run that has completed, or null when it does not call for a title: the
   * thread has one from its owner or from a model, is temporary or deleted, or had an answer before.
   */
  async load(
    space: string,
    threadId: string,
    runId: string,
    signal: AbortSignal,
  ): Promise<TitleMaterial | null> {
    const [{ value: thread }, { value: run }] = await getMany<
      [ThreadRecord, RunRecord]
    >(
      this.#store,
      [threadKey(space, threadId), runKey(space, runId)],
      { signal },
    );
    if (thread === null || !wantsTitle(thread)) return null;
    if (
      run === null || run.threadId !== threadId || run.status !== "completed"
    ) return null;
    const [{ value: question }, { value: answer }] = await getMany<
      [MessageRecord, MessageRecord]
    >(
      this.#store,
      [
        messageKey(space, threadId, run.questionId),
        messageKey(space, threadId, run.messageId),
      ],
      { signal },
    );
    if (question === null || answer === null) return null;
    if (!await this.#isFirstAnswer(space, question, signal)) return null;
    const [asked, answered] = await this.#threads.readTexts(
      [question.text, answer.text],
    );
    return { run, question: asked, answer: answered };
  }

  async #isFirstAnswer(
    space: string,
    question: MessageRecord,
    signal: AbortSignal,
  ): Promise<boolean> {
    let { parentId } = question;
    for (let seen = 0; parentId !== null; seen += 1) {
      if (seen === MAX_EARLIER_MESSAGES) return false;
      const key = messageKey(space, question.threadId, parentId);
      const { value } = await get<MessageRecord>(this.#store, key, { signal });
      if (value === null) return false;
      if (value.role === "assistant" && value.status === "complete") {
        return false;
      }
      parentId = value.parentId;
    }
    return true;
  }

  /**
   * Gives a thread the title that was made from a run's answer. False: the thread does not want one any
   * more, and nothing was written. A change of the thread that comes between is never overwritten.
   */
  async setTitle(
    space: string,
    threadId: string,
    runId: string,
    title: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const key = threadKey(space, threadId);
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt += 1) {
      const { value, versionstamp } = await get<ThreadRecord>(
        this.#store,
        key,
        { signal },
      );
      if (value === null || !wantsTitle(value)) return false;
      const unit = new UnitOfWork()
        .guard(key, versionstamp, {
          ...value,
          title,
          titledBy: runId,
          version: value.version + 1,
        })
        .event(space, {
          type: "thread.updated",
          at: this.#store.clock.now(),
          subject: threadId,
          data: { fields: ["title"] },
        });
      if ((await commit(this.#store, unit, { signal })).ok) return true;
    }
    return false;
  }
}

/** Whether a thread may get a title from a model. */
function wantsTitle(thread: ThreadRecord): boolean {
  return thread.titleSource === "auto" && !thread.titledBy &&
    !thread.temporary && !thread.deletedAt;
}
