/** What the parts of the process count themselves, read when somebody asks for the metrics. */
import type { Answers } from "@/lib/cache/answers.ts";
import type { Admission } from "@/lib/http/admission.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Routing } from "@/lib/llm/routing/routing.ts";
import type { TargetState } from "@/lib/llm/routing/target.ts";
import type { Metrics, Sample } from "./metrics.ts";
import type { Observer } from "./observer.ts";
import type { RequestLog } from "./request_log.ts";

export interface MeasuredParts {
  metrics: Metrics;
  observer: Pick<Observer, "open" | "followers">;
  requestLog: Pick<RequestLog, "written" | "dropped">;
  admission: Pick<Admission, "inProgress" | "refused">;
  runs: { readonly executing: number };
  models: { readonly openSockets: number; readonly routing: Routing };
  answers: Pick<Answers, "report">;
  owner: Pick<Owner, "incarnation" | "subscribe">;
  consumers: { readonly lagMs: ReadonlyMap<string, number> };
}

const BATCH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
const BREAKER_VALUES = { closed: 0, "half-open": 1, open: 2 };
const MICRO_PER_USD = 1_000_000;

/** Registers them all. @throws {TypeError} when it was done before */
export function measureServices(parts: MeasuredParts): void {
  measureProcess(parts);
  measureRequests(parts);
  measureProviders(parts);
  measureCache(parts);
  measureLane(parts);
  measureEvents(parts);
}

function measureProcess({ metrics }: MeasuredParts): void {
  metrics.gauge(
    "freshet_resident_memory_bytes",
    "Memory of the process",
    () => Deno.memoryUsage().rss,
  );
  metrics.gauge(
    "freshet_heap_bytes",
    "Memory of the JavaScript heap in use",
    () => Deno.memoryUsage().heapUsed,
  );
  const startedAtMs = Date.now();
  metrics.gauge(
    "freshet_process_start_time_seconds",
    "When the services were started, seconds since 1970 UTC",
    () => startedAtMs / 1_000,
  );
}

function measureRequests(
  { metrics, observer, requestLog, admission, runs }: MeasuredParts,
): void {
  metrics.gauge(
    "freshet_requests_in_progress",
    "Requests whose responses have not ended",
    () => admission.inProgress,
  );
  metrics.readCounter(
    "freshet_requests_refused_total",
    "Requests that were refused because the process takes no more",
    () => admission.refused,
  );
  metrics.gauge(
    "freshet_requests_open",
    "Requests that have not been answered, or whose run goes on",
    () => observer.open.size,
  );
  metrics.gauge(
    "freshet_active_streams",
    "Runs that this process executes",
    () => runs.executing,
  );
  metrics.gauge(
    "freshet_followers",
    "Event streams that clients read",
    () => observer.followers,
  );
  metrics.readCounter(
    "freshet_request_records_total",
    "Records of requests that were written, or dropped because the store was busy",
    () => [
      [["written"], requestLog.written],
      [["dropped"], requestLog.dropped],
    ],
    ["outcome"],
  );
}

function measureProviders({ metrics, models }: MeasuredParts): void {
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
    "freshet_breaker_state",
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
  const ofProviders = (
    name: string,
    help: string,
    valueOf: (connections: TargetState["connections"]) => number,
  ) =>
    metrics.gauge(name, help, () => {
      const values = new Map<string, number>();
      for (const { provider, connections } of models.routing.states()) {
        values.set(provider, valueOf(connections));
      }
      return [...values].map((
        [provider, value],
      ): Sample => [[provider], value]);
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

function measureCache({ metrics, answers }: MeasuredParts): void {
  metrics.readCounter(
    "freshet_cache_requests_total",
    "Answers by what the cache had to do with them",
    () =>
      Object.entries(answers.report().outcomes)
        .map(([outcome, count]): Sample => [[outcome], count]),
    ["outcome"],
  );
  metrics.readCounter(
    "freshet_cache_saved_tokens_total",
    "Tokens that no provider was asked for",
    () => {
      const { savedInputTokens, savedOutputTokens } = answers.report();
      return [
        [["input"], savedInputTokens],
        [["output"], savedOutputTokens],
      ];
    },
    ["kind"],
  );
  metrics.readCounter(
    "freshet_cache_saved_usd_total",
    "What these tokens would have cost, in US dollars",
    () => answers.report().savedMicroUsd / MICRO_PER_USD,
  );
  metrics.readCounter(
    "freshet_cache_answers_total",
    "Answers that were kept, kept in memory only, or removed by a purge",
    () => {
      const { kept, notStored, purged } = answers.report();
      return [
        [["kept"], kept],
        [["not_stored"], notStored],
        [["purged"], purged],
      ];
    },
    ["event"],
  );
  metrics.gauge(
    "freshet_cache_memory_bytes",
    "Memory of kept answers",
    () => answers.report().inMemory.bytes,
  );
  metrics.gauge(
    "freshet_flight_memory_bytes",
    "Memory of upstream calls that several runs may share",
    () => answers.report().flights.bytes,
  );
}

function measureLane({ metrics, owner }: MeasuredParts): void {
  const lane = () => owner.incarnation.lane;
  const batches = metrics.histogram(
    "freshet_lane_batch_seconds",
    "From sending a batch of the writer of this process to its commit",
    BATCH_SECONDS,
  ).of();
  const bytes = metrics.counter(
    "freshet_lane_bytes_total",
    "Bytes that the writer of this process has committed",
  ).of();
  const entries = metrics.counter(
    "freshet_lane_entries_total",
    "Entries that the writer of this process has committed, many in a batch",
  ).of();
  const halts = metrics.counter(
    "freshet_lane_halts_total",
    "Times that the writer of this process waited for a store that did not answer",
  ).of();
  const watch = (incarnation: Incarnation) => {
    incarnation.lane.onBatch = (batch) => {
      batches.observe(batch.durationMs / 1_000);
      bytes.add(batch.bytes);
      entries.add(batch.entries);
    };
    incarnation.lane.subscribe((event) => {
      if (event.type === "halted") halts.add();
    });
  };
  watch(owner.incarnation);
  owner.subscribe(watch);
  metrics.gauge(
    "freshet_lane_pending_bytes",
    "Bytes that wait for their commit",
    () => lane().pendingBytes,
  );
  metrics.gauge(
    "freshet_lane_log_pages",
    "Log pages of this process that are in the store",
    () => lane().logPages,
  );
  metrics.gauge(
    "freshet_lane_open",
    "1 while the writer of this process commits, 0 while it is halted or fenced",
    () => lane().state === "open" ? 1 : 0,
  );
}

function measureEvents({ metrics, consumers }: MeasuredParts): void {
  metrics.gauge(
    "freshet_events_lag_seconds",
    "Age of the oldest event that a consumer found new when it looked last",
    () =>
      [...consumers.lagMs].map(([consumer, ms]): Sample => [
        [consumer],
        ms / 1_000,
      ]),
    ["consumer"],
  );
}
