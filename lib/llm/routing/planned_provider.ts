import type { ChatRequest, Delta, Provider } from "@/lib/llm/types.ts";
import type { RoutePlan } from "./route_plan.ts";

/** A plan for those who want an answer and no more: one opening, without a second one when it breaks. */
export class PlannedProvider implements Provider {
  readonly #plan: RoutePlan;
  readonly #first: Provider;

  /** @param first provider of the plan's first target */
  constructor(plan: RoutePlan, first: Provider) {
    this.#plan = plan;
    this.#first = first;
  }

  get id(): string {
    return this.#first.id;
  }

  /** The model of the request does not matter: the plan has its own. */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<Delta> {
    return this.#plan.call(request).open(signal);
  }

  listModels(signal: AbortSignal): Promise<string[]> {
    return this.#first.listModels(signal);
  }
}
