/** The cookie in which the browser tells its time zone, so that pages are right in their first HTML. */
export const ZONE_COOKIE = "freshet_zone";

/** How long it is kept: browsers allow 400 days at most. */
const KEPT_SECONDS = 400 * 24 * 60 * 60;

/** The cookie as `document.cookie` takes it. */
export function zoneCookie(timeZone: string, isSecure: boolean): string {
  return `${ZONE_COOKIE}=${
    encodeURIComponent(timeZone)
  }; Path=/; Max-Age=${KEPT_SECONDS}; SameSite=Lax${
    isSecure ? "; Secure" : ""
  }`;
}
