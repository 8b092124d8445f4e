import assert from "node:assert/strict";

const REQUEST_DEADLINE_MS = 20_000;
const POLL_INTERVAL_MS = 20;
const POLL_DEADLINE_MS = 20_000;

/** What a test looks at; the body has been read. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

/** Sends a request to the fixture; redirects are not followed. */
export type Send = (path: string, init?: RequestInit) => Promise<Reply>;

/** Makes `Send` for a server whose URL is known once the tests run. */
export function sender(baseUrl: () => string): Send {
  return async (path, init = {}) => {
    const response = await fetch(baseUrl() + path, {
      redirect: "manual",
      ...init,
      signal: init.signal ?? AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    };
  };
}

/** Sends bytes as they are, for paths a URL parser would tidy up. */
export async function sendRaw(
  baseUrl: string,
  requestLine: string,
): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  using connection = await Deno.connect({
    hostname,
    port: Number(port || "80"),
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
  });
  const request =
    `${requestLine} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  let answer = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  for (;;) {
    const size = await connection.read(buffer);
    if (size === null) return answer;
    answer += decoder.decode(buffer.subarray(0, size), { stream: true });
  }
}

/** Text of the element with this id, tags removed; fails if there is none. */
export function textOf(html: string, id: string): string {
  const match = new RegExp(`<(\\w+)[^>]*\\bid="${id}"[^>]*>(.*?)</\\1>`, "s")
    .exec(html);
  assert.ok(match, `The page has an element with id "${id}": ${html}`);
  return match[2].replace(/<[^>]*>/g, "").trim();
}

/** Waits until `check` gives true. */
export async function eventually(
  what: string,
  check: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + POLL_DEADLINE_MS;
  while (!await check()) {
    assert.ok(Date.now() < deadline, `Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}
