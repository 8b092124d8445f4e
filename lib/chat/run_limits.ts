/** What an answer takes of the limits of who asks for it. */
import type { Asker } from "@/lib/auth/asker.ts";
import { AppError } from "@/lib/errors.ts";
import type { LimitNeed, Limits, Reservation } from "@/lib/limits/limits.ts";
import { modelSubject, type Subjects } from "@/lib/limits/subjects.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import { codeOf } from "@/lib/observe/stages.ts";
import {
  BUDGET_STEP_TOKENS,
  type ModelNames,
  mostTokens,
  promptTokens,
} from "./run_budget.ts";
import type { BuiltRequest } from "./run_requests.ts";

/** Limits that stand on a key, and `undefined` where they are not known yet. */
export interface KeyLimits {
  peek(key: string): Subjects["keyLimits"] | undefined;
  load(workspace: string, key: string): Promise<Subjects["keyLimits"]>;
}

/** What of a request counts. */
export interface CountedRequest {
  /** Name of the model as the caller used it. */
  model: string;
  inputTokens: number;
  /** Fields of the request that say how long the answer may become. */
  params: Readonly<Record<string, unknown>>;
  /** The answer is no text, and has no tokens. */
  hasNoOutput?: boolean;
}

/** What of a chat counts. */
export function countedRequest(
  { model, request: { messages, params = {} } }: BuiltRequest,
): CountedRequest {
  return { model, inputTokens: promptTokens(messages, params), params };
}

export class RunLimits {
  readonly #limits: Limits;
  readonly #keys: KeyLimits;
  readonly #models: ModelNames;

  constructor(limits: Limits, keys: KeyLimits, models: ModelNames) {
    this.#limits = limits;
    this.#keys = keys;
    this.#models = models;
  }

  /**
   * Reserves for a request before anybody is asked. Whoever gets the reservation settles and releases it.
   * @param runs answers in the making; 0 for a call that is none
   * @throws {AppError} 429 `rate_limit_exceeded`
   */
  async reserve(
    asker: Asker,
    { model, inputTokens, params, hasNoOutput }: CountedRequest,
    trace: RequestTrace | null = null,
    runs = 1,
  ): Promise<Reservation> {
    const stage = trace?.stages.resume("limits");
    try {
      const outputTokens = hasNoOutput
        ? 0
        : mostTokens(params) ?? BUDGET_STEP_TOKENS;
      const need = { requests: 1, tokens: inputTokens + outputTokens, runs };
      const later = this.#reserve(asker, model, need);
      const reservation = later instanceof Promise ? await later : later;
      if (stage !== undefined) trace?.stages.end(stage);
      if (trace !== null) trace.rateHeaders = reservation.headers();
      return reservation;
    } catch (error) {
      if (stage !== undefined) {
        trace?.stages.end(stage, "failed", codeOf(error));
      }
      throw error;
    }
  }

  /**
   * Takes the place of a run that is begun again here: it has asked before, and what it uses from now on
   * counts once it is settled. Null: there is no place for it now.
   */
  async resume(asker: Asker, model: string): Promise<Reservation | null> {
    try {
      return await this.#reserve(asker, model, {
        requests: 0,
        tokens: 0,
        runs: 1,
      });
    } catch (error) {
      const isFull = error instanceof AppError &&
        error.code === "rate_limit_exceeded";
      if (isFull) return null;
      throw error;
    }
  }

  #reserve(
    { workspace, groups, user, key, address }: Asker,
    model: string,
    need: LimitNeed,
  ): Reservation | Promise<Reservation> {
    const names = this.#models.namesOf(model);
    const subjects: Subjects = {
      workspace,
      groups,
      user,
      key,
      address,
      ...modelSubject(names),
    };
    if (key === null) return this.#limits.reserve(subjects, need);
    const keyLimits = this.#keys.peek(key);
    return keyLimits !== undefined
      ? this.#limits.reserve({ ...subjects, keyLimits }, need)
      : this.#keys.load(workspace, key).then((keyLimits) =>
        this.#limits.reserve({ ...subjects, keyLimits }, need)
      );
  }
}
