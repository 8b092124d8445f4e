/** The calls of `/api/threads` that change threads, and what tests see of them in the store. */
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { EnvelopeRecord, OutboxEvent } from "@/lib/kv/outbox.ts";
import { eventsAfter } from "@/lib/kv/keys.ts";
import type { Thread } from "@/lib/shared/wire.ts";
import type { Caller } from "./chat_client.ts";
import type { TestApp } from "./app.ts";

/** The body of an answer that must have this status. */
export async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

/** Asserts that an answer is this problem. */
export async function problem(
  response: Response,
  status: number,
  code: string,
): Promise<void> {
  const found = await json<{ code: string }>(response, status);
  assert.equal(found.code, code);
}

/** @param options.ifMatch `"1"`, the version of a new thread, unless told; null: none */
export function threadCall(
  app: Caller,
  method: "PATCH" | "DELETE",
  threadId: string,
  { ifMatch = '"1"', body }: { ifMatch?: string | null; body?: unknown } = {},
): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch !== null) headers["if-match"] = ifMatch;
  return app.fetch(`/api/threads/${threadId}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

/** Changes a thread that is as given. */
export async function patchThread(
  app: Caller,
  thread: Thread,
  body: unknown,
): Promise<Thread> {
  const ifMatch = `"${thread.version}"`;
  return await json(
    await threadCall(app, "PATCH", thread.id, { ifMatch, body }),
  );
}

/** Deletes a thread, whatever its version. */
export async function deleteThread(app: Caller, id: string): Promise<void> {
  const response = await threadCall(app, "DELETE", id, { ifMatch: "*" });
  assert.equal(response.status, 204, await response.text());
}

/** What has been told about a subject, oldest first. */
export async function eventsOf(
  app: TestApp,
  subject: string,
): Promise<Pick<OutboxEvent, "type" | "data">[]> {
  const rows = app.services.store.kv.list<EnvelopeRecord>(
    eventsAfter(LOCAL_SPACE, null),
  );
  const found = await Array.fromAsync(rows, ({ value }) => value.ev);
  return found.flat().filter((event) => event.subject === subject)
    .map(({ type, data }) => ({ type, data }));
}

/** Keys of all rows that name an id, in their keys or their values; events are not asked. */
export async function rowsNaming(app: TestApp, id: string): Promise<string[]> {
  const found: string[] = [];
  for await (
    const { key, value } of app.services.store.kv.list({ prefix: [] })
  ) {
    if (key[1] === "e") continue;
    const text = JSON.stringify([key, value]);
    if (text.includes(id)) found.push(JSON.stringify(key));
  }
  return found;
}
