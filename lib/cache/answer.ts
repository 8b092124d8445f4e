/** What the cache knows about an answer, and the words in which it says what it did. */
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";

/**
 * What the cache had to do with an answer, as `x-freshet-cache` and `Run.cache` say it: it came from
 * memory, from the store, from an upstream call that another run had begun, from a call of its own, or
 * the cache was not asked at all.
 */
export type CacheOutcome = "hit-l1" | "hit-l2" | "joined" | "miss" | "bypass";

/** What the caller wants of the cache, as the request header `x-freshet-cache` says it. */
export type CacheWish = "use" | "bypass" | "only";

/**
 * Which deltas an answer is made of. `chat`: texts, reasoning and tool calls, without `raw`. `chunks`: as
 * a gateway passes them on, with the provider's own JSON texts. Answers of two forms are never shared.
 */
export type AnswerForm = "chat" | "chunks";

/** Who gave an answer. */
export interface ServedBy {
  /** Id of the provider. */
  readonly provider: string;
  /** The provider's own name of the model. */
  readonly model: string;
}

/** A whole answer. Nobody changes it: all who get it share the same deltas. */
export interface CachedAnswer {
  /** In the order in which the provider gave them, usage last where it reported any. */
  readonly deltas: readonly Delta[];
  /** Why it ended; never `length` or `content_filter`. */
  readonly finishReason: string;
  /** What the provider reported; null when it reported none. */
  readonly usage: TokenUsage | null;
  readonly served: ServedBy;
  /** When it was whole, milliseconds since 1970 UTC. */
  readonly storedAtMs: number;
  /** From when on it is no hit, milliseconds since 1970 UTC. */
  readonly expiresAtMs: number;
}

/** An answer that was found. */
export interface CacheHit {
  readonly outcome: "hit-l1" | "hit-l2";
  readonly answer: CachedAnswer;
}
