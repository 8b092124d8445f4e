/** What the tests of `/v1` share: an app in front of a fake upstream, and OpenAI's own client. */
import assert from "node:assert/strict";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import OpenAI from "openai";
import type { TestApp } from "../support/app.ts";
import { type ChatRig, startChat } from "../support/chat_client.ts";

export { startChat };
export type { ChatRig };

export const MODEL = "fake-1";

/** OpenAI's client in front of the app; it never tries again by itself. */
export function clientOf({ url }: Pick<TestApp, "url">): OpenAI {
  return new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: "sk-any",
    maxRetries: 0,
    timeout: 30_000,
  });
}

/** A request body with one user message. */
export function question(more: Record<string, unknown> = {}) {
  return {
    model: MODEL,
    messages: [{ role: "user" as const, content: "How high is the river?" }],
    ...more,
  };
}

export function postChat(
  app: Pick<TestApp, "post">,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return app.post("/v1/chat/completions", body, headers);
}

export interface SseEvent {
  id: string | undefined;
  event: string | undefined;
  data: string;
}

/** Events of a stream as they arrive, with their data as text. */
export async function* sseEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<SseEvent, void, void> {
  const queue: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => queue.push(message) });
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    for (const { id, event, data } of queue.splice(0)) {
      yield { id, event, data };
    }
  }
}

export async function allEvents(response: Response): Promise<SseEvent[]> {
  return await Array.fromAsync(sseEvents(response.body!));
}

/** The text that chunks add up to; `reset` drops what came before. */
export function textOf(events: readonly SseEvent[]): string {
  let text = "";
  for (const { event, data } of events) {
    if (event === "reset") text = "";
    else if (data !== "[DONE]") {
      text += JSON.parse(data).choices?.[0]?.delta?.content ?? "";
    }
  }
  return text;
}

/** Asserts OpenAI's error body and gives back its members. */
export async function openAIError(
  response: Response,
  status: number,
  code: string | null,
): Promise<{ message: string; type: string; param: string | null }> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("content-type"), "application/json");
  const { error } = JSON.parse(text);
  assert.deepEqual(
    Object.keys(error).sort(),
    ["code", "message", "param", "type"],
  );
  assert.equal(error.code, code, text);
  assert.notEqual(error.message, "");
  return error;
}
