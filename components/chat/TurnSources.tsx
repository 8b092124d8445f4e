import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import { useLazy } from "./use_lazy.ts";

/** How many passages of documents an answer was given; which ones comes once it is opened. */
export function TurnSources(
  { runId, count }: { runId: string; count: number },
): VNode {
  const [isWanted, setIsWanted] = useState(false);
  const list = useLazy(isWanted, () => import("./SourceList.tsx"));
  return (
    <div class="steps sources">
      <details class="step" onToggle={() => setIsWanted(true)}>
        <summary>
          <Icon name="book" />
          Sources ({count})
          <Icon name="right" turnable />
        </summary>
        {list && <list.SourceList runId={runId} />}
      </details>
    </div>
  );
}
