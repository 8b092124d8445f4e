/**
 * `/v1/responses` over the runs of programs: a Response is a run, asked for and told in other words. Where
 * it is to be kept, the request is stored beside the run, and the run keeps its events as long as its
 * record, since the output is made of them whenever it is read.
 */
import { notFound } from "@/lib/chat/refusals.ts";
import { AppError } from "@/lib/errors.ts";
import { newId } from "@/lib/shared/ids.ts";
import { checkChatCompletion } from "../chat/input.ts";
import type { Gateway, GatewayContext, GatewayRun } from "../gateway.ts";
import { checkResponseRequest, type ResponseRequest } from "./input.ts";
import { toItems } from "./input_items.ts";
import type { ResponseObject } from "./response_object.ts";
import type { ResponseStore, StoredRequest } from "./response_store.ts";
import { type FoundResponse, StoredResponses } from "./stored_responses.ts";
import { toChatCompletion, toMessages } from "./to_chat.ts";

export class Responses {
  readonly #gateway: Gateway;
  readonly #store: ResponseStore;
  readonly #stored: StoredResponses;

  constructor(gateway: Gateway, store: ResponseStore) {
    this.#gateway = gateway;
    this.#store = store;
    this.#stored = new StoredResponses(gateway, store);
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
    const { space, signal } = context;
    const runId = newId("run");
    const own = toItems(input, runId);
    toMessages(own);
    const before = await this.#stored.before(space, request, signal);
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
      await this.#keep(space, run, stored);
    }
    return run;
  }

  async #keep(
    space: string,
    { record, isKnown }: GatewayRun,
    stored: StoredRequest,
  ): Promise<void> {
    try {
      await this.#store.write(space, record.id, stored);
    } catch (error) {
      // Nobody learns its id, so nobody could ever read it.
      if (!isKnown) this.#gateway.hungUp(record.id);
      throw error;
    }
  }

  /** @throws {AppError} 404 `not_found` also for one that was not to be stored */
  async find(space: string, id: string): Promise<FoundResponse> {
    const found = await this.#stored.find(space, id);
    if (found === null) throw notFound("response");
    return found;
  }

  /**
   * A Response as it is now; its output is there once it has ended.
   * @throws {AppError} 404 `not_found`
   */
  async retrieve(
    space: string,
    id: string,
    signal: AbortSignal,
  ): Promise<ResponseObject> {
    const found = await this.find(space, id);
    return await this.#stored.read(space, found, signal);
  }

  /**
   * Stops a Response, in whatever process it is made; one that has ended stays as it is.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here` when its process does not react
   */
  async cancel(
    space: string,
    id: string,
    signal: AbortSignal,
  ): Promise<ResponseObject> {
    const { record } = await this.find(space, id);
    await this.#gateway.cancel(space, record.id);
    return await this.retrieve(space, id, signal);
  }

  /**
   * Removes a Response with what was asked and answered; one that goes on is stopped.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here`, 409 `conflict` while others write
   */
  async delete(space: string, id: string): Promise<void> {
    const { record } = await this.find(space, id);
    await this.#gateway.cancel(space, record.id);
    if (await this.#store.delete(space, record.id)) return;
    throw new AppError({
      status: 409,
      code: "conflict",
      message: "The response was changed meanwhile.",
      retryable: true,
    });
  }
}
