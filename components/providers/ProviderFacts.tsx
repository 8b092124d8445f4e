import type { VNode } from "preact";
import { Gauge } from "@/components/Gauge.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatCount } from "@/lib/shared/format.ts";
import {
  keyWords,
  providerState,
  SOURCE_WORDS,
} from "@/lib/shared/provider_words.ts";
import type { ProviderDetails } from "@/lib/shared/wire.ts";
import { StateWord } from "./StateWord.tsx";

/** A provider at a glance. */
export function ProviderFacts(
  { of: provider, nowMs }: { of: ProviderDetails; nowMs: number },
): VNode {
  const { connections, maxConnections, modelCount, routes, updatedAt } =
    provider;
  const { inUse, waiting } = connections;
  return (
    <div class="split provider-split">
      <dl class="provider-facts">
        <dt>State</dt>
        <dd>
          <StateWord of={providerState(provider)} />
        </dd>
        <dt>Key</dt>
        <dd>{keyWords(provider)}</dd>
        <dt>Models</dt>
        <dd>
          {modelCount === null
            ? "it has not said which"
            : `${formatCount(modelCount)}, ${
              provider.models === "discover" ? "by its own list" : "named here"
            }`}
        </dd>
        <dt>Routes</dt>
        <dd class="anywhere">
          {routes.length === 0 ? "none leads to it" : routes.join(", ")}
        </dd>
        <dt>Set by</dt>
        <dd>
          {SOURCE_WORDS[provider.source]}
          {updatedAt !== null && (
            <>
              , changed <Moment at={updatedAt} nowMs={nowMs} />
            </>
          )}
        </dd>
      </dl>
      <div>
        <Gauge
          label="Connections in use"
          value={`${formatCount(inUse)} of ${formatCount(maxConnections)}`}
          level={inUse / maxConnections}
        />
        <p class="hint">
          {waiting > 0
            ? `${formatCount(waiting)} wait for one.`
            : "Nobody waits for one."} {formatCount(connections.open)}{" "}
          open in this process.
        </p>
      </div>
    </div>
  );
}
