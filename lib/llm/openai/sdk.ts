/** OpenAI's package, loaded with the first request: it takes longer than the rest of the start. */
import type OpenAI from "openai";

export type { OpenAI };

let loaded: Promise<typeof import("openai")> | undefined;

export function loadSdk(): Promise<typeof import("openai")> {
  return loaded ??= import("openai");
}
