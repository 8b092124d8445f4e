/** One request to the receiver of a webhook, and what it came to. */
import { AppError } from "@/lib/errors.ts";
import { guardedFetch } from "@/lib/net/guarded_fetch.ts";
import type { OutgoingAllowList } from "@/lib/net/outgoing_rules.ts";
import type { Resolve } from "@/lib/net/resolve.ts";

/** A request as it leaves. */
export interface OutgoingWebhook {
  url: string;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}

/** Where requests may lead, and how long they may take. */
export interface SendRules {
  allow: OutgoingAllowList;
  /** From the look-up of the host to the end of the answer, in milliseconds. */
  timeoutMs?: number;
  resolve?: Resolve;
}

/** What became of a request. */
export interface SendOutcome {
  isAccepted: boolean;
  /** Null: there was no answer. */
  status: number | null;
  /** For people; null: it was accepted. */
  error: string | null;
  /** The beginning of the answer, in one piece of plain text. */
  excerpt: string;
  /** How long the receiver wants to be left alone, in milliseconds; null: it says nothing. */
  retryAfterMs: number | null;
}

/** The specification recommends 15 to 30 s. */
export const TIMEOUT_MS = 15_000;

/** The answer matters to people alone, and they need to wait for it no longer than this, in milliseconds. */
const EXCERPT_TIMEOUT_MS = 2_000;
const EXCERPT_BYTES = 1_000;
const EXCERPT_CHARACTERS = 300;

/** Sends it once. Redirects are not followed: the address is to be corrected instead. */
export async function sendWebhook(
  { url, headers, body, signal }: OutgoingWebhook,
  { allow, timeoutMs = TIMEOUT_MS, resolve }: SendRules,
): Promise<SendOutcome> {
  let response: Response;
  try {
    response = await guardedFetch(
      url,
      { method: "POST", headers, body, signal },
      { allow, timeoutMs, resolve, maxRedirects: 0 },
    );
  } catch (error) {
    signal.throwIfAborted();
    return {
      isAccepted: false,
      status: null,
      error: error instanceof AppError
        ? error.message
        : "The address could not be reached, or broke off.",
      excerpt: "",
      retryAfterMs: null,
    };
  }
  const { status } = response;
  const excerpt = await readExcerpt(response);
  signal.throwIfAborted();
  const isAccepted = response.ok;
  return {
    isAccepted,
    status,
    error: isAccepted ? null : refusal(status),
    excerpt,
    retryAfterMs: readRetryAfter(response.headers.get("retry-after")),
  };
}

function refusal(status: number): string {
  if (status >= 300 && status < 400) {
    return `The receiver redirects (${status}), which is not followed: enter the address it leads to.`;
  }
  if (status === 410) return "The receiver wants no more of this (410).";
  if (status === 429) return "The receiver asks for a pause (429).";
  return `The receiver answered ${status}.`;
}

/** `Retry-After` in milliseconds (RFC 9110, 10.2.3); null for none, or one that cannot be read. */
function readRetryAfter(header: string | null): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(ms, 0);
}

/** The first characters of an answer, whatever becomes of the rest. */
async function readExcerpt({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const bytes = new Uint8Array(EXCERPT_BYTES);
  let length = 0;
  const late = setTimeout(
    () => void reader.cancel().catch(() => {}),
    EXCERPT_TIMEOUT_MS,
  );
  try {
    while (length < EXCERPT_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, EXCERPT_BYTES - length);
      bytes.set(part, length);
      length += part.length;
    }
  } catch {
    // What has arrived is shown.
  } finally {
    clearTimeout(late);
    await reader.cancel().catch(() => {});
  }
  return new TextDecoder().decode(bytes.subarray(0, length))
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, EXCERPT_CHARACTERS)
    .toWellFormed();
}
