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

/** What was just done with a provider or a route, by the parameter `done` of the address. */
export const DONE_WORDS: Readonly<Record<string, string>> = {
  added: "Added. It is asked from now on.",
  save: "Saved",
  draining: "Draining: what runs ends normally, nothing new is asked",
  disabled: "Disabled: what runs ends normally, nothing new is asked",
  active: "In use again",
};
