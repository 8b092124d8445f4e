/**
 * The way from a model's name to an answer: which targets may answer, in which order they are asked, and
 * how long. A plain model is a plan with one target.
 *
 * ```ts
 * const { plan } = await models.find("best", signal);
 * const call = plan.call(request, { onAttempt: (attempt) => log(attempt) });
 * for await (const delta of call.open(signal, (served) => …)) { … }
 * // Broken off after its first delta, and the caller can begin anew (a new epoch after `reset`):
 * if (call.restart(error)) for await (const delta of call.open(signal)) { … }
 * ```
 */
import type { Clock } from "@/lib/clock.ts";
import type { RouteStrategy } from "@/lib/config/routes.ts";
import type { TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import type { ChatRequest, Delta } from "@/lib/llm/types.ts";
import type { AttemptInfo } from "./attempt.ts";
import { type CallParts, RouteCall } from "./route_call.ts";
import type { TargetName } from "./target.ts";
import { orderTargets, type WeightedTarget } from "./target_order.ts";

export interface PlanSettings {
  strategy: RouteStrategy;
  /** Attempts after the first at each target. */
  retries: number;
  timeoutsMs: TimeoutsMs;
}

export interface CallHooks {
  /**
   * Called with the same object when a target is asked, is connected, has given its first delta, and when
   * that has ended.
   */
  onAttempt?: (attempt: Readonly<AttemptInfo>) => void;
}

export interface PlanParts {
  /** Name that callers use. */
  id: string;
  /** Id of the route, or null for a plain model. */
  route: string | null;
  /** At least one. */
  targets: readonly WeightedTarget[];
  settings: PlanSettings;
  clock: Clock;
  /** From 0 (included) to 1 (excluded). */
  random: () => number;
}

export class RoutePlan {
  readonly #parts: PlanParts;

  constructor(parts: PlanParts) {
    this.#parts = parts;
  }

  /** Name that callers use: a route's id, or a model's name. */
  get id(): string {
    return this.#parts.id;
  }

  /** Id of the route, or null for a plain model. */
  get route(): string | null {
    return this.#parts.route;
  }

  /** What it leads to, the same for all names of a model: a route's id, or `<provider>/<model>`. */
  get destination(): string {
    const [{ provider, model }] = this.targets;
    return this.route ?? `${provider}/${model}`;
  }

  /** All who may answer, in the order of the settings. */
  get targets(): readonly TargetName[] {
    return this.#parts.targets.map(({ target }) => target.name);
  }

  /**
   * One answer, to be opened. Nothing is sent before the first `next()` of what `open` gives. The deadline
   * for the whole answer begins here and counts for all that is opened.
   * @param request its `model` is replaced by that of the target; its `retries` lower those of the plan
   */
  call(request: ChatRequest, hooks: CallHooks = {}): RouteCall {
    return this.#begin<Delta>(
      ({ upstream, name: { model } }, signal, options) =>
        upstream.stream({ ...request, model }, signal, options)
          [Symbol.asyncIterator](),
      request.retries,
      hooks,
    );
  }

  /**
   * For what comes in one piece, embeddings for example: asks the targets by the same rules until one
   * gives it. The connection counts as used until the promise settles.
   * @param once asks a target; the deadlines are for it to keep, and its errors are to be those of
   *   `ProviderFailures`
   * @throws as `RouteCall.open`
   */
  async ask<T>(
    once: (
      target: TargetName,
      signal: AbortSignal,
      timeoutsMs: TimeoutsMs,
    ) => Promise<T>,
    signal: AbortSignal,
    hooks: CallHooks = {},
  ): Promise<T> {
    const call = this.#begin<T>(
      ({ name }, signal, { timeoutsMs }) =>
        onePiece(() => once(name, signal, timeoutsMs)),
      undefined,
      hooks,
    );
    const [piece] = await Array.fromAsync(call.open(signal));
    return piece;
  }

  #begin<T>(
    ask: CallParts<T>["ask"],
    retriesAtMost = Infinity,
    hooks: CallHooks,
  ): RouteCall<T> {
    const { targets, settings, clock, random } = this.#parts;
    const { retries, timeoutsMs, strategy } = settings;
    return new RouteCall<T>({
      order: () => orderTargets(strategy, targets, random),
      ask,
      retries: Math.min(retriesAtMost, retries),
      timeoutsMs,
      clock,
      random,
      onAttempt: hooks.onAttempt,
    });
  }
}

async function* onePiece<T>(
  once: () => Promise<T>,
): AsyncGenerator<T, undefined> {
  yield await once();
}
