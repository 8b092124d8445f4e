import { useEffect, useState } from "preact/hooks";
import { type Clock, readClock } from "@/lib/shared/clock.ts";

/**
 * The viewer's clock. The first render uses the server's, so that it equals the HTML; a viewer in
 * another zone gets their own times right after.
 */
export function useClock(ofServer: Clock): Clock {
  const [clock, setClock] = useState(ofServer);
  useEffect(() => {
    const own = readClock();
    if (own.timeZone !== ofServer.timeZone) setClock(own);
  }, []);
  return clock;
}
