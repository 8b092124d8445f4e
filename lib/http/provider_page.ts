/** What the pages of providers share. */
import type { ProviderDetails } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

/** Names that are suggested; some providers list thousands. */
const SUGGESTED_MODELS = 500;

/** What a route may lead to, as far as providers have said so. */
export function modelChoices(
  { services: { models } }: Pick<State, "services">,
  providers: readonly ProviderDetails[],
): { providers: string[]; models: string[] } {
  const names = new Set<string>();
  for (const { id } of providers) {
    for (const name of models.namesAt(id) ?? []) names.add(name);
  }
  return {
    providers: providers.map(({ id }) => id),
    models: [...names].slice(0, SUGGESTED_MODELS),
  };
}

const DAY_MS = 86_400_000;

/** How long what is beside the page's own may take; a late one is shown as missing. In milliseconds. */
const READING_MS = 1_500;

/** What a provider has answered for a workspace in 24 hours, in all processes. */
export interface ProviderUse {
  requests: number;
  errors: number;
  ttftMs: { n: number; p50: number | null; p95: number | null };
}

/** @returns null when it is not known in time */
export async function loadProviderUse(
  { caller, services: { store, usage } }: State,
  provider: string,
  signal: AbortSignal,
): Promise<ProviderUse | null> {
  const nowMs = store.clock.now();
  const question = {
    fromMs: nowMs - DAY_MS,
    toMs: nowMs,
    bucket: "hour",
    timeZone: "UTC",
    groupBy: null,
    filters: { provider: [provider] },
    series: 0,
  } as const;
  const late = AbortSignal.any([signal, AbortSignal.timeout(READING_MS)]);
  try {
    const { totals } = await usage.query.ask(caller.workspace, question, late);
    return totals;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** What was just done with a provider or a route, by the parameter `done` of the address. */
export const DONE_WORDS: Readonly<Record<string, string>> = {
  added: "Added. It is asked from now on.",
  save: "Saved",
  draining: "Draining: what runs ends normally, nothing new is asked",
  disabled: "Disabled: what runs ends normally, nothing new is asked",
  active: "In use again",
};
