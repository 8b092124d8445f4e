/** Which model makes a title. */
import { AppError } from "@/lib/errors.ts";
import { isChatModel } from "@/lib/llm/model_names.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { ModelInfo, TokenUsage } from "@/lib/llm/types.ts";
import type { ServedModel } from "./choose_model.ts";

/** What making titles needs to know about models. */
export interface TitleModels {
  /** @throws {AppError} 404 `model_not_found` */
  find(name: string, signal: AbortSignal): Promise<ServedModel>;
  list(signal: AbortSignal): Promise<ModelInfo[]>;
}

/** The model and the provider of the answer that is to get a title. */
export interface AnsweredBy {
  model: string;
  provider: string;
}

/** About what a title takes; models are compared by its cost. */
const TITLE_USAGE: TokenUsage = {
  inputTokens: 1_000,
  cachedInputTokens: 0,
  outputTokens: 24,
};

/**
 * The model of the settings while it is there, else the cheapest priced one of the provider that
 * answered, else the one that answered.
 * @throws {AppError} 404 `model_not_found` when that one is gone
 */
export async function chooseTitleModel(
  models: TitleModels,
  prices: PriceList,
  configured: string | null,
  answeredBy: AnsweredBy,
  signal: AbortSignal,
): Promise<ServedModel> {
  if (configured !== null) {
    try {
      return await models.find(configured, signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 404) throw error;
    }
  }
  const listed = await models.list(signal);
  const name = cheapest(listed, prices, answeredBy) ?? answeredBy.model;
  return await models.find(name, signal);
}

/** Of models that cost the same, the one that answered goes first, then the order of the list. */
function cheapest(
  listed: ModelInfo[],
  prices: PriceList,
  answeredBy: AnsweredBy,
): string | null {
  const now = new Date();
  let best: { id: string; microUsd: number } | null = null;
  const own = listed.filter(({ provider, model }) =>
    provider === answeredBy.provider && isChatModel(model)
  );
  for (const { id, provider } of own) {
    const cost = prices.cost(id, TITLE_USAGE, now, provider);
    if (cost === null) continue;
    const isBetter = best === null || cost.microUsd < best.microUsd ||
      (cost.microUsd === best.microUsd && id === answeredBy.model);
    if (isBetter) best = { id, microUsd: cost.microUsd };
  }
  return best?.id ?? null;
}
