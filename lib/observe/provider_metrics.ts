/** Metrics of providers and of the models that have been asked. */
import type { Routing } from "@/lib/llm/routing/routing.ts";
import type { TargetState } from "@/lib/llm/routing/target.ts";
import type { Metrics, Sample } from "./metrics.ts";

export interface ProviderParts {
  metrics: Metrics;
  models: { readonly openSockets: number; readonly routing: Routing };
}

const BREAKER_VALUES = { closed: 0, "half-open": 1, open: 2 };

/** Registers them. @throws {TypeError} when it was done before */
export function measureProviders({ metrics, models }: ProviderParts): void {
  metrics.gauge(
    "freshet_upstream_sockets",
    "Sockets to providers, the idle ones included",
    () => models.openSockets,
  );
  const ofTargets = (
    name: string,
    help: string,
    valueOf: (state: TargetState) => number | null,
  ) =>
    metrics.gauge(name, help, function* () {
      for (const state of models.routing.states()) {
        const value = valueOf(state);
        if (value !== null) yield [[state.provider, state.model], value];
      }
    }, ["provider", "model"]);
  ofTargets(
    "breaker_state",
    "Whether a model is asked: 0 closed, it is; 1 half-open, by one request; 2 open, it is left alone",
    ({ breaker }) => BREAKER_VALUES[breaker],
  );
  ofTargets(
    "freshet_target_failures",
    "Failures of a model within the breaker's window",
    ({ failures }) => failures,
  );
  ofTargets(
    "freshet_target_cooling_seconds",
    "Until a model is asked again that limits the rate",
    ({ coolingMs }) => coolingMs / 1_000,
  );
  ofTargets(
    "freshet_target_first_token_seconds",
    "Average time to the first token of late",
    ({ firstTokenMs }) => firstTokenMs === null ? null : firstTokenMs / 1_000,
  );
  ofTargets(
    "freshet_target_in_flight",
    "Tries that are under way at a model",
    ({ inFlight }) => inFlight,
  );
  metrics.gauge(
    "upstream_connections",
    "Requests at a provider by state: in_use, they have a connection; waiting, they wait for one",
    () => {
      const samples = new Map<string, Sample>();
      for (const { provider, connections } of models.routing.states()) {
        const { inUse, waiting } = connections;
        samples.set(`${provider} in_use`, [[provider, "in_use"], inUse]);
        samples.set(`${provider} waiting`, [[provider, "waiting"], waiting]);
      }
      return samples.values();
    },
    ["provider", "state"],
  );
}
