/** What the processes find of providers: models that keep failing, and providers none of whose models works. */
import type { TargetState } from "@/lib/llm/routing/target.ts";
import { SERVER_SCOPE, type Signal } from "./alert_record.ts";

/** A model of a provider, as one process has found it. */
export type FoundTarget = Pick<
  TargetState,
  "provider" | "model" | "breaker" | "firstTokenMs"
>;

/** A model that may be tried again, and that nobody asks for so long, is not known to fail any more. */
const UNASKED_MS = 10 * 60_000;
/** Models that are told of, at most. */
const MOST_MODELS = 100;
const MOST_NAMES = 5;

export class ProviderFindings {
  /** When a breaker was last seen open, by provider and model. */
  readonly #openAtMs = new Map<string, number>();

  /**
   * What is to be told now; a provider that is down stands for all of its models.
   * @param targets of all processes together
   * @param nowMs milliseconds that only grow
   */
  find(targets: readonly FoundTarget[], nowMs: number): Signal[] {
    const found = new Set(targets.map(nameOf));
    for (const name of this.#openAtMs.keys()) {
      if (!found.has(name)) this.#openAtMs.delete(name);
    }
    for (const target of targets) {
      if (target.breaker === "open") this.#openAtMs.set(nameOf(target), nowMs);
    }
    const isFailing = (target: FoundTarget) => {
      if (target.breaker === "closed") return false;
      const name = nameOf(target);
      // It was open before anybody looked.
      if (!this.#openAtMs.has(name)) this.#openAtMs.set(name, nowMs);
      return nowMs - this.#openAtMs.get(name)! < UNASKED_MS;
    };
    const signals: Signal[] = [];
    const byProvider = Map.groupBy(targets, ({ provider }) => provider);
    for (const [provider, own] of byProvider) {
      signals.push(...findingsOf(provider, own, isFailing));
    }
    return signals.slice(0, MOST_MODELS);
  }
}

function findingsOf(
  provider: string,
  targets: readonly FoundTarget[],
  isFailing: (target: FoundTarget) => boolean,
): Signal[] {
  const failing = new Set(targets.filter(isFailing).map(({ model }) => model));
  if (failing.size === 0) return [];
  const models = [...failing].sort();
  // A model that nobody has had an answer from says nothing for its provider.
  const isWorking = targets.some((target) =>
    target.firstTokenMs !== null && !isFailing(target)
  );
  if (!isWorking) {
    const names = models.slice(0, MOST_NAMES).join(", ");
    const rest = models.length - MOST_NAMES;
    return [{
      scope: SERVER_SCOPE,
      metric: "provider_down",
      series: provider,
      name: provider,
      detail:
        `No model of ${provider} that was asked of late answers: ${names}${
          rest > 0 ? ` and ${rest} more` : ""
        }`,
    }];
  }
  return models.map((model) => ({
    scope: SERVER_SCOPE,
    metric: "breaker_open",
    series: `${provider}/${model}`,
    name: `${model} of ${provider}`,
    detail:
      `${model} of ${provider} has failed several times and is asked only now and then until it answers`,
  }));
}

function nameOf({ provider, model }: FoundTarget): string {
  return `${provider}/${model}`;
}
