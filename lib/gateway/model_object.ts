/** Models as OpenAI lists them (https://platform.openai.com/docs/api-reference/models/object). */
import type { ModelInfo } from "@/lib/llm/types.ts";

export interface ModelObject {
  id: string;
  object: "model";
  /** Unix time in seconds. Providers do not agree on what it means, so it is the start of this process. */
  created: number;
  owned_by: string;
}

const STARTED_AT_SECONDS = Math.floor(Date.now() / 1_000);

export function toModelObject(
  { id, provider }: Pick<ModelInfo, "id" | "provider">,
): ModelObject {
  return {
    id,
    object: "model",
    created: STARTED_AT_SECONDS,
    owned_by: provider,
  };
}
