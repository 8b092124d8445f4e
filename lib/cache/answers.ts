/**
 * The way to an answer, for chat and gateway alike: kept in memory, kept in the store, on its way in a
 * call that another run has begun, or in a call of its own.
 */
import type { Clock } from "@/lib/clock.ts";
import type { CacheSettings } from "@/lib/config/cache.ts";
import { AppError } from "@/lib/errors.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";
import type { CacheHit, CacheOutcome, CacheWish, ServedBy } from "./answer.ts";
import { type CacheKey, cacheKey, type Question } from "./cache_key.ts";
import type { CacheCounters, CacheCounts } from "./counters.ts";
import type { Flights, OpenUpstream } from "./flights.ts";
import { replay } from "./replay.ts";
import type { ResponseCache } from "./response_cache.ts";

/** Told of the steps that a lookup takes, for traces; see `Stages` in lib/observe. */
export interface LookupStages {
  begin(name: "cache.l1" | "cache.l2"): object;
  end(stage: object, outcome: "hit" | "miss" | "joined"): void;
}

/** A question, and how to have it answered where nobody has done so. */
export interface Ask extends Question {
  /** `bypass`: a call of its own, which nobody joins and whose answer is not kept. */
  wish: CacheWish;
  /** The run's own: its abort ends the answer for this run and for no other. */
  signal: AbortSignal;
  open: OpenUpstream;
  stages?: LookupStages;
}

/** What is known of an answer before it is opened. */
export interface Sought {
  /** Null: the cache is not to be asked. */
  readonly key: CacheKey | null;
  readonly hit: CacheHit | null;
}

/** What a run pays of an answer, and what it would have paid without the cache. */
export interface Settlement {
  paid: TokenUsage;
  /** Micro-dollars; 0 for an unpriced model. */
  savedMicroUsd: number;
}

/** An answer on its way to one run. */
export interface OpenedAnswer {
  readonly cache: CacheOutcome;
  /** From the first on. `return` gives it up: of a shared call only this run's part. */
  readonly deltas: AsyncIterator<Delta>;
  /** Who answers; null until that is known. */
  served(): ServedBy | null;
  /** Whether the run would pay for the answer if it ended now. */
  pays(): boolean;
  /**
   * What the run pays; to be asked once, when it has read to the end or given up.
   * @param usage what it used by its own account: reported, or estimated
   */
  settle(usage: TokenUsage): Settlement;
}

export interface AnswersParts {
  settings: CacheSettings;
  cache: ResponseCache;
  flights: Flights;
  counters: CacheCounters;
  prices: PriceList;
  clock: Pick<Clock, "now">;
}

/** What the cache has done and holds now. */
export interface CacheReport extends CacheCounts {
  settings: CacheSettings;
  inMemory: { answers: number; bytes: number };
  /** Upstream calls that can be joined now, and the memory of all. */
  flights: { joinable: number; bytes: number };
}

const FREE: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
};

export class Answers {
  readonly #parts: AnswersParts;
  /** The kept answers themselves, to look into and to purge. */
  readonly cache: ResponseCache;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
    this.cache = parts.cache;
  }

  /** Where the answer is kept; null when policy or wish keeps the cache out of it. */
  keyOf(ask: Question & { wish: CacheWish }): CacheKey | null {
    return ask.wish === "bypass" ? null : cacheKey(this.#parts.settings, ask);
  }

  /**
   * Looks for a kept answer. It waits for the store at most, half a second, and only when the policy keeps
   * such answers and none for the question is on its way.
   * @throws {AppError} 504 `cache_miss` when only a kept answer was wanted and there is none
   * @throws the signal's reason when it aborts
   */
  async seek(ask: Omit<Ask, "open">): Promise<Sought> {
    const key = this.keyOf(ask);
    if (key === null) {
      if (ask.wish === "only") this.#refuse();
      return { key, hit: null };
    }
    const hit = this.find(key, ask) ?? await this.lookUp(key, ask);
    return { key, hit };
  }

  /**
   * Opens the answer; never waits for the provider.
   * @param sought what `seek` has found for the same question
   * @throws as `seek` does
   */
  async open(ask: Ask, sought?: Sought): Promise<OpenedAnswer> {
    const { key, hit } = sought ?? await this.seek(ask);
    if (hit !== null) return this.take(hit, ask.signal);
    return key === null ? this.pass(ask) : this.board(key, ask);
  }

  /**
   * As `open`, but at once: the store is not asked whether it has the answer.
   * @throws {AppError} 504 `cache_miss`
   */
  openNow(ask: Ask): OpenedAnswer {
    const key = this.keyOf(ask);
    const hit = key === null ? null : this.find(key, ask);
    if (hit === null && ask.wish === "only") this.#refuse();
    if (hit !== null) return this.take(hit, ask.signal);
    return key === null ? this.pass(ask) : this.board(key, ask);
  }

  /** The answer in memory, without waiting for anything. `take` it, or say that it was `taken`. */
  find(
    key: CacheKey,
    { wish, stages }: Pick<Ask, "wish" | "stages">,
  ): CacheHit | null {
    const stage = stages?.begin("cache.l1");
    const hit = this.#parts.cache.peek(key);
    if (stage !== undefined) {
      const isUp = wish === "use" && this.#isUp(key);
      stages?.end(stage, hit !== null ? "hit" : isUp ? "joined" : "miss");
    }
    return hit;
  }

  /**
   * The kept answer. The store is not asked while a call for the same is on its way.
   * @throws {AppError} 504 `cache_miss`
   */
  async lookUp(
    key: CacheKey,
    { wish, signal, stages }: Pick<Ask, "wish" | "signal" | "stages">,
  ): Promise<CacheHit | null> {
    const { cache } = this.#parts;
    if (wish === "use" && this.#isUp(key)) return null;
    const stage = stages?.begin("cache.l2");
    let hit: CacheHit | null = null;
    try {
      hit = await cache.lookUp(key, signal);
    } finally {
      if (stage !== undefined) {
        stages?.end(stage, hit === null ? "miss" : "hit");
      }
    }
    if (hit === null && wish === "only") this.#refuse();
    return hit;
  }

  /** Replays a kept answer. */
  take(hit: CacheHit, signal: AbortSignal): OpenedAnswer {
    const { answer, outcome } = hit;
    const savedMicroUsd = this.taken(hit);
    return {
      cache: outcome,
      deltas: replay(answer.deltas, signal),
      served: () => answer.served,
      pays: () => false,
      settle: () => ({ paid: FREE, savedMicroUsd }),
    };
  }

  /**
   * Counts a kept answer that was taken, for those who do not `take` it as a stream.
   * @returns what it has saved, in micro-dollars
   */
  taken({ answer: { usage, served }, outcome }: CacheHit): number {
    this.#parts.counters.count(outcome);
    return this.#save(usage ?? FREE, served);
  }

  /** Joins the call that is on its way for the key, or begins one; its answer is kept if it is whole. */
  board(
    key: CacheKey,
    { signal, open }: Pick<Ask, "signal" | "open">,
  ): OpenedAnswer {
    const { cache, flights, counters } = this.#parts;
    const stamp = cache.stamp(key);
    const seat = flights.board({
      shareKey: shareKeyOf(key),
      signal,
      open,
      onLanded: (deltas, served) =>
        cache.keep(key, inForm(key, deltas), served, stamp),
    });
    counters.count(seat.outcome);
    return {
      cache: seat.outcome,
      deltas: seat,
      served: () => seat.served,
      pays: () => seat.pays,
      settle: (usage) => {
        const paid = seat.settle(usage);
        if (seat.outcome === "miss") return { paid, savedMicroUsd: 0 };
        const saved = less(usage, paid);
        return { paid, savedMicroUsd: this.#save(saved, seat.served) };
      },
    };
  }

  /** A call that has nothing to do with the cache. */
  pass({ signal, open }: Pick<Ask, "signal" | "open">): OpenedAnswer {
    this.#parts.counters.count("bypass");
    let served: ServedBy | null = null;
    return {
      cache: "bypass",
      deltas: open(signal, (by) => served = by),
      served: () => served,
      pays: () => true,
      settle: (usage) => ({ paid: usage, savedMicroUsd: 0 }),
    };
  }

  /** What the cache has done since the process began, and what it holds now. */
  report(): CacheReport {
    const { settings, cache, flights, counters } = this.#parts;
    return {
      ...counters.read(),
      settings,
      inMemory: cache.inMemory,
      flights: { joinable: flights.size, bytes: flights.bytes },
    };
  }

  #refuse(): never {
    this.#parts.counters.add("refused");
    throw cacheMiss();
  }

  /** Whether who opens the answer now has it from somebody else's call, and pays nothing for it. */
  isFree({ key, hit }: Sought): boolean {
    return hit !== null || (key !== null && this.#isUp(key));
  }

  /** Whether a call for the same is on its way. */
  #isUp(key: CacheKey): boolean {
    const shareKey = shareKeyOf(key);
    return shareKey !== null && this.#parts.flights.has(shareKey);
  }

  #save(usage: TokenUsage, served: ServedBy | null): number {
    const { counters, prices, clock } = this.#parts;
    const microUsd = served === null
      ? 0
      : costOf(prices, usage, served, clock.now());
    const { inputTokens, outputTokens } = usage;
    counters.save({ inputTokens, outputTokens, microUsd });
    return microUsd;
  }
}

function shareKeyOf({ hash, mayJoin }: CacheKey): string | null {
  return mayJoin ? hash : null;
}

/** In the form `chat` nobody wants the provider's own texts. */
function inForm({ form }: CacheKey, deltas: readonly Delta[]) {
  if (form === "chunks") return deltas;
  return deltas.map(({ raw: _, ...delta }): Delta => delta);
}

function less(usage: TokenUsage, paid: TokenUsage): TokenUsage {
  const rest = (name: keyof TokenUsage) =>
    Math.max(usage[name] - paid[name], 0);
  return {
    inputTokens: rest("inputTokens"),
    cachedInputTokens: rest("cachedInputTokens"),
    outputTokens: rest("outputTokens"),
  };
}

/** In micro-dollars; 0 where the model has no price, or the counts are beyond all reason. */
function costOf(
  prices: PriceList,
  usage: TokenUsage,
  { provider, model }: ServedBy,
  atMs: number,
): number {
  try {
    const at = new Date(atMs);
    return prices.cost(model, usage, at, provider)?.microUsd ?? 0;
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

function cacheMiss(): AppError {
  return new AppError({
    status: 504,
    code: "cache_miss",
    message:
      "No answer to this request is kept, and only a kept one was wanted.",
  });
}
