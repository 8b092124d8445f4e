import type { VNode } from "preact";
import { Gauge } from "@/components/Gauge.tsx";
import { Moment } from "@/components/Moment.tsx";
import {
  formatCount,
  formatDuration,
  formatPlural,
} from "@/lib/shared/format.ts";
import {
  keyWords,
  providerState,
  SOURCE_WORDS,
} from "@/lib/shared/provider_words.ts";
import type { ProviderDetails } from "@/lib/shared/wire.ts";
import { StateWord } from "./StateWord.tsx";

/** What a provider has answered for the workspace in 24 hours, in all processes. */
export interface ProviderUse {
  requests: number;
  errors: number;
  ttftMs: { n: number; p50: number | null };
}

/** So few say nothing about the others. */
const LEAST_MEASURED = 20;

function wordsOf(use: ProviderUse | null): string {
  if (use === null) return "Usage of this provider";
  const { requests, errors, ttftMs: { n, p50 } } = use;
  if (requests === 0) return "no requests of this workspace";
  const failed = errors === 0
    ? "none failed"
    : `${formatCount(errors)} failed (${
      ((100 * errors) / requests).toFixed(1)
    } %)`;
  const first = p50 === null || n < LEAST_MEASURED
    ? ""
    : `, first token p50 ${formatDuration(p50)}`;
  return `${
    formatPlural(requests, "request")
  } of this workspace, ${failed}${first}`;
}

/** A provider at a glance. */
export function ProviderFacts(
  { of: provider, use, others, nowMs }: {
    of: ProviderDetails;
    use: ProviderUse | null;
    /** Processes that are up besides the one that answers. */
    others: number;
    nowMs: number;
  },
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
        <dt>24 hours</dt>
        <dd>
          <a
            href={`/admin/usage?provider=${encodeURIComponent(provider.id)}`}
          >
            {wordsOf(use)}
          </a>
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
          value={`${formatCount(inUse)} of ${
            formatCount(maxConnections * (others + 1))
          }`}
          level={inUse / (maxConnections * (others + 1))}
        />
        <p class="hint">
          {waiting > 0
            ? `${formatCount(waiting)} wait for one.`
            : "Nobody waits for one."}
          {others > 0 &&
            ` ${
              formatCount(others + 1)
            } processes, which tell every few seconds.`}
        </p>
      </div>
    </div>
  );
}
