import type { VNode } from "preact";
import { formatAgo, formatAhead } from "@/lib/shared/ago.ts";

/** A moment as seen from now: `2 h ago`, or `in 5 days`. */
export function Moment(
  { at, nowMs, isAhead }: {
    /** RFC 3339, or null: it never was. */
    at: string | null;
    nowMs: number;
    isAhead?: boolean;
  },
): VNode {
  if (at === null) return <span class="faint">never</span>;
  const moment = new Date(at);
  const now = new Date(nowMs);
  return (
    <time datetime={at} title={moment.toUTCString()}>
      {isAhead ? formatAhead(moment, now) : formatAgo(moment, now)}
    </time>
  );
}
