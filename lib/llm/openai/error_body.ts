/** What providers say when they refuse: their error bodies and `Retry-After`. */

/** Error members as OpenAI and its imitators send them. */
export interface ErrorMembers {
  message: string;
  code: string;
  type: string;
  param: string;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? String(value)
    : "";
}

/** Reads `{"error":{…}}`, `{"error":"…"}`, `{"message":…}` and `{"detail":…}`. */
export function errorMembers(body: unknown): ErrorMembers | null {
  if (typeof body !== "object" || body === null) return null;
  const outer = body as Record<string, unknown>;
  const inner = typeof outer.error === "object" && outer.error !== null
    ? outer.error as Record<string, unknown>
    : outer;
  const message = textOf(inner.message) || textOf(outer.error) ||
    textOf(outer.detail);
  const code = textOf(inner.code);
  if (message === "" && code === "") return null;
  const [type, param] = [textOf(inner.type), textOf(inner.param)];
  return { message: message || code, code, type, param };
}

/** The error members of a body that may be JSON. */
export function parseErrorBody(body: string): ErrorMembers | null {
  try {
    return errorMembers(JSON.parse(body));
  } catch {
    return null;
  }
}

/**
 * How long the provider asks to wait, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or
 * as a date (RFC 9110, 10.2.3). Null when it does not say.
 */
export function retryAfterMs(
  header: (name: string) => string | null,
  nowMs: number = Date.now(),
): number | null {
  const exact = Number(header("retry-after-ms") ?? NaN);
  if (exact >= 0) return exact;
  const text = header("retry-after");
  if (text === null || text === "") return null;
  const seconds = Number(text);
  if (seconds >= 0) return seconds * 1000;
  // Bare numbers parse as dates too.
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
