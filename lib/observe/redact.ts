/** Takes out of a text what is not to be kept of it: keys always, e-mail addresses where the settings say so. */

/** What else than keys is taken out. */
export type RedactedKind = "email";

const MASK = "…";

/** Keys by their looks: OpenAI's and those made alike, ours, GitHub's, AWS's, Slack's, JSON web tokens. */
const KEYS =
  /\b(?:sk-|pk-|rk-|frk_|xox[abpors]-|gh[opsur]_|github_pat_|AIza|AKIA)[A-Za-z0-9_-]{8,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
/** `"apiKey": "…"` in JSON, also inside a string of JSON. */
const FIELDS =
  /(\\?"(?:[\w-]*(?:authorization|api[_-]?key|password|passwd|secret)[\w-]*|(?:access|refresh|id)[_-]?token|cookie)\\?"\s*:\s*\\?")((?:[^"\\]|\\(?!"))+)/gi;
/** `?token=…` of links that work once, of sign-in by an identity provider and of services. */
const QUERY =
  /([?&](?:token|code|state|nonce|key|[\w-]*(?:api[_-]?key|secret|password|signature)|(?:access|refresh|id)_token)=)[^&#\s"'<>]+/gi;
/** `scheme://user:password@host`. */
const USERINFO = /\b([a-z][a-z\d+.-]*:\/\/)[^\s\/@"'<>]+@/gi;
const EMAIL =
  /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}/g;

/** The text without them; what is taken out becomes `…`. */
export function redact(
  text: string,
  kinds: readonly RedactedKind[] = [],
): string {
  const clean = text.replace(KEYS, MASK).replace(BEARER, `$1 ${MASK}`)
    .replace(FIELDS, `$1${MASK}`).replace(QUERY, `$1${MASK}`)
    .replace(USERINFO, `$1${MASK}@`);
  return kinds.includes("email") ? clean.replace(EMAIL, MASK) : clean;
}
