import type { VNode } from "preact";
import { SOURCE_WORDS, STRATEGY_WORDS } from "@/lib/shared/provider_words.ts";
import type {
  ProviderDetails,
  RouteDetails,
  RouteTarget,
} from "@/lib/shared/wire.ts";
import { StateWord } from "./StateWord.tsx";

/** Routes, each with the models that it leads to. */
export function RouteTable(
  { routes, providers }: {
    routes: readonly RouteDetails[];
    providers: readonly ProviderDetails[];
  },
): VNode {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
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
            <Row key={route.id} of={route} providers={byId} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type ProvidersById = ReadonlyMap<string, ProviderDetails>;

/** Why a target is not asked now; null: it is. */
function obstacle(
  { provider, model }: RouteTarget,
  providers: ProvidersById,
): string | null {
  const there = providers.get(provider);
  if (there === undefined) return "no such provider";
  if (there.state !== "active") return there.state;
  const health = there.health.find((each) => each.model === model);
  return health?.breaker === "open" ? "keeps failing" : null;
}

function Row(
  { of: route, providers }: { of: RouteDetails; providers: ProvidersById },
): VNode {
  const { id, targets, strategy, source, isDisabled } = route;
  const rows = targets.map((target) => ({
    ...target,
    why: obstacle(target, providers),
  }));
  const asked = rows.filter(({ why }) => why === null);
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
          {rows.map(({ provider, model, weight, why }, index) => (
            <li key={index} class="anywhere">
              <span class={why === null ? undefined : "soft"}>
                {provider}/{model}
              </span>
              {isWeighted && <span class="soft">, weight {weight}</span>}
              {why !== null && <span class="soft">, {why}</span>}
            </li>
          ))}
        </ol>
      </td>
      <td data-label="Who is asked">{STRATEGY_WORDS[strategy].words}</td>
      <td data-label="Set by">{SOURCE_WORDS[source]}</td>
    </tr>
  );
}
