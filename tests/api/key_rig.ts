/** What the tests of API keys share: making them over HTTP, and using them. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import type { Key } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";

/** What the answer that makes a key holds. */
export type MadeKey = Key & { key: string };

/** Who is asked for something. */
export type Server = Pick<TestApp, "fetch" | "post" | "url">;

/** Makes a key as whoever the headers say. */
export async function makeKey(
  app: Server,
  body: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<MadeKey> {
  const response = await app.post(
    "/api/keys",
    { name: "robot", ...body },
    headers,
  );
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return JSON.parse(text);
}

/** Revokes a key, whichever its version. */
export async function revokeKey(
  app: Server,
  id: string,
  headers: Record<string, string> = {},
): Promise<void> {
  const response = await app.fetch(`/api/keys/${id}`, {
    method: "DELETE",
    headers: { "if-match": "*", ...headers },
  });
  assert.equal(response.status, 204, await response.text());
}

export function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** OpenAI's own client with a key of ours; it never tries again by itself. */
export function clientWith({ url }: Pick<Server, "url">, apiKey: string) {
  return new OpenAI({
    baseURL: `${url}/v1`,
    apiKey,
    maxRetries: 0,
    timeout: 30_000,
  });
}

/** The code of a refusal in the shape of `/api`. */
export async function problemCode(
  response: Response,
  status: number,
): Promise<string> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(
    response.headers.get("content-type"),
    "application/problem+json",
  );
  return JSON.parse(text).code;
}
