/** What metrics tell about routes and their targets. */
import type { BreakerState } from "./breaker.ts";
import type { Routing } from "./routing.ts";
import type { TargetState } from "./target.ts";

/** Where numbers are registered that are read when somebody asks for them. */
export interface Gauges {
  gauge(
    name: string,
    help: string,
    read: () => Iterable<readonly [labels: readonly string[], value: number]>,
    labels: readonly string[],
  ): void;
}

const STATE_VALUES: Record<BreakerState, number> = {
  closed: 0,
  "half-open": 1,
  open: 2,
};

/** Registers the numbers of all targets (`<provider>/<model>`) and of their providers' connections. */
export function registerRoutingMetrics(metrics: Gauges, routing: Routing) {
  const ofTargets = (
    name: string,
    help: string,
    valueOf: (state: TargetState) => number | null,
  ) =>
    metrics.gauge(
      name,
      help,
      function* () {
        for (const state of routing.states()) {
          const value = valueOf(state);
          const target = `${state.provider}/${state.model}`;
          if (value !== null) yield [[target], value];
        }
      },
      ["target"],
    );
  ofTargets(
    "freshet_breaker_state",
    "Whether a target is asked: 0 closed, it is; 1 half-open, by one request; 2 open, it is left alone",
    ({ breaker }) => STATE_VALUES[breaker],
  );
  ofTargets(
    "freshet_target_failures",
    "Failures of a target within the breaker's window",
    ({ failures }) => failures,
  );
  ofTargets(
    "freshet_target_cooling_seconds",
    "Until a target is asked again that limits the rate",
    ({ coolingMs }) => coolingMs / 1000,
  );
  ofTargets(
    "freshet_target_first_token_seconds",
    "Average time to the first token of late",
    ({ firstTokenMs }) => firstTokenMs === null ? null : firstTokenMs / 1000,
  );
  ofTargets(
    "freshet_target_attempts_in_flight",
    "Attempts at a target that are under way",
    ({ inFlight }) => inFlight,
  );
  const ofProviders = (
    name: string,
    help: string,
    valueOf: (state: TargetState["connections"]) => number,
  ) =>
    metrics.gauge(name, help, () => {
      const values = new Map<string, number>();
      for (const { provider, connections } of routing.states()) {
        values.set(provider, valueOf(connections));
      }
      return [...values].map(([provider, value]) =>
        [[provider], value] as const
      );
    }, ["provider"]);
  ofProviders(
    "freshet_provider_connections_in_use",
    "Requests that have a connection to the provider",
    ({ inUse }) => inUse,
  );
  ofProviders(
    "freshet_provider_connections_waiting",
    "Requests that wait for a connection to the provider",
    ({ waiting }) => waiting,
  );
}
