/**
 * Runs without a thread, in the store: programs ask for them over `/v1`. The answer is in the run's own
 * record. What was asked is kept only while another process may have to ask again.
 */
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { RunRecord, StoredText } from "./records.ts";
import { retentionRow, type RunRetention } from "./run_retention_store.ts";
import { runEvents } from "./run_rows.ts";
import type { OwnedRun, RunStore } from "./run_store.ts";
import { openTextKeys, sweepRows, type ThreadStore } from "./thread_store.ts";

interface PromptRecord {
  v: 1;
  text: StoredText;
}

/** What is written at once. */
type Rows = Required<Pick<LaneEntry, "sets" | "deletes">>;

export class LooseRunStore {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #runs: RunStore;
  readonly #texts: Pick<ThreadStore, "writeText" | "readTexts">;

  constructor(
    store: Store,
    owner: Owner,
    runs: RunStore,
    texts: Pick<ThreadStore, "writeText" | "readTexts">,
  ) {
    this.#store = store;
    this.#owner = owner;
    this.#runs = runs;
    this.#texts = texts;
  }

  /**
   * Begins a run that belongs to its request: it is written behind, so for a moment nobody else finds it.
   * @param onError told when it could not be written; its end writes all of it again
   */
  begin(
    space: string,
    run: RunRecord,
    onError: (error: unknown) => void,
  ): OwnedRun {
    const { incarnation } = this.#owner;
    const record = { ...run, owner: incarnation.id };
    const own = keys.ownKey(incarnation.id, "r", run.id);
    incarnation.lane.write({
      sets: [
        { key: keys.runKey(space, run.id), value: record },
        { key: own, value: { v: 1, ws: space } },
      ],
      events: runEvents(record, this.#store.clock.now())
        .map((event) => ({ space, event })),
      urgency: "soon",
    }).catch(onError);
    return this.#runs.own(space, record, incarnation);
  }

  /**
   * Stores a run that outlives its request, with what was asked. Null: the request was made twice, and
   * nothing was written.
   * @param prompt what another process needs to ask again
   * @param receipt what remembers the request
   */
  async start(
    space: string,
    run: RunRecord,
    prompt: string,
    receipt: UnitOfWork,
  ): Promise<OwnedRun | null> {
    await this.#runs.assertWriting();
    const { incarnation } = this.#owner;
    const text = await this.#texts.writeText(prompt);
    const record = { ...run, owner: incarnation.id };
    const asked: PromptRecord = { v: 1, text };
    const unit = incarnation.checkFence(new UnitOfWork())
      .guard(keys.runKey(space, run.id), null, record)
      .set(keys.runPromptKey(space, run.id), asked)
      .set(keys.ownKey(incarnation.id, "r", run.id), { v: 1, ws: space })
      .add(receipt);
    for (const key of openTextKeys(text)) unit.delete(key);
    for (const event of runEvents(record, this.#store.clock.now())) {
      unit.event(space, event);
    }
    return await this.#runs.commitOwning(unit, record.id)
      ? this.#runs.own(space, record, incarnation)
      : null;
  }

  /** What was asked, as `start` was given it; null when it is not kept. */
  async readPrompt(space: string, runId: string): Promise<string | null> {
    const key = keys.runPromptKey(space, runId);
    const { value } = await get<PromptRecord>(this.#store, key);
    return value === null
      ? null
      : (await this.#texts.readTexts([value.text]))[0];
  }
}

/** What the end of a run without a thread writes besides its record, log, ledger row and events. */
export async function looseEnd(
  store: Store,
  space: string,
  record: RunRecord,
  text: StoredText,
  retention: RunRetention,
): Promise<Rows> {
  const promptKey = keys.runPromptKey(space, record.id);
  const { value: asked } = record.isAttached
    ? { value: null }
    : await get<PromptRecord>(store, promptKey);
  return {
    sets: [
      retentionRow(space, record, retention),
      ...(asked === null ? [] : sweepRows(asked.text)),
    ],
    deletes: [
      ...openTextKeys(text),
      ...(asked === null ? [] : [promptKey]),
    ],
  };
}
