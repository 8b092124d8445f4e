import { useEffect } from "preact/hooks";
import { readClock } from "@/lib/shared/clock.ts";
import { zoneCookie } from "@/lib/shared/zone_cookie.ts";

/** Tells the server the viewer's time zone, so that the pages to come are in it from their first HTML on. */
export default function TellZone(): null {
  useEffect(() => {
    const { timeZone } = readClock();
    document.cookie = zoneCookie(timeZone, location.protocol === "https:");
  }, []);
  return null;
}
