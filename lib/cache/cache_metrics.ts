/** What metrics tell about the cache and shared calls. */
import type { Answers } from "./answers.ts";
import type { CacheCounts } from "./counters.ts";

type Read = () =>
  | number
  | Iterable<
    readonly [labels: readonly string[], value: number]
  >;

/** Where numbers are registered that are read when somebody asks for them. */
export interface ReadMetrics {
  gauge(name: string, help: string, read: Read): void;
  readCounter(
    name: string,
    help: string,
    read: Read,
    labels?: readonly string[],
  ): void;
}

const MICRO_PER_USD = 1_000_000;

/** Registers what the cache has done since the process began, and what it holds now. */
export function registerCacheMetrics(
  metrics: ReadMetrics,
  answers: Pick<Answers, "report">,
): void {
  metrics.readCounter(
    "freshet_cache_answers_total",
    "Answers by what the cache had to do with them",
    () =>
      Object.entries(answers.report().outcomes).map(([outcome, count]) =>
        [[outcome], count] as const
      ),
    ["outcome"],
  );
  const count = (
    name: string,
    help: string,
    field: Exclude<keyof CacheCounts, "outcomes">,
    unit = 1,
  ) => metrics.readCounter(name, help, () => answers.report()[field] / unit);
  count(
    "freshet_cache_refused_total",
    "Requests that wanted a kept answer only, and there was none",
    "refused",
  );
  count("freshet_cache_kept_total", "Answers put into memory", "kept");
  count(
    "freshet_cache_not_stored_total",
    "Answers that were kept in memory only, since the store had too much to do or refused them",
    "notStored",
  );
  count("freshet_cache_purged_total", "Answers removed by purges", "purged");
  count(
    "freshet_cache_saved_input_tokens_total",
    "Input tokens that no provider was asked for",
    "savedInputTokens",
  );
  count(
    "freshet_cache_saved_output_tokens_total",
    "Output tokens that no provider was asked for",
    "savedOutputTokens",
  );
  count(
    "freshet_cache_saved_usd_total",
    "What the saved tokens would have cost, in US dollars",
    "savedMicroUsd",
    MICRO_PER_USD,
  );
  metrics.gauge(
    "freshet_cache_memory_answers",
    "Answers in memory",
    () => answers.report().inMemory.answers,
  );
  metrics.gauge(
    "freshet_cache_memory_bytes",
    "Memory of kept answers",
    () => answers.report().inMemory.bytes,
  );
  metrics.gauge(
    "freshet_flights_joinable",
    "Upstream calls that others may join now",
    () => answers.report().flights.joinable,
  );
  metrics.gauge(
    "freshet_flights_bytes",
    "Memory of answers that are on their way",
    () => answers.report().flights.bytes,
  );
}
