/** What a caller would rather have: `Prefer` (RFC 7240), as far as this server knows it. */

export interface Preference {
  /** `respond-async`: do not wait for the answer. */
  isAsync: boolean;
  /** `wait=N`: wait so long for the answer, in milliseconds; null without it. */
  waitMs: number | null;
}

/** Longest wait that is honoured, in milliseconds; the answer says by 202 that it took longer. */
const MAX_WAIT_MS = 60_000;

/** Reads `Prefer`; what is not known or not well formed is ignored, as the RFC wants it. */
export function readPrefer(request: Request): Preference {
  const preference: Preference = { isAsync: false, waitMs: null };
  for (const part of (request.headers.get("prefer") ?? "").split(/[,;]/)) {
    const [name, value] = part.trim().split("=").map((each) => each.trim());
    if (/^respond-async$/i.test(name)) preference.isAsync = true;
    if (/^wait$/i.test(name) && /^"?\d{1,6}"?$/.test(value ?? "")) {
      const seconds = Number(value.replaceAll('"', ""));
      preference.waitMs = Math.min(1_000 * seconds, MAX_WAIT_MS);
    }
  }
  return preference;
}
