/**
 * What models cost. Costs are whole micro-dollars, computed in integers and rounded once, half up, at the
 * end. A model without a price is unpriced, which is not free.
 */
import type { PriceSettings } from "@/lib/config/file.ts";
import type { TokenUsage } from "@/lib/llm/types.ts";
import { parseUsd } from "@/lib/shared/usd.ts";

/**
 * Prices of one model from one moment on. A micro-dollar for a million tokens is a millionth of a
 * micro-dollar a token.
 */
export interface Price {
  /** Name in the price list. */
  readonly model: string;
  /** First moment of this price, milliseconds since 1970 UTC. */
  readonly fromMs: number;
  /** Micro-dollars for a million input tokens. */
  readonly input: bigint;
  /** Micro-dollars for a million input tokens that the provider had cached. */
  readonly cachedInput: bigint;
  /** Micro-dollars for a million output tokens. */
  readonly output: bigint;
}

const TOKENS_PER_PRICE = 1_000_000n;

function toPrice(entry: PriceSettings): Price {
  const fromMs = Date.parse(`${entry.from}T00:00:00Z`);
  if (Number.isNaN(fromMs)) {
    throw new TypeError(`Price of "${entry.model}" begins at no date`);
  }
  return {
    model: entry.model,
    fromMs,
    input: parseUsd(entry.inputPerMillionUsd),
    cachedInput: parseUsd(
      entry.cachedInputPerMillionUsd ?? entry.inputPerMillionUsd,
    ),
    output: parseUsd(entry.outputPerMillionUsd),
  };
}

/**
 * The names under which the price of a model is looked for, the exact one first, so that it is the same
 * whether the model was asked by name, by its plain one or through a route: the one with the provider, the
 * one that was used, the provider's plain one.
 */
function priceNames(model: string, provider: string | null): string[] {
  if (provider === null) return [model];
  const prefix = `${provider}/`;
  const plain = model.startsWith(prefix) ? model.slice(prefix.length) : model;
  return [prefix + model, model, plain];
}

function tokens(count: number): bigint {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`Count of tokens "${count}" is no whole number`);
  }
  return BigInt(count);
}

export class PriceList {
  #prices: Map<string, Price[]> = new Map();

  /**
   * @throws {TypeError} for an amount or a date that is none, or two prices of a model from one day
   */
  constructor(entries: readonly PriceSettings[]) {
    this.replace(entries);
  }

  /** From now on these prices hold, also for what began before. @throws {TypeError} as the constructor */
  replace(entries: readonly PriceSettings[]): void {
    const byModel = Map.groupBy(entries.map(toPrice), ({ model }) => model);
    for (const [model, prices] of byModel) {
      prices.sort((left, right) => right.fromMs - left.fromMs);
      const twice = prices.findIndex(({ fromMs }, index) =>
        index > 0 && prices[index - 1].fromMs === fromMs
      );
      if (twice > 0) {
        throw new TypeError(`Model "${model}" has two prices from one day`);
      }
    }
    this.#prices = byModel;
  }

  /**
   * The price of a model at a time: the newest that had begun; null when it is unpriced.
   * @param model name that the caller used
   * @param provider id of the provider that serves it; with it the model's other names count too
   */
  find(
    model: string,
    at: Date,
    provider: string | null = null,
  ): Price | null {
    const atMs = at.getTime();
    for (const name of priceNames(model, provider)) {
      const price = this.#prices.get(name)?.find(({ fromMs }) =>
        fromMs <= atMs
      );
      if (price !== undefined) return price;
    }
    return null;
  }

  /**
   * What an answer cost; null when the model is unpriced. `inputTokens` hold the cached ones, as OpenAI
   * counts them (https://platform.openai.com/docs/guides/prompt-caching), so those are paid once, at
   * their own price.
   * @throws {RangeError} when a count is no whole number, or the cost is beyond
   *   `Number.MAX_SAFE_INTEGER`
   */
  cost(
    model: string,
    usage: TokenUsage,
    at: Date,
    provider: string | null = null,
  ): { microUsd: number } | null {
    const price = this.find(model, at, provider);
    return price === null ? null : { microUsd: costOf(price, usage) };
  }
}

function costOf(price: Price, usage: TokenUsage): number {
  const input = tokens(usage.inputTokens);
  const reported = tokens(usage.cachedInputTokens);
  const cached = reported < input ? reported : input;
  const sum = (input - cached) * price.input + cached * price.cachedInput +
    tokens(usage.outputTokens) * price.output;
  const microUsd = (sum + TOKENS_PER_PRICE / 2n) / TOKENS_PER_PRICE;
  if (microUsd > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`Cost of "${microUsd}" micro-dollars is too large`);
  }
  return Number(microUsd);
}
