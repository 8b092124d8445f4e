/** How providers do in the other processes of the store, which say so every few seconds. */
import type {
  ProviderDetails,
  ProviderModelHealth,
} from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

/** How long the others' rows may take; late ones are left out. In milliseconds. */
const READING_MS = 1_500;

const WORSE = { closed: 0, "half-open": 1, open: 2 } as const;

type Other = Awaited<
  ReturnType<State["services"]["healthHistory"]["processes"]>
>[number];

/** Processes that are up besides this one; none where that is not known in time. */
export async function loadOtherProcesses(
  { services: { healthHistory } }: Pick<State, "services">,
  signal: AbortSignal,
): Promise<Other[]> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(READING_MS)]);
  try {
    const all = await healthHistory.processes(late);
    return all.filter(({ state, isHere }) => state === "up" && !isHere);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

/** A provider with what the others say of it: its connections together, and each model as it does worst. */
export function withOthers(
  details: ProviderDetails,
  others: readonly Pick<Other, "targets">[],
): ProviderDetails {
  const connections = { ...details.connections };
  const health = new Map<string, ProviderModelHealth>(
    details.health.map((model) => [model.model, model]),
  );
  for (const { targets } of others) {
    const own = targets.filter(({ provider }) => provider === details.id);
    // Each model tells of the connections that all of them share.
    const [first] = own;
    connections.inUse += first?.connections.inUse ?? 0;
    connections.waiting += first?.connections.waiting ?? 0;
    for (const { model, breaker, coolingMs, firstTokenMs, inFlight } of own) {
      const there = health.get(model);
      health.set(model, {
        model,
        breaker: there === undefined || WORSE[breaker] > WORSE[there.breaker]
          ? breaker
          : there.breaker,
        coolingMs: Math.max(coolingMs, there?.coolingMs ?? 0),
        firstTokenMs: there?.firstTokenMs ?? firstTokenMs,
        recentEnded: there?.recentEnded ?? 0,
        recentFailed: there?.recentFailed ?? 0,
        inFlight: inFlight + (there?.inFlight ?? 0),
      });
    }
  }
  return { ...details, connections, health: [...health.values()] };
}
