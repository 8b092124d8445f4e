/** The text in a chunk of a streamed chat completion. */
import { isRecord } from "@/lib/llm/openai/chunks.ts";

/** What a choice's delta adds to the text: of the answer, or of the refusal to give one. */
export function deltaText(
  { content, refusal }: Record<string, unknown>,
): string {
  return (typeof content === "string" ? content : "") +
    (typeof refusal === "string" ? refusal : "");
}

/** The text of the first choice in a chunk that is known to be valid JSON. */
export function chunkText(json: string): string {
  const { choices } = JSON.parse(json);
  if (!Array.isArray(choices)) return "";
  let text = "";
  for (const choice of choices) {
    if (!isRecord(choice) || (choice.index ?? 0) !== 0) continue;
    if (isRecord(choice.delta)) text += deltaText(choice.delta);
  }
  return text;
}
