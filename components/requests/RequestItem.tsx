import type { VNode } from "preact";
import type { Clock } from "@/lib/shared/clock.ts";
import type { RequestRow } from "@/lib/shared/requests/request_view.ts";
import {
  formatClock,
  formatSpan,
} from "@/lib/shared/requests/request_words.ts";
import { RequestState } from "./RequestState.tsx";

export interface RequestItemProps {
  request: RequestRow;
  href: string;
  isCurrent: boolean;
  clock: Clock;
  onOpen: (event: MouseEvent, id: string) => void;
}

/** A request of the list; the whole of it leads to its page. */
export function RequestItem(
  { request, href, isCurrent, clock, onOpen }: RequestItemProps,
): VNode {
  const { id, model, startedAt, who, totalMs, error, status } = request;
  const tookMs = status === "running"
    ? Math.max(clock.nowMs - Date.parse(startedAt), totalMs)
    : totalMs;
  return (
    <a
      class="item"
      href={href}
      aria-current={isCurrent ? "true" : undefined}
      onClick={(event) => onOpen(event, id)}
    >
      <span class="cut">{model ?? "No model"}</span>
      <span>{formatSpan(tookMs)}</span>
      <span class="item-sub">
        <time datetime={startedAt}>{formatClock(startedAt, clock)}</time>
        <span class="cut">{who ?? "–"}</span>
      </span>
      <span class="item-sub" title={error ?? undefined}>
        <RequestState request={request} />
      </span>
    </a>
  );
}
