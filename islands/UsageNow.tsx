import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";

export interface UsageNowProps {
  channel: "usage" | "admin:usage";
  /** Answers that streamed when the page was made. */
  active: number;
}

/** Null: not known at this moment. */
type Now = { active: number; tokensPerSecond: number | null } | null;

/** How many answers stream at this moment, and how fast; the server tells it while the page is open. */
export default function UsageNow({ channel, active }: UsageNowProps): VNode {
  const [now, setNow] = useState<Now>({ active, tokensPerSecond: null });
  useEffect(() => {
    let isGone = false;
    const stops: (() => void)[] = [];
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      const client = live();
      stops.push(
        client.on(channel, ({ type, data }) => {
          if (type === "usage.now") setNow(data as unknown as Now);
          else if (type === "channel.refused") setNow(null);
        }),
        client.state.subscribe((state) => {
          if (state === "reconnecting" || state === "signed_out") setNow(null);
        }),
      );
    });
    return () => {
      isGone = true;
      for (const stop of stops) stop();
    };
  }, [channel]);
  return (
    <span class="status faint usage-now">
      {now !== null && now.active > 0 && <span class="flow" />}
      {now === null ? "" : words(now)}
    </span>
  );
}

function words({ active, tokensPerSecond }: NonNullable<Now>): string {
  if (active === 0) return "No answers streaming";
  const speed = tokensPerSecond === null
    ? ""
    : `, ${formatCount(tokensPerSecond)} tok/s`;
  return `${formatPlural(active, "answer")} streaming${speed}`;
}
