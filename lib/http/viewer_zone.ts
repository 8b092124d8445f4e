/** The time zone of who looks at a page: the browser tells it in a cookie. */
import { readClock } from "@/lib/shared/clock.ts";
import { isTimeZone } from "@/lib/usage/usage_buckets.ts";
import { ZONE_COOKIE } from "@/lib/shared/zone_cookie.ts";
import { readCookie } from "./read_cookie.ts";

/** Longest name of a time zone that is looked up; the IANA's longest has 32. */
const MAX_ZONE_CHARACTERS = 64;

/** A time zone as the browser or an address names it; null: there is none of this name. */
export function readZone(text: string | null): string | null {
  if (!text || text.length > MAX_ZONE_CHARACTERS) return null;
  return isTimeZone(text) ? text : null;
}

/** The time zone of the viewer: what their browser has told, else that of this machine. */
export function viewerZone(request: Request): {
  timeZone: string;
  /** Whether the browser has told it. */
  isTold: boolean;
} {
  const told = readZone(readCookie(request, ZONE_COOKIE));
  return {
    timeZone: told ?? readClock().timeZone,
    isTold: told !== null,
  };
}
