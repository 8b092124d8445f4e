import type { VNode } from "preact";
import { SOURCE_WORDS, STRATEGY_WORDS } from "@/lib/shared/provider_words.ts";
import type { ProviderDetails, RouteDetails } from "@/lib/shared/wire.ts";
import { StateWord } from "./StateWord.tsx";

/** Routes, each with the models that it leads to. */
export function RouteTable(
  { routes, providers }: {
    routes: readonly RouteDetails[];
    providers: readonly ProviderDetails[];
  },
): VNode {
  const states = new Map(providers.map(({ id, state }) => [id, state]));
  return (
    <div class="table-wrap mt-4" tabIndex={0} role="region" aria-label="Routes">
      <table class="table table-stack provider-table">
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">State</th>
            <th scope="col">Leads to</th>
            <th scope="col">Who is asked</th>
            <th scope="col">Set by</th>
          </tr>
        </thead>
        <tbody>
          {routes.map((route) => (
            <Row key={route.id} of={route} states={states} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { of: route, states }: {
    of: RouteDetails;
    states: ReadonlyMap<string, ProviderDetails["state"]>;
  },
): VNode {
  const { id, targets, strategy, source, isDisabled } = route;
  const asked = targets.filter(({ provider }) =>
    states.get(provider) === "active"
  );
  const isWeighted = strategy === "weighted";
  return (
    <tr>
      <th scope="row" class="anywhere">
        <a href={`/admin/providers/routes/${encodeURIComponent(id)}`}>{id}</a>
      </th>
      <td data-label="State">
        <StateWord
          of={isDisabled
            ? { words: "Disabled", icon: "pause" }
            : asked.length === 0
            ? { words: "Leads nowhere", icon: "alert", mood: "bad" }
            : asked.length < targets.length
            ? {
              words: `${asked.length} of ${targets.length} models asked`,
              icon: "alert",
              mood: "warn",
            }
            : { words: "On", icon: "check", mood: "good" }}
        />
      </td>
      <td data-label="Leads to">
        <ol class="route-targets">
          {targets.map(({ provider, model, weight }, index) => (
            <li key={index} class="anywhere">
              <span
                class={asked.some((each) =>
                    each.provider === provider
                  )
                  ? undefined
                  : "faint"}
              >
                {provider}/{model}
              </span>
              {isWeighted && <span class="soft">, weight {weight}</span>}
            </li>
          ))}
        </ol>
      </td>
      <td data-label="Who is asked">{STRATEGY_WORDS[strategy].words}</td>
      <td data-label="Set by">{SOURCE_WORDS[source]}</td>
    </tr>
  );
}
