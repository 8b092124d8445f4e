import type { VNode } from "preact";
import { formatCount } from "@/lib/shared/format.ts";
import {
  keyWords,
  providerState,
  recentFailures,
  SOURCE_WORDS,
} from "@/lib/shared/provider_words.ts";
import type { ProviderDetails } from "@/lib/shared/wire.ts";
import { StateWord } from "./StateWord.tsx";

/** Providers, each with how it does. */
export function ProviderTable(
  { providers, processes }: {
    providers: readonly ProviderDetails[];
    /** Whose connections these are. */
    processes: number;
  },
): VNode {
  return (
    <div
      class="table-wrap mt-4"
      tabIndex={0}
      role="region"
      aria-label="Providers"
    >
      <table class="table table-stack provider-table">
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">State</th>
            <th scope="col">Key</th>
            <th scope="col">Set by</th>
            <th scope="col" class="num">Models</th>
            <th scope="col" class="num">Connections</th>
            <th scope="col" class="num">Failed, 10 min</th>
          </tr>
        </thead>
        <tbody>
          {providers.map((provider) => (
            <Row key={provider.id} of={provider} processes={processes} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { of: provider, processes }: { of: ProviderDetails; processes: number },
): VNode {
  const { id, baseUrl, isDefault, modelCount, connections, maxConnections } =
    provider;
  return (
    <tr>
      <th scope="row" class="anywhere">
        <a href={`/admin/providers/${id}`}>{id}</a>
        {isDefault && <span class="badge provider-badge">Default</span>}
        <span class="provider-address mono">{baseUrl}</span>
      </th>
      <td data-label="State">
        <StateWord of={providerState(provider)} />
      </td>
      <td data-label="Key" class="anywhere">{keyWords(provider)}</td>
      <td data-label="Set by">{SOURCE_WORDS[provider.source]}</td>
      <td data-label="Models" class="num">
        {modelCount === null ? "–" : formatCount(modelCount)}
      </td>
      <td data-label="Connections" class="num">
        {formatCount(connections.inUse)} of{" "}
        {formatCount(maxConnections * processes)}
      </td>
      <td data-label="Failed, 10 min" class="num">
        {recentFailures(provider) ?? "–"}
      </td>
    </tr>
  );
}
