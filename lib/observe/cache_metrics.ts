/** Metrics of the response cache, which counts for itself. */
import type { Answers } from "@/lib/cache/answers.ts";
import type { Metrics, Sample } from "./metrics.ts";

export interface CacheParts {
  metrics: Metrics;
  answers: Pick<Answers, "report">;
}

const MICRO_PER_USD = 1_000_000;

/** Registers them. @throws {TypeError} when it was done before */
export function measureCache({ metrics, answers }: CacheParts): void {
  metrics.readCounter(
    "cache_requests_total",
    "Answers by what the cache had to do with them",
    () =>
      Object.entries(answers.report().outcomes)
        .map(([outcome, count]): Sample => [[outcome], count]),
    ["outcome"],
  );
  metrics.readCounter(
    "cache_saved_tokens_total",
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
