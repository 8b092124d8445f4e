/** Providers and routes as the API and the pages show them; a key is never among it. */
import type { KnownProvider } from "@/lib/llm/catalog/provider_catalog.ts";
import type { KnownRoute } from "@/lib/llm/catalog/route_catalog.ts";
import type { TargetState } from "@/lib/llm/routing/target.ts";
import type {
  ProviderDetails,
  ProviderModelHealth,
  RouteDetails,
} from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

const toTime = (ms: number | null): string | null =>
  // What an earlier version has added has no time.
  ms === null || ms === 0 ? null : new Date(ms).toISOString();

function toHealth(state: TargetState): ProviderModelHealth {
  const { model, breaker, coolingMs, firstTokenMs, recent, inFlight } = state;
  return {
    model,
    breaker,
    coolingMs: Math.round(coolingMs),
    firstTokenMs: firstTokenMs === null ? null : Math.round(firstTokenMs),
    recentEnded: recent.ended,
    recentFailed: recent.failed,
    inFlight,
  };
}

/** A provider, and how it does in this process. */
export function toProviderDetails(
  { services: { models, catalog: { catalog } } }: Pick<State, "services">,
  { createdAtMs, updatedAtMs, ...known }: KnownProvider,
): ProviderDetails {
  const { id } = known;
  const { routes } = catalog.record;
  return {
    ...known,
    isDefault: models.defaultProvider === id,
    routes: [
      ...catalog.configuredRoutes,
      ...routes.map(({ settings }) => settings),
    ].filter(({ targets }) => targets.some(({ provider }) => provider === id))
      .map((route) => route.id),
    modelCount: models.namesAt(id)?.length ?? null,
    connections: models.connectionsOf(id) ?? { open: 0, inUse: 0, waiting: 0 },
    health: models.routing.states()
      .filter(({ provider }) => provider === id)
      .map(toHealth),
    createdAt: toTime(createdAtMs),
    updatedAt: toTime(updatedAtMs),
  };
}

export function toRouteDetails(
  { settings, createdAtMs, updatedAtMs, ...known }: KnownRoute,
): RouteDetails {
  return {
    ...settings,
    ...known,
    createdAt: toTime(createdAtMs),
    updatedAt: toTime(updatedAtMs),
  };
}
