/** Reads alerts anew whenever one fires, is over or is silenced. For effects of islands. */
import type { Alert } from "@/lib/shared/wire.ts";

/** How long the list may take, in milliseconds. */
const DEADLINE_MS = 10_000;

/**
 * @param onAlerts is given all alerts that are not well, the most urgent first
 * @returns ends it
 */
export function followAlerts(onAlerts: (alerts: Alert[]) => void): () => void {
  let isGone = false;
  let stop = () => {};
  const read = async () => {
    try {
      const answer = await fetch("/api/alerts", {
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (!answer.ok || isGone) return;
      const { items }: { items: Alert[] } = await answer.json();
      if (!isGone) onAlerts(items);
    } catch {
      // What is shown stays; the next event reads again.
    }
  };
  void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
    if (isGone) return;
    stop = live().on("workspace", ({ type }) => {
      const isMeant = type.startsWith("alert.") || type === "events.lost" ||
        type === "channel.open";
      if (isMeant) void read();
    });
  });
  return () => {
    isGone = true;
    stop();
  };
}

/** Those that fire and are not silenced. */
export function firingOf(alerts: readonly Alert[]): Alert[] {
  return alerts.filter(({ state, silencedUntil }) =>
    state === "firing" && silencedUntil === null
  );
}
