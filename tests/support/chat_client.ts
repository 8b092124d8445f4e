/** The calls of `/api` that most tests make, as a program would make them. */
import assert from "node:assert/strict";
import type { Message, Page, Run, Thread } from "@/lib/shared/wire.ts";
import type { TestApp } from "./app.ts";
import {
  type FakeUpstream,
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "./fake_upstream.ts";
import { type AppOptions, startApp } from "./app.ts";
import { MODEL_BEHAVIOURS } from "./fake_upstream_behaviour.ts";
import { collectEvents, type ReceivedEvent } from "./sse.ts";

/** Whatever serves the API: the app in this process, or a server of its own. */
export type Caller = Pick<TestApp, "fetch" | "post">;

/** An app whose default provider is a fake upstream. */
export interface ChatRig extends AsyncDisposable {
  app: TestApp;
  upstream: FakeUpstream;
}

/** Models that behave, then those that misbehave in a way of their own. */
const MODELS = ["fake-1", "fake-2", ...Object.keys(MODEL_BEHAVIOURS)];

/** Starts an upstream and an app that uses it; `await using` ends both. */
export async function startChat(
  upstreamOptions: FakeUpstreamOptions = {},
  appOptions: AppOptions = {},
): Promise<ChatRig> {
  const upstream = await startFakeUpstream({
    models: MODELS,
    ...upstreamOptions,
  });
  const app = await startApp({
    ...appOptions,
    env: {
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: upstream.url,
      ...appOptions.env,
    },
  });
  return {
    app,
    upstream,
    async [Symbol.asyncDispose]() {
      upstream.release();
      await app.close();
      await upstream.close();
    },
  };
}

async function json<T>(response: Response, status: number): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

export async function newThread(
  app: Caller,
  body: unknown = {},
): Promise<Thread> {
  return await json(await app.post("/api/threads", body), 201);
}

export async function getThread(app: Caller, id: string): Promise<Thread> {
  return await json(await app.fetch(`/api/threads/${id}`), 200);
}

export async function getMessages(
  app: Caller,
  threadId: string,
  query = "",
): Promise<Message[]> {
  const response = await app.fetch(`/api/threads/${threadId}/messages${query}`);
  return (await json<Page<Message>>(response, 200)).items;
}

export async function getRun(app: Caller, id: string): Promise<Run> {
  return await json(await app.fetch(`/api/runs/${id}`), 200);
}

/** Starts a run without its stream. */
export async function ask(
  app: Caller,
  threadId: string,
  body: unknown,
): Promise<{ run: Run; message: Message }> {
  return await json(await app.post(`/api/threads/${threadId}/runs`, body), 201);
}

/** Opens the stream of a new run. */
export async function askStream(
  app: Caller,
  threadId: string,
  body: unknown,
): Promise<Response> {
  const response = await app.post(`/api/threads/${threadId}/runs`, body, {
    accept: "text/event-stream",
  });
  assert.equal(
    response.status,
    200,
    response.status === 200 ? "" : await response.text(),
  );
  return response;
}

/** Asks in a new thread and reads the stream to its end. */
export async function askWhole(
  app: Caller,
  content: string,
  model = "fake-1",
): Promise<{ thread: Thread; events: ReceivedEvent[] }> {
  const thread = await newThread(app);
  const response = await askStream(app, thread.id, {
    message: { content },
    model,
  });
  return { thread, events: await collectEvents(response) };
}

/** Follows a run to its end, from a place on. */
export async function followRun(
  app: Caller,
  runId: string,
  lastEventId?: string,
): Promise<ReceivedEvent[]> {
  const response = await app.fetch(`/api/runs/${runId}/events`, {
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
  });
  // 204: this place is behind the end, so nothing follows.
  if (response.status === 204) return [];
  assert.equal(response.status, 200);
  return await collectEvents(response);
}
