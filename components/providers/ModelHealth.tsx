import type { VNode } from "preact";
import { formatCount, formatDuration } from "@/lib/shared/format.ts";
import type { Shown } from "@/lib/shared/provider_words.ts";
import type { ProviderModelHealth } from "@/lib/shared/wire.ts";
import { StateWord } from "./StateWord.tsx";

function stateOf({ breaker, coolingMs }: ProviderModelHealth): Shown {
  if (breaker === "open") {
    return {
      words: "Left alone: it keeps failing",
      icon: "alert",
      mood: "bad",
    };
  }
  if (breaker === "half-open") {
    return { words: "Tried by one request", icon: "clock", mood: "warn" };
  }
  if (coolingMs > 0) {
    return {
      words: `Limits the rate, ${formatDuration(coolingMs)} more`,
      icon: "clock",
      mood: "warn",
    };
  }
  return { words: "Asked", icon: "check", mood: "good" };
}

/** How the models of a provider do that were asked; ended tries are those of this process. */
export function ModelHealth(
  { of: health }: { of: readonly ProviderModelHealth[] },
): VNode {
  if (health.length === 0) {
    return (
      <p class="soft">None of its models was asked since the server began.</p>
    );
  }
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Models">
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">State</th>
            <th scope="col" class="num">Running</th>
            <th scope="col" class="num">Ended, 10 min</th>
            <th scope="col" class="num">Failed</th>
            <th scope="col" class="num">First token</th>
          </tr>
        </thead>
        <tbody>
          {health.map((model) => (
            <tr key={model.model}>
              <th scope="row" class="anywhere">{model.model}</th>
              <td data-label="State">
                <StateWord of={stateOf(model)} />
              </td>
              <td data-label="Running" class="num">
                {formatCount(model.inFlight)}
              </td>
              <td data-label="Ended, 10 min" class="num">
                {formatCount(model.recentEnded)}
              </td>
              <td data-label="Failed" class="num">
                {formatCount(model.recentFailed)}
              </td>
              <td data-label="First token" class="num">
                {model.firstTokenMs === null ||
                    model.recentFailed === model.recentEnded
                  ? "–"
                  : formatDuration(model.firstTokenMs)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
