/** What a run reserves of the budgets that it has to keep. */
import type { Asker } from "@/lib/auth/asker.ts";
import type { Clock } from "@/lib/clock.ts";
import type { BudgetReservation } from "@/lib/limits/budget_reservation.ts";
import type { Budgets } from "@/lib/limits/budgets.ts";
import { modelSubject, type Subjects } from "@/lib/limits/subjects.ts";
import { estimateTokens } from "@/lib/llm/estimate.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { TargetName } from "@/lib/llm/routing/target.ts";
import type { ChatMessage } from "@/lib/llm/types.ts";

/** Tokens of an answer that are reserved at a time where nobody says how long it may become. */
export const BUDGET_STEP_TOKENS = 1_024;

/** What a part of a message counts as that is no text, such as an image. */
const OTHER_PART_TOKENS = 1_000;

/** What is asked, and of whom. */
export interface PricedRequest {
  /** Name of the model as the caller used it. */
  model: string;
  /** Who may answer; where it is not known yet, the provider and its name of the model. */
  targets: readonly TargetName[];
  inputTokens: number;
  /** Fields of the request that say how long the answer may become. */
  params: Readonly<Record<string, unknown>>;
  /** The answer is no text, and has no tokens. */
  hasNoOutput?: boolean;
}

/** Knows all names of a model, the one that its use is counted by first. */
export interface ModelNames {
  namesOf(name: string): readonly [string, ...string[]];
}

/** Reserves for answers by the prices of now. */
export class RunBudgets {
  readonly #budgets: Budgets;
  readonly #prices: PriceList;
  readonly #clock: Pick<Clock, "now">;
  readonly #models: ModelNames;

  constructor(
    budgets: Budgets,
    prices: PriceList,
    clock: Pick<Clock, "now">,
    models: ModelNames,
  ) {
    this.#budgets = budgets;
    this.#prices = prices;
    this.#clock = clock;
    this.#models = models;
  }

  /**
   * What an answer has to keep to, with nothing reserved yet: for `Budgets.claim`, or for an answer that is
   * paid elsewhere.
   */
  lend(
    asker: Asker,
    request: PricedRequest,
  ): BudgetReservation | Promise<BudgetReservation> {
    const { inputTokens, params, hasNoOutput } = request;
    const most = hasNoOutput ? 0 : mostTokens(params);
    const names = this.#models.namesOf(request.model);
    return this.#budgets.lend(subjectsOf(asker, names), {
      inputTokens,
      outputTokens: most ?? choicesOf(params) * BUDGET_STEP_TOKENS,
      stepTokens: most === null ? choicesOf(params) * BUDGET_STEP_TOKENS : null,
      cost: (input, output) => this.#dearest(request, input, output),
    });
  }

  /** Reserves for an answer that nobody else pays. @throws {AppError} 402 `budget_exceeded` */
  async reserve(
    asker: Asker,
    request: PricedRequest,
  ): Promise<BudgetReservation> {
    const lent = this.lend(asker, request);
    const reservation = lent instanceof Promise ? await lent : lent;
    const later = this.claim(reservation);
    if (later !== undefined) await later;
    return reservation;
  }

  /** @throws {AppError} 402 `budget_exceeded` (from the promise, where there is one) */
  claim(reservation: BudgetReservation): void | Promise<void> {
    return this.#budgets.claim(reservation);
  }

  /** Micro-dollars by the dearest who may answer; 0 where none of them has a price. */
  #dearest(
    { model, targets }: PricedRequest,
    inputTokens: number,
    outputTokens: number,
  ): number {
    const at = new Date(this.#clock.now());
    const usage = { inputTokens, cachedInputTokens: 0, outputTokens };
    let most = 0;
    for (const target of targets) {
      const { provider } = target;
      const cost = this.#prices.cost(target.model, usage, at, provider) ??
        this.#prices.cost(model, usage, at, provider);
      most = Math.max(most, cost?.microUsd ?? 0);
    }
    return most;
  }
}

function subjectsOf(
  { workspace, groups, user, key, address }: Asker,
  names: readonly [string, ...string[]],
): Subjects {
  return { workspace, groups, user, key, address, ...modelSubject(names) };
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0
    ? value
    : null;
}

/** Answers are wanted so many at a time (`n`), and made so many (`best_of`). */
function choicesOf({ n, best_of: bestOf }: PricedRequest["params"]): number {
  return Math.max(count(n) ?? 1, count(bestOf) ?? 1);
}

/**
 * Tokens that all choices together may have; null: nobody says. Where both names of the bound are there,
 * nobody knows which one a provider reads.
 */
export function mostTokens(params: PricedRequest["params"]): number | null {
  const most = Math.max(
    count(params.max_completion_tokens) ?? 0,
    count(params.max_tokens) ?? 0,
  );
  return most === 0 ? null : most * choicesOf(params);
}

/** Tokens of a prompt, by a rough count. */
export function promptTokens(
  messages: readonly ChatMessage[],
  params: Readonly<Record<string, unknown>> = {},
): number {
  let text = "";
  let others = 0;
  for (const { content } of messages) {
    if (typeof content === "string") text += `${content}\n`;
    else if (Array.isArray(content)) {
      for (const part of content) {
        const said = typeof part === "object" && part !== null
          ? Reflect.get(part, "text")
          : null;
        if (typeof said === "string") text += `${said}\n`;
        else others += OTHER_PART_TOKENS;
      }
    }
  }
  if (params.tools !== undefined) text += JSON.stringify(params.tools);
  return estimateTokens(text.trimEnd()) + others;
}
