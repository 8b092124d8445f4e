/** How providers and their models do, over all processes. */
import type {
  HealthFinding,
  HealthModel,
  HealthProvider,
} from "@/lib/shared/wire.ts";
import type { ProcessHealth } from "./health_history.ts";
import type { TargetRow } from "./health_store.ts";

const BREAKER_ORDER = { closed: 0, "half-open": 1, open: 2 };
/** So many tries make a share of failures, and from this share on it is told. */
const LEAST_TRIES = 5;
const MANY_FAILURES = 0.2;

const PROVIDERS_PAGE = "/admin/providers";

/** By id; models that do badly come first. */
export function providersOf(
  processes: readonly Pick<ProcessHealth, "targets" | "tries">[],
): HealthProvider[] {
  const providers = new Map<string, HealthProvider>();
  const providerOf = (id: string): HealthProvider => {
    const known = providers.get(id);
    if (known !== undefined) return known;
    const provider = {
      id,
      tries: 0,
      failures: 0,
      connections: { inUse: 0, waiting: 0 },
      models: [],
    };
    providers.set(id, provider);
    return provider;
  };
  for (const { targets, tries } of processes) {
    for (const each of tries) {
      const provider = providerOf(each.provider);
      provider.tries += each.tries;
      provider.failures += each.failures;
    }
    // Each model of a provider tells of the connections that all of them share.
    const counted = new Set<string>();
    for (const target of targets) {
      const provider = providerOf(target.provider);
      addModel(provider.models, target);
      if (counted.has(target.provider)) continue;
      counted.add(target.provider);
      provider.connections.inUse += target.connections.inUse;
      provider.connections.waiting += target.connections.waiting;
    }
  }
  for (const { models } of providers.values()) models.sort(byTrouble);
  return [...providers.values()].sort((a, b) => a.id < b.id ? -1 : 1);
}

function addModel(models: HealthModel[], target: TargetRow): void {
  const { model, breaker, failures, coolingMs, firstTokenMs, inFlight } =
    target;
  const openIn = breaker === "open" ? 1 : 0;
  const known = models.find((each) => each.model === model);
  if (known === undefined) {
    models.push({
      model,
      breaker,
      openIn,
      askedBy: 1,
      failures,
      coolingMs,
      firstTokenMs,
      inFlight,
    });
    return;
  }
  known.openIn += openIn;
  known.askedBy += 1;
  known.failures += failures;
  known.inFlight += inFlight;
  known.coolingMs = Math.max(known.coolingMs, coolingMs);
  known.firstTokenMs = known.firstTokenMs === null || firstTokenMs === null
    ? known.firstTokenMs ?? firstTokenMs
    : Math.max(known.firstTokenMs, firstTokenMs);
  if (BREAKER_ORDER[breaker] > BREAKER_ORDER[known.breaker]) {
    known.breaker = breaker;
  }
}

function byTrouble(a: HealthModel, b: HealthModel): number {
  return BREAKER_ORDER[b.breaker] - BREAKER_ORDER[a.breaker] ||
    b.failures - a.failures || (a.model < b.model ? -1 : 1);
}

/** What is wrong with providers. */
export function judgeProviders(
  providers: readonly HealthProvider[],
): HealthFinding[] {
  return providers.flatMap(({ id, tries, failures, models }) => {
    const open = models.filter(({ breaker }) => breaker === "open");
    if (models.length > 0 && open.length === models.length) {
      return [{
        id: `provider-${id}`,
        level: "critical" as const,
        title: `Provider ${id} is down: none of its models answers`,
        next:
          "Test its connection: a refused key, a wrong address and an outage read differently. Give its routes a second provider, or drain it until it is back.",
        href: PROVIDERS_PAGE,
      }];
    }
    const findings: HealthFinding[] = open.map(({ model }) => ({
      id: `model-${id}/${model}`,
      level: "warning",
      title: `Model ${model} of provider ${id} fails and is left alone`,
      next:
        "Routes go on with their other targets. One request at a time finds out whether it is back.",
      href: PROVIDERS_PAGE,
    }));
    if (
      open.length === 0 && tries >= LEAST_TRIES &&
      failures / tries >= MANY_FAILURES
    ) {
      findings.push({
        id: `provider-${id}`,
        level: "warning",
        title:
          `Provider ${id} fails often: ${failures} of ${tries} tries in 5 minutes`,
        next:
          "Open the failed requests: the error of each says what the provider answered.",
        href: "/admin/requests?status=failed",
      });
    }
    return findings;
  });
}
