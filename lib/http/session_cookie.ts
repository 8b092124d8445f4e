/**
 * The cookie of a session (RFC 6265bis). Over https its name begins with `__Host-`, which makes browsers
 * insist on Secure, on this very host and on the whole site, so that no other host of the domain can put
 * a session of its own in its place.
 */

const SECURE_NAME = "__Host-freshet";
/** Over plain http, where browsers refuse Secure cookies. */
const PLAIN_NAME = "freshet_session";

function nameOf(isSecure: boolean): string {
  return isSecure ? SECURE_NAME : PLAIN_NAME;
}

/** The token in the cookie of a request, or null. Of two cookies with the name none is believed. */
export function readSessionToken(
  headers: Headers,
  isSecure: boolean,
): string | null {
  const name = nameOf(isSecure);
  const found: string[] = [];
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
    found.push(pair.slice(equals + 1).trim());
  }
  return found.length === 1 && found[0] !== "" ? found[0] : null;
}

/**
 * The value of `Set-Cookie` that begins a session in a browser.
 * @param endsAt when it ends however much it is used, in milliseconds since 1970 UTC
 */
export function sessionCookie(
  token: string,
  { isSecure, endsAt }: { isSecure: boolean; endsAt: number },
): string {
  const expires = new Date(endsAt).toUTCString();
  return `${
    nameOf(isSecure)
  }=${token}; Path=/; Expires=${expires}; HttpOnly; SameSite=Lax${
    isSecure ? "; Secure" : ""
  }`;
}

/** The value of `Set-Cookie` that ends a session in a browser. */
export function endedSessionCookie(isSecure: boolean): string {
  return `${nameOf(isSecure)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${
    isSecure ? "; Secure" : ""
  }`;
}
