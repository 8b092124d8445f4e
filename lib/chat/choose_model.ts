/** Which model answers a question. */
import { AppError } from "@/lib/errors.ts";
import type { RoutePlan } from "@/lib/llm/routing/route_plan.ts";
import type { Provider } from "@/lib/llm/types.ts";

/** Who serves a model, and by which name. */
export interface ServedModel {
  provider: Provider;
  /** The provider's own name of the model. */
  model: string;
  /** The name that was asked for. */
  id: string;
  /** Who else may answer, and how they are asked; without it the provider alone is. */
  plan?: RoutePlan;
}

/** Finds who serves a model. */
export interface ModelResolver {
  /** @throws {AppError} 404 `model_not_found` */
  find(name: string, signal: AbortSignal): Promise<ServedModel>;
  defaultModel(signal: AbortSignal): Promise<string>;
}

/** How long finding a model may take; providers get 5 s to list theirs. In milliseconds. */
const MODEL_DEADLINE_MS = 11_000;

/**
 * A model by its name.
 * @throws {AppError} 404 `model_not_found`
 */
export async function findModel(
  models: ModelResolver,
  name: string,
): Promise<ServedModel> {
  return await models.find(name, AbortSignal.timeout(MODEL_DEADLINE_MS));
}

/** The model asked for, else the thread's while it is there, else the default. */
export async function chooseModel(
  models: ModelResolver,
  asked: string | undefined,
  remembered: string | null,
): Promise<ServedModel> {
  const signal = AbortSignal.timeout(MODEL_DEADLINE_MS);
  if (asked !== undefined) return await models.find(asked, signal);
  if (remembered !== null) {
    try {
      return await models.find(remembered, signal);
    } catch (error) {
      if (!(error instanceof AppError) || !isGone(error)) throw error;
    }
  }
  return await models.find(
    await models.defaultModel(signal),
    signal,
  );
}

/** Whether a model is there no more, or not for who asks. */
function isGone({ status, code }: AppError): boolean {
  return status === 404 || code === "model_not_allowed";
}
