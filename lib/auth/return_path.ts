/** Where a browser goes once it has signed in. */

const MAX_LENGTH = 2_000;

/** Only its path, query and fragment are looked at; the host is never used. */
const NOWHERE = "http://nowhere.invalid";

/** Pages that lead to signing in would lead there again. */
const LEADS_BACK = /^\/(signin|setup|reset|invite|auth)(\/|$)/;

/**
 * A path of this origin out of what a query says, and `/` for everything else: another origin in any
 * spelling (`//host`, `/\host`, `https:…`), a control character, or a page of signing in itself.
 */
export function returnPath(text: string | null | undefined): string {
  if (
    !text || text.length > MAX_LENGTH || !text.startsWith("/") ||
    /[\\\p{Cc}]/u.test(text)
  ) {
    return "/";
  }
  const url = URL.parse(text, NOWHERE);
  if (url === null || url.origin !== NOWHERE) return "/";
  const path = url.pathname + url.search + url.hash;
  // "/.//host" is a path, but what is left of it once its dots are resolved is not.
  if (path.startsWith("//") || LEADS_BACK.test(url.pathname)) return "/";
  return path;
}
