/** The `Location` of a redirect. */

const PARTIAL_PARAMETER = "fresh-partial";

/**
 * Makes a redirect target safe: in a path, runs of slashes become one, so that `//evil.example` stays
 * on this host. Query and hash are kept as they are; absolute URLs are not touched.
 */
export function safeRedirectLocation(
  pathOrUrl: string,
  isPartial: boolean,
): string {
  if (!/^[/\\]/.test(pathOrUrl)) return pathOrUrl;
  const end = pathOrUrl.search(/[?#]/);
  const path = end === -1 ? pathOrUrl : pathOrUrl.slice(0, end);
  // A browser reads a backslash in a path as a slash.
  const safePath = path.replace(/[/\\]{2,}/g, "/").replace(/^\\/, "/");
  const rest = end === -1 ? "" : pathOrUrl.slice(end);
  return safePath + (isPartial ? withPartialParameter(rest) : rest);
}

function withPartialParameter(queryAndHash: string): string {
  const hashStart = queryAndHash.indexOf("#");
  const hash = hashStart === -1 ? "" : queryAndHash.slice(hashStart);
  const query = hashStart === -1
    ? queryAndHash
    : queryAndHash.slice(0, hashStart);
  const parameters = new URLSearchParams(query);
  parameters.set(PARTIAL_PARAMETER, "true");
  return `?${parameters}${hash}`;
}
