/** What the parts of the process count themselves, read when somebody asks for the metrics. */
import type { Answers } from "@/lib/cache/answers.ts";
import type { Admission } from "@/lib/http/admission.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { TargetState } from "@/lib/llm/routing/target.ts";
import type { Metrics, Sample } from "./metrics.ts";
import type { Observer } from "./observer.ts";
import type { RequestLog } from "./request_log.ts";

export interface MeasuredParts {
  metrics: Metrics;
  observer: Pick<Observer, "open">;
  requestLog: Pick<RequestLog, "written" | "dropped">;
  admission: Pick<Admission, "inProgress" | "refused">;
  runs: { readonly executing: number };
  models: {
    readonly openSockets: number;
    readonly routing: { states(): TargetState[] };
  };
  answers: Pick<Answers, "report">;
  owner: Owner;
}

const BREAKER_STATES = ["closed", "open", "half-open"];
const MICRO_PER_USD = 1_000_000;

/** Registers them all. @throws {TypeError} when it was done before */
export function measureServices(parts: MeasuredParts): void {
  measureProcess(parts);
  measureRequests(parts);
  measureProviders(parts);
  measureCache(parts);
  measureLane(parts);
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
  const perTarget = (
    read: (state: TargetState) => number | null,
  ): Sample[] =>
    models.routing.states().flatMap((state) => {
      const value = read(state);
      return value === null
        ? []
        : [[[state.provider, state.model], value] as const];
    });
  const labels = ["provider", "model"];
  metrics.gauge(
    "freshet_breaker_state",
    "State of the breaker of a model: 1 for the state that it is in",
    () =>
      models.routing.states().flatMap(({ provider, model, breaker }) =>
        BREAKER_STATES.map((state): Sample => [
          [provider, model, state],
          state === breaker ? 1 : 0,
        ])
      ),
    [...labels, "state"],
  );
  metrics.gauge(
    "freshet_target_in_flight",
    "Tries that are under way at a model",
    () => perTarget(({ inFlight }) => inFlight),
    labels,
  );
  metrics.gauge(
    "freshet_target_first_token_seconds",
    "Average time to the first token of late",
    () => perTarget(({ firstTokenMs }) => firstTokenMs && firstTokenMs / 1_000),
    labels,
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
  metrics.readCounter(
    "freshet_lane_batches_total",
    "Batches that the writer of this process has committed",
    () => lane().n,
  );
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
