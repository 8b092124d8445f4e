/**
 * `/v1/responses` over the runs of programs: a Response is a run, asked for and told in other words. Where
 * it is to be kept, the request is stored beside the run, and the run keeps its events as long as its
 * record, since the output is made of them whenever it is read.
 */
import type { RunRecord } from "@/lib/chat/records.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { AppError } from "@/lib/errors.ts";
import { newId } from "@/lib/shared/ids.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { checkChatCompletion } from "../chat/input.ts";
import type { Gateway, GatewayContext, GatewayRun } from "../gateway.ts";
import { endedEarly } from "../run_failure.ts";
import {
  checkResponseRequest,
  type InputItem,
  refused,
  type ResponseFields,
  type ResponseRequest,
} from "./input.ts";
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
import { toChatCompletion, toMessages } from "./to_chat.ts";

/** Most Responses that one goes on from; each is read again. */
const MAX_EARLIER = 500;

/** Responses that are read at the same time. */
const PARALLEL_READS = 8;

/** A Response that can be retrieved. */
export interface FoundResponse {
  record: RunRecord;
  stored: StoredRequest;
}

export class Responses {
  readonly #gateway: Gateway;
  readonly #store: ResponseStore;

  constructor(gateway: Gateway, store: ResponseStore) {
    this.#gateway = gateway;
    this.#store = store;
  }

  /**
   * Begins a Response.
   * @throws {AppError} 400 `invalid_request`, `unsupported_tool` or `previous_response_not_found`, and
   *   what `Gateway.start` throws
   */
  async start(
    { input, ...request }: ResponseRequest,
    context: GatewayContext,
  ): Promise<GatewayRun> {
    checkResponseRequest({ input, ...request });
    const { workspace, signal } = context;
    const runId = newId("run");
    const own = toItems(input, runId);
    toMessages(own);
    const before = await this.#before(workspace, request, signal);
    const messages = toMessages([...before.items, ...own]);
    const completion = toChatCompletion({ input, ...request }, messages);
    checkChatCompletion(completion);
    const isKept = request.store !== false;
    const started = await this.#gateway.start(completion, {
      ...context,
      isDetached: request.background === true || context.isDetached,
      surface: {
        scope: "v1.responses",
        runId,
        body: { input, ...request },
        keepsEvents: isKept,
      },
    });
    // A run of another surface is one, wherever its answer comes from.
    const run = started as GatewayRun;
    if (isKept) {
      const stored = { request, items: own, earlier: before.runs };
      await this.#keep(workspace, run, stored);
    }
    return run;
  }

  async #keep(
    workspace: string,
    { record, isKnown }: GatewayRun,
    stored: StoredRequest,
  ): Promise<void> {
    try {
      await this.#store.write(workspace, record.id, stored);
    } catch (error) {
      // Nobody learns its id, so nobody could ever read it.
      if (!isKnown) this.#gateway.hungUp(record.id);
      throw error;
    }
  }

  /** What the Responses have asked and answered that this one goes on from. */
  async #before(
    workspace: string,
    { previous_response_id: id }: ResponseFields,
    signal: AbortSignal,
  ): Promise<{ runs: string[]; items: InputItem[] }> {
    if (!id) return { runs: [], items: [] };
    const { record, stored } = await this.#previous(workspace, id, id);
    const runs = [...stored.earlier, record.id];
    if (runs.length > MAX_EARLIER) {
      const message = `goes on from more than ${MAX_EARLIER} responses`;
      throw refused("previous_response_id", message);
    }
    const items: InputItem[] = [];
    for (let from = 0; from < runs.length; from += PARALLEL_READS) {
      const group = runs.slice(from, from + PARALLEL_READS);
      const read = group.map((run) =>
        this.#conversation(workspace, responseId(run), id, signal)
      );
      items.push(...(await Promise.all(read)).flat());
    }
    return { runs, items };
  }

  async #conversation(
    workspace: string,
    id: string,
    asked: string,
    signal: AbortSignal,
  ): Promise<InputItem[]> {
    const found = await this.#previous(workspace, id, asked);
    const { output } = await this.#read(workspace, found, signal);
    // A model that was stopped before it said anything has left a message without parts.
    const said = output.filter(({ content }) =>
      !Array.isArray(content) || content.length > 0
    );
    return [...found.stored.items, ...said as InputItem[]];
  }

  async #previous(
    workspace: string,
    id: string,
    asked: string,
  ): Promise<FoundResponse> {
    const found = await this.#find(workspace, id);
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

  async #find(workspace: string, id: string): Promise<FoundResponse | null> {
    const runId = runIdOf(id);
    if (runId === null) return null;
    const stored = await this.#store.read(workspace, runId);
    if (stored === null) return null;
    try {
      const { record } = await this.#gateway.run(workspace, runId);
      return { record, stored };
    } catch (error) {
      if (error instanceof AppError && error.status === 404) return null;
      throw error;
    }
  }

  /** @throws {AppError} 404 `not_found` also for one that was not to be stored */
  async find(workspace: string, id: string): Promise<FoundResponse> {
    const found = await this.#find(workspace, id);
    if (found === null) throw notFound("response");
    return found;
  }

  /**
   * A Response as it is now; its output is there once it has ended.
   * @throws {AppError} 404 `not_found`
   */
  async retrieve(
    workspace: string,
    id: string,
    signal: AbortSignal,
  ): Promise<ResponseObject> {
    return await this.#read(workspace, await this.find(workspace, id), signal);
  }

  async #read(
    workspace: string,
    { record, stored: { request } }: FoundResponse,
    signal: AbortSignal,
  ): Promise<ResponseObject> {
    const status = toResponseStatus(record.status);
    if (!isEnded(record.status)) {
      return toResponse(record, request, { ...NEW_STATE, status });
    }
    const progress = new Progress(record, request);
    const events = this.#gateway.follow(workspace, record.id, null, signal);
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

  /**
   * Stops a Response, in whatever process it is made; one that has ended stays as it is.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here` when its process does not react
   */
  async cancel(
    workspace: string,
    id: string,
    signal: AbortSignal,
  ): Promise<ResponseObject> {
    const { record } = await this.find(workspace, id);
    await this.#gateway.cancel(workspace, record.id);
    return await this.retrieve(workspace, id, signal);
  }

  /**
   * Removes a Response with what was asked and answered; one that goes on is stopped.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here`, 409 `conflict` while others write
   */
  async delete(workspace: string, id: string): Promise<void> {
    const { record } = await this.find(workspace, id);
    await this.#gateway.cancel(workspace, record.id);
    if (await this.#store.delete(workspace, record.id)) return;
    throw new AppError({
      status: 409,
      code: "conflict",
      message: "The response was changed meanwhile.",
      retryable: true,
    });
  }
}

/** Prefixes of the ids of items by their type. */
const PREFIXES: Readonly<Record<string, string>> = {
  function_call: "fc",
  function_call_output: "fco",
  reasoning: "rs",
};

/** Items as they are kept: each with a type and an id, parts in a list. */
function toItems(
  input: ResponseRequest["input"],
  runId: string,
): StoredRequest["items"] {
  const items: InputItem[] = typeof input === "string"
    ? [{ type: "message", role: "user", content: input }]
    : input;
  const tail = runId.replace(/^run_/, "");
  return items.map((item, index) => {
    const type = item.type ?? "message";
    const id = item.id || `${PREFIXES[type] ?? "msg"}_${tail}_in${index}`;
    const kind = item.role === "assistant" ? "output_text" : "input_text";
    return {
      ...item,
      id,
      type,
      status: "completed",
      ...(typeof item.content === "string"
        ? { content: [{ type: kind, text: item.content }] }
        : {}),
    };
  });
}
