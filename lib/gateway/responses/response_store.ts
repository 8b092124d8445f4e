/** What was asked for a Response, kept as long as its run, so that it can be retrieved and gone on from. */
import type { RunRecord, StoredText } from "@/lib/chat/records.ts";
import {
  openTextKeys,
  sweepRows,
  type ThreadStore,
} from "@/lib/chat/thread_store.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { InputItem, ResponseFields } from "./input.ts";

/** What is kept of a request. */
export interface StoredRequest {
  request: ResponseFields;
  /** Its own input, each with an id; not what came before it. */
  items: (InputItem & { id: string })[];
  /** Runs of the Responses that it goes on from, oldest first. */
  earlier: string[];
}

interface ResponseRecord {
  v: 1;
  text: StoredText;
  /** Milliseconds since 1970 UTC. */
  expiresAt: number;
}

/** Longer than any run takes: what was asked must not go before what was answered. */
const LONGEST_RUN_MS = 24 * 60 * 60_000;

const DELETE_ATTEMPTS = 5;

export class ResponseStore {
  readonly #store: Store;
  readonly #texts: Pick<ThreadStore, "writeText" | "readTexts">;
  readonly #keptMs: number;

  /** @param keptMs how long records of runs are kept after their end */
  constructor(
    store: Store,
    texts: Pick<ThreadStore, "writeText" | "readTexts">,
    keptMs: number,
  ) {
    this.#store = store;
    this.#texts = texts;
    this.#keptMs = keptMs + LONGEST_RUN_MS;
  }

  /**
   * Keeps a request; one that is there already stays.
   * @throws {StorageError} when it could not be written
   */
  async write(
    space: string,
    runId: string,
    request: StoredRequest,
  ): Promise<void> {
    const expireInMs = this.#keptMs;
    const text = await this.#texts.writeText(
      JSON.stringify(request),
      expireInMs,
    );
    const record: ResponseRecord = {
      v: 1,
      text,
      expiresAt: this.#store.clock.now() + expireInMs,
    };
    const unit = new UnitOfWork().guard(
      keys.responseKey(space, runId),
      null,
      record,
      { expireInMs },
    );
    for (const key of openTextKeys(text)) unit.delete(key);
    await commit(this.#store, unit);
  }

  /** Null when nothing is kept. */
  async read(space: string, runId: string): Promise<StoredRequest | null> {
    const { value } = await get<ResponseRecord>(
      this.#store,
      keys.responseKey(space, runId),
    );
    if (value === null || value.expiresAt <= this.#store.clock.now()) {
      return null;
    }
    const [json] = await this.#texts.readTexts([value.text]);
    return JSON.parse(json);
  }

  /**
   * Removes a request together with the ended run that answered it; what the run cost stays in the ledger.
   * @returns whether it is gone; false while others write
   */
  async delete(space: string, runId: string): Promise<boolean> {
    const requestKey = keys.responseKey(space, runId);
    const runKey = keys.runKey(space, runId);
    for (let attempt = 0; attempt < DELETE_ATTEMPTS; attempt += 1) {
      const [request, run] = await Promise.all([
        get<ResponseRecord>(this.#store, requestKey),
        get<RunRecord>(this.#store, runKey),
      ]);
      if (request.value === null) return true;
      const now = this.#store.clock.now();
      const unit = new UnitOfWork()
        .check(requestKey, request.versionstamp)
        .check(runKey, run.versionstamp)
        // By this row the sweep finds the log of a run that is gone.
        .guard(keys.runRetentionKey(now, space, runId), null, { v: 1 })
        .delete(requestKey)
        .delete(runKey)
        .delete(keys.runControlKey(space, runId));
      for (const text of [request.value.text, run.value?.text]) {
        if (text === undefined) continue;
        for (const { key, value } of sweepRows(text)) unit.set(key, value);
      }
      if ((await commit(this.#store, unit)).ok) return true;
    }
    return false;
  }
}
