import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readClock } from "@/lib/shared/clock.ts";
import { zoneCookie } from "@/lib/shared/zone_cookie.ts";

export interface UsageZoneProps {
  /** The time zone that the page is in. */
  shown: string;
  /** Whether the address names it. */
  isChosen: boolean;
  /** The same page in the viewer's zone. */
  href: string;
}

/**
 * Tells the server the viewer's time zone for the pages to come, and offers this one in it. The page stays
 * as it is: somebody may be reading it.
 */
export default function UsageZone(
  { shown, isChosen, href }: UsageZoneProps,
): VNode | null {
  const [own, setOwn] = useState<string | null>(null);
  useEffect(() => {
    const { timeZone } = readClock();
    document.cookie = zoneCookie(timeZone, location.protocol === "https:");
    setOwn(timeZone);
  }, []);
  if (own === null || own === shown) return null;
  return (
    <a href={href}>
      {isChosen ? `Show it in ${own}` : `Your clock is in ${own}: show it so`}
    </a>
  );
}
