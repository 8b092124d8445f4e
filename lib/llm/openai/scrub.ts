/** Takes secrets out of what a provider says, before it is shown or logged. */

const MAX_MESSAGE_CHARACTERS = 500;

/** `sk-…` keys, also half masked as OpenAI repeats them, and bearer tokens. */
const KEY_LIKE = /\b(?:sk|pk|rk|gsk|xai|key|frk)[-_][A-Za-z0-9_*-]{6,}/g;
const BEARER = /\bBearer\s+\S+/gi;

/** Local servers are given words like "none" as a key, which are no secret. */
const MIN_SECRET_CHARACTERS = 6;

/**
 * One line of at most 500 characters, without control characters, the given key or anything that looks
 * like one.
 */
export function scrub(text: string, apiKey: string | null): string {
  const secret = apiKey !== null && apiKey.length >= MIN_SECRET_CHARACTERS
    ? apiKey
    : null;
  const line = text
    .replaceAll(secret ?? "\u0000", secret === null ? "" : "[key]")
    // deno-lint-ignore no-control-regex -- control characters are what has to go
    .replace(/[\u0000-\u001f\u007f]+/g, " ")
    .replace(BEARER, "Bearer [key]")
    .replace(KEY_LIKE, "[key]")
    .replace(/ {2,}/g, " ")
    .trim();
  return line.length <= MAX_MESSAGE_CHARACTERS
    ? line
    : `${line.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…`;
}
