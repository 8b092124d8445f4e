/** What requests and runs add to the metrics when they end. */
import type { Count, Distribution, Labelled, Metrics } from "./metrics.ts";
import type { RunFacts } from "./request_record.ts";
import type { RequestTrace } from "./request_trace.ts";

/** Upper bounds of buckets, in seconds: what Freshet itself takes. */
const OVERHEAD_SECONDS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  1,
  5,
];
/** The same for what providers take. */
const PROVIDER_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** The same for whole requests: pages, calls, and streams as long as their answers. */
const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300];
/** Combinations of method, route and status that are told apart. */
const MAX_REQUEST_SERIES = 1_000;
/** Those that a route may have; what else comes is made up. */
const METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

const MICRO_PER_USD = 1_000_000;

export class RequestMetrics {
  readonly #requests: Labelled<Distribution>;
  readonly #overhead: Labelled<Distribution>;
  readonly #runs: Labelled<Count>;
  readonly #firstToken: Labelled<Distribution>;
  readonly #total: Labelled<Distribution>;
  readonly #tokens: Labelled<Count>;
  readonly #cost: Labelled<Count>;
  readonly #unpriced: Labelled<Count>;
  readonly #chunks: Labelled<Count>;
  readonly #attempts: Labelled<Count>;

  constructor(metrics: Metrics) {
    this.#requests = metrics.histogram(
      "http_request_duration_seconds",
      "Time from a request to the end of its response",
      REQUEST_SECONDS,
      ["method", "route", "status"],
      MAX_REQUEST_SERIES,
    );
    this.#overhead = metrics.histogram(
      "freshet_overhead_seconds",
      "Time from a request to its response headers without waiting for the provider",
      OVERHEAD_SECONDS,
      ["source"],
    );
    this.#runs = metrics.counter(
      "freshet_runs_total",
      "Runs that have ended in this process",
      ["source", "status"],
    );
    this.#firstToken = metrics.histogram(
      "llm_time_to_first_token_seconds",
      "Time from asking the provider to its first delta",
      PROVIDER_SECONDS,
      ["source"],
    );
    this.#total = metrics.histogram(
      "freshet_run_seconds",
      "Time from asking the provider to the end of the answer",
      PROVIDER_SECONDS,
      ["source"],
    );
    this.#tokens = metrics.counter(
      "llm_tokens_total",
      "Tokens of runs that have ended, as the provider reported or as estimated",
      ["kind", "provider", "model"],
    );
    this.#cost = metrics.counter(
      "llm_cost_usd_total",
      "What runs that have ended cost, in US dollars",
      ["provider", "model"],
    );
    this.#unpriced = metrics.counter(
      "freshet_unpriced_runs_total",
      "Runs that have ended whose cost is not known",
      ["provider", "model"],
    );
    this.#chunks = metrics.counter(
      "freshet_chunks_total",
      "Pieces of answers of runs that have ended",
      ["source"],
    );
    this.#attempts = metrics.counter(
      "freshet_attempts_total",
      "Tries at providers, of runs that have ended",
      ["provider", "outcome"],
    );
  }

  /** A response has ended, or its caller has hung up. */
  ended({ method, route, stages }: RequestTrace, status: number): void {
    this.#requests.of(
      METHODS.has(method) ? method : "other",
      route,
      String(status),
    )
      .observe(stages.elapsedMs / 1_000);
  }

  /** The headers of a response have left. */
  answered({ source, answered }: RequestTrace): void {
    if (answered === null) return;
    if (source === null || answered.status >= 400) return;
    this.#overhead.of(source).observe(answered.overheadMs / 1_000);
  }

  /** A run has ended. */
  runEnded(facts: RunFacts): void {
    const { source, status, provider, servedModel, model } = facts;
    const target = [provider ?? "none", servedModel ?? model] as const;
    this.#runs.of(source, status).add();
    this.#total.of(source).observe(facts.totalMs / 1_000);
    if (facts.firstTokenMs !== null) {
      this.#firstToken.of(source).observe(facts.firstTokenMs / 1_000);
    }
    this.#tokens.of("input", ...target).add(facts.inputTokens);
    this.#tokens.of("cached_input", ...target).add(facts.cachedInputTokens);
    this.#tokens.of("output", ...target).add(facts.outputTokens);
    if (facts.costMicroUsd === null) this.#unpriced.of(...target).add();
    else this.#cost.of(...target).add(facts.costMicroUsd / MICRO_PER_USD);
    this.#chunks.of(source).add(facts.chunks);
    for (const attempt of facts.attempts) {
      this.#attempts.of(attempt.provider, attempt.outcome).add();
    }
  }
}
