/** Responses that were stored, made again of what was asked and of the events of their runs. */
import type { RunRecord } from "@/lib/chat/records.ts";
import { AppError } from "@/lib/errors.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { Gateway } from "../gateway.ts";
import { endedEarly } from "../run_failure.ts";
import { type InputItem, refused, type ResponseFields } from "./input.ts";
import { Progress } from "./progress.ts";
import {
  NEW_STATE,
  responseId,
  type ResponseObject,
  runIdOf,
  toResponse,
  toResponseStatus,
  unixSeconds,
} from "./response_object.ts";
import type { ResponseStore, StoredRequest } from "./response_store.ts";

/** Most Responses that one goes on from; each is read again. */
const MAX_EARLIER = 500;

/** Responses that are read at the same time. */
const PARALLEL_READS = 8;

/** A Response that can be retrieved. */
export interface FoundResponse {
  record: RunRecord;
  stored: StoredRequest;
}

export class StoredResponses {
  readonly #gateway: Gateway;
  readonly #store: Pick<ResponseStore, "read">;

  constructor(gateway: Gateway, store: Pick<ResponseStore, "read">) {
    this.#gateway = gateway;
    this.#store = store;
  }

  /**
   * What the Responses have asked and answered that this one goes on from.
   * @throws {AppError} 400 `previous_response_not_found`; 400 `invalid_request` for one that goes on
   */
  async before(
    space: string,
    { previous_response_id: id }: ResponseFields,
    signal: AbortSignal,
  ): Promise<{ runs: string[]; items: InputItem[] }> {
    if (!id) return { runs: [], items: [] };
    const { record, stored } = await this.#previous(space, id, id);
    const runs = [...stored.earlier, record.id];
    if (runs.length > MAX_EARLIER) {
      const message = `goes on from more than ${MAX_EARLIER} responses`;
      throw refused("previous_response_id", message);
    }
    const items: InputItem[] = [];
    for (let from = 0; from < runs.length; from += PARALLEL_READS) {
      const group = runs.slice(from, from + PARALLEL_READS);
      const read = group.map((run) =>
        this.#conversation(space, responseId(run), id, signal)
      );
      items.push(...(await Promise.all(read)).flat());
    }
    return { runs, items };
  }

  async #conversation(
    space: string,
    id: string,
    asked: string,
    signal: AbortSignal,
  ): Promise<InputItem[]> {
    const found = await this.#previous(space, id, asked);
    const { output } = await this.read(space, found, signal);
    return [...found.stored.items, ...output as InputItem[]];
  }

  async #previous(
    space: string,
    id: string,
    asked: string,
  ): Promise<FoundResponse> {
    const found = await this.find(space, id);
    const path = "previous_response_id";
    if (found === null) {
      const message = `the response "${asked.slice(0, 100)}" is not there, or ${
        id === asked ? "was not stored" : "one before it is gone"
      }`;
      throw refused(path, message, "previous_response_not_found");
    }
    if (isEnded(found.record.status)) return found;
    throw refused(path, "the response is still in progress");
  }

  /** Null when there is none, or it was not to be stored. */
  async find(space: string, id: string): Promise<FoundResponse | null> {
    const runId = runIdOf(id);
    if (runId === null) return null;
    const stored = await this.#store.read(space, runId);
    if (stored === null) return null;
    try {
      const { record } = await this.#gateway.run(space, runId);
      return { record, stored };
    } catch (error) {
      if (error instanceof AppError && error.status === 404) return null;
      throw error;
    }
  }

  /**
   * A Response as it is now; its output is there once it has ended.
   * @throws {AppError} 503 `run_interrupted` when the process goes down
   */
  async read(
    space: string,
    { record, stored: { request } }: FoundResponse,
    signal: AbortSignal,
  ): Promise<ResponseObject> {
    const status = toResponseStatus(record.status);
    if (!isEnded(record.status)) {
      return toResponse(record, request, { ...NEW_STATE, status });
    }
    const progress = new Progress(record, request);
    const events = this.#gateway.follow(space, record.id, null, signal);
    for await (const batch of events) {
      for (const { event } of batch) progress.add(event);
    }
    const { response } = progress;
    // The process goes down, or the run was deleted while it was read.
    if (response.status === "in_progress") throw endedEarly("interrupted");
    const { finishedAt } = record;
    return response.completed_at === null || finishedAt === null
      ? response
      : { ...response, completed_at: unixSeconds(finishedAt) };
  }
}
