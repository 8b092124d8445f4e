/**
 * Chats of AI SDK clients (`useChat`): the client keeps the messages, the server the answer in the making,
 * which goes on when the client goes away and is found again by the chat's id.
 */
import type { RunRecord } from "@/lib/chat/records.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import type { ModelAccess } from "@/lib/model_access/model_access.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { type ChatCompletion, checkChatCompletion } from "../chat/input.ts";
import type { Gateway, GatewayContext, GatewayRun } from "../gateway.ts";
import type { ChatRunStore } from "./chat_run_store.ts";
import { toChatMessages, type UiChat } from "./input.ts";

export class UiChats {
  readonly #gateway: Gateway;
  readonly #runs: ChatRunStore;
  readonly #access: Pick<ModelAccess, "for">;

  constructor(
    gateway: Gateway,
    runs: ChatRunStore,
    access: Pick<ModelAccess, "for">,
  ) {
    this.#gateway = gateway;
    this.#runs = runs;
    this.#access = access;
  }

  /**
   * Begins the answer to a chat's messages.
   * @throws {AppError} 400 `invalid_request`, 404 `model_not_found`
   */
  async start(
    { id, messages, model, params }: UiChat,
    context: GatewayContext,
  ): Promise<GatewayRun> {
    const input: ChatCompletion = {
      ...params,
      model: model ??
        await this.#access.for(context.asker).defaultModel(context.signal),
      messages: toChatMessages(messages),
      stream: true,
      stream_options: { include_usage: true },
    };
    checkChatCompletion(input);
    const run = await this.#gateway.start(input, {
      ...context,
      isDetached: true,
      mayRestart: true,
    });
    // A detached run is one, wherever its answer comes from.
    const begun = run as GatewayRun;
    await this.#runs.remember(context.space, id, begun.record.id);
    return begun;
  }

  /** The run that answers in a chat now; null when none does. */
  async running(space: string, chat: string): Promise<RunRecord | null> {
    const runId = await this.#runs.find(space, chat);
    if (runId === null) return null;
    const { record } = await this.#gateway.run(space, runId);
    return isEnded(record.status) ? null : record;
  }

  /**
   * Stops the answer of a chat; one that has ended stays as it is.
   * @throws {AppError} 404 `not_found` for a chat in which nothing was asked
   */
  async cancel(space: string, chat: string) {
    const runId = await this.#runs.find(space, chat);
    if (runId === null) throw notFound("chat");
    return await this.#gateway.cancel(space, runId);
  }
}
