/** All targets of the process: what is known of one counts for every route and name that leads to it. */
import { type Clock, systemClock } from "@/lib/clock.ts";
import {
  type BreakerSettings,
  DEFAULT_BREAKER,
  type RouteSettings,
} from "@/lib/config/routes.ts";
import {
  DEFAULT_TIMEOUTS_MS,
  type TimeoutsMs,
} from "@/lib/llm/openai/deadlines.ts";
import type { BreakerState } from "./breaker.ts";
import { type PlanSettings, RoutePlan } from "./route_plan.ts";
import {
  Target,
  type TargetName,
  type TargetState,
  type Upstream,
} from "./target.ts";
import type { WeightedTarget } from "./target_order.ts";

export interface RoutingOptions {
  breaker?: BreakerSettings;
  clock?: Clock;
  /** From 0 (included) to 1 (excluded). */
  random?: () => number;
  /** For models that are asked by their own names: attempts after the first; 2 by default. */
  retries?: number;
  /** For the same: deadlines. */
  timeoutsMs?: Partial<TimeoutsMs>;
}

/** Told when a breaker opens, closes, or lets a request try again. */
export type BreakerListener = (name: TargetName, state: BreakerState) => void;

const DEFAULT_RETRIES = 2;
/** Names pass through to providers without a list, so anybody can make up more. */
const MAX_TARGETS = 1000;

export class Routing {
  readonly #breaker: BreakerSettings;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #retries: number;
  readonly #timeoutsMs: TimeoutsMs;
  /** By provider and model; the one asked for last comes last. */
  readonly #targets = new Map<string, Target>();
  readonly #listeners = new Set<BreakerListener>();

  constructor(options: RoutingOptions = {}) {
    this.#breaker = options.breaker ?? DEFAULT_BREAKER;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#retries = options.retries ?? DEFAULT_RETRIES;
    this.#timeoutsMs = { ...DEFAULT_TIMEOUTS_MS, ...options.timeoutsMs };
  }

  /** The plan of a model that is asked by its own name. */
  single(id: string, upstream: Upstream, model: string): RoutePlan {
    const target = this.#target(upstream, model);
    const settings = {
      strategy: "priority" as const,
      retries: this.#retries,
      timeoutsMs: this.#timeoutsMs,
    };
    return this.#plan(id, null, [{ target, weight: 1 }], settings);
  }

  /**
   * The plan of a route.
   * @param find who serves a provider's models; null: nobody, and the target is left out
   * @returns null when nobody is left
   */
  route(
    settings: RouteSettings,
    find: (provider: string) => Upstream | null,
  ): RoutePlan | null {
    const targets = settings.targets.flatMap(({ provider, model, weight }) => {
      const upstream = find(provider);
      return upstream === null
        ? []
        : [{ target: this.#target(upstream, model), weight }];
    });
    return targets.length === 0
      ? null
      : this.#plan(settings.id, settings.id, targets, settings);
  }

  /** How every target is doing that has been asked for, for pages and metrics. */
  states(): TargetState[] {
    return [...this.#targets.values()].map(({ state }) => state);
  }

  /** A provider is gone, or another has taken its place: what is known of its models goes too. */
  forget(upstream: Upstream): void {
    for (const [key, target] of this.#targets) {
      if (target.upstream === upstream) this.#targets.delete(key);
    }
  }

  /** @returns stops the listening */
  onBreakerChange(listener: BreakerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #plan(
    id: string,
    route: string | null,
    targets: WeightedTarget[],
    settings: PlanSettings,
  ): RoutePlan {
    return new RoutePlan({
      id,
      route,
      targets,
      settings,
      clock: this.#clock,
      random: this.#random,
    });
  }

  #target(upstream: Upstream, model: string): Target {
    const key = `${upstream.id}/${model}`;
    const known = this.#targets.get(key);
    // A provider that was replaced is another one, with nothing known of it.
    const target = known?.upstream === upstream ? known : new Target(
      upstream,
      model,
      this.#breaker,
      this.#clock,
      (name, state) => this.#tell(name, state),
    );
    this.#targets.delete(key);
    this.#targets.set(key, target);
    if (this.#targets.size > MAX_TARGETS) this.#forgetOne(target);
    return target;
  }

  #tell(name: TargetName, state: BreakerState): void {
    for (const listener of this.#listeners) listener(name, state);
  }

  /** Forgets the target that was asked for the longest time ago and of which there is nothing to know. */
  #forgetOne(newest: Target): void {
    for (const [key, target] of this.#targets) {
      const isIdle = target.inFlight === 0 && target.isReady &&
        target.breaker.failures === 0;
      if (isIdle && target !== newest) {
        this.#targets.delete(key);
        return;
      }
    }
  }
}
