import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { RequestRow } from "@/lib/shared/requests/request_view.ts";
import { stateWord } from "@/lib/shared/requests/request_words.ts";

/** The state of a request: an icon, or the line of flow, and a word. */
export function RequestState(
  { request }: {
    request: Pick<RequestRow, "status" | "path" | "cache" | "httpStatus">;
  },
): VNode {
  const { word, tone, icon } = stateWord(request);
  return (
    <span class="status" data-state={tone}>
      {icon === null
        ? <span class="flow" aria-hidden="true" />
        : <Icon name={icon} />}
      {word}
    </span>
  );
}
