import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatDuration } from "@/lib/shared/format.ts";
import type { ProviderTest } from "@/lib/shared/wire.ts";

/** What a try to reach a provider came to. */
export function TestResult({ of: result }: { of: ProviderTest }): VNode {
  const { ok, message, code, models, modelCount, durationMs } = result;
  return (
    <div class="callout" data-kind={ok ? "good" : "bad"}>
      <Icon name={ok ? "check" : "alert"} />
      <p>
        <strong>{ok ? "It works." : "It does not work yet."}</strong> {message}
      </p>
      <p class="hint">
        {durationMs > 0 && `Tried in ${formatDuration(durationMs)}.`}
        {code !== null && ` Code: ${code}.`}
      </p>
      {models.length > 0 && (
        <details>
          <summary>
            {modelCount > models.length
              ? `The first ${models.length} models`
              : "Its models"}
          </summary>
          <ul class="provider-models">
            {models.map((model) => (
              <li key={model} class="anywhere">{model}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
