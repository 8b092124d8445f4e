import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { RequestTry } from "@/lib/shared/requests/request_view.ts";
import { formatSpan, tryWord } from "@/lib/shared/requests/request_words.ts";

const TONES: Record<string, "good" | "bad"> = {
  completed: "good",
  failed: "bad",
};

const ICONS = {
  completed: "check",
  failed: "alert",
  cancelled: "stop",
} as const;

/** The tries at providers, first one first. */
export function RequestAttempts(
  { attempts }: { attempts: readonly RequestTry[] },
): VNode {
  return (
    <ol class="attempts mt-2">
      {attempts.map((each, index) => (
        <li key={index}>
          <span class="breaks">{each.provider} / {each.model}</span>
          <span class="num">
            {each.durationMs === null ? "–" : formatSpan(each.durationMs)}
          </span>
          <span class="why">
            <span class="status" data-state={TONES[each.outcome]}>
              {each.outcome in ICONS
                ? <Icon name={ICONS[each.outcome as keyof typeof ICONS]} />
                : <span class="flow" aria-hidden="true" />}
              {tryWord(each.outcome, each.error)}
            </span>
            {each.firstTokenMs !== null &&
              `First token after ${formatSpan(each.firstTokenMs)}.`}
          </span>
        </li>
      ))}
    </ol>
  );
}
