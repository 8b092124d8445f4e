import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readClock } from "@/lib/shared/clock.ts";

export interface UsageZoneProps {
  /** The time zone that the page is in. */
  shown: string;
  /** Whether the address names it. */
  isChosen: boolean;
  /** The same page in the viewer's zone. */
  href: string;
}

/**
 * Offers the page in the viewer's time zone where it is in another one: on a first visit, before
 * `TellZone` has told it. The page stays as it is, since somebody may be reading it.
 */
export default function UsageZone(
  { shown, isChosen, href }: UsageZoneProps,
): VNode | null {
  const [own, setOwn] = useState<string | null>(null);
  useEffect(() => {
    setOwn(readClock().timeZone);
  }, []);
  if (own === null || own === shown) return null;
  return (
    <a href={href}>
      {isChosen ? `Show it in ${own}` : `Your clock is in ${own}: show it so`}
    </a>
  );
}
