/** Requests to the identity provider: bounded in time and in what is read. */
import { OidcRefusal } from "./refusal.ts";

/** Longest that one request may take, in milliseconds. */
const REQUEST_DEADLINE_MS = 8_000;

/** Most that is read of an answer; keys and metadata have some 10 KiB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Fetches from the provider and reads the whole answer; a redirect is not followed.
 * @throws {OidcRefusal} `oidc_unavailable` when it cannot be reached, breaks off or takes too long
 */
export async function providerFetch(
  url: string,
  init: RequestInit,
): Promise<Response> {
  const deadline = AbortSignal.timeout(REQUEST_DEADLINE_MS);
  const signal = init.signal
    ? AbortSignal.any([init.signal, deadline])
    : deadline;
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    const body = await readBounded(response);
    const { status, headers } = response;
    return new Response(body, { status, headers });
  } catch (cause) {
    if (cause instanceof OidcRefusal) throw cause;
    const { pathname } = new URL(url);
    throw new OidcRefusal(
      "oidc_unavailable",
      signal.aborted ? `${pathname} took too long` : `${pathname} failed`,
      { cause },
    );
  }
}

async function readBounded(
  response: Response,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) {
      throw new OidcRefusal("oidc_unavailable", "the answer is too long");
    }
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
