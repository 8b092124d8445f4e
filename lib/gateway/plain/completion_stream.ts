/** A whole text completion as a stream, for callers that want one. */

/**
 * The completion in one chunk, as OpenAI streams them
 * (https://platform.openai.com/docs/api-reference/completions/object), then the usage where it was asked
 * for, and `[DONE]`.
 */
export function completionStream(
  { usage, ...completion }: Record<string, unknown>,
  withUsage: boolean,
): string {
  const chunks: Record<string, unknown>[] = [completion];
  if (withUsage) chunks.push({ ...completion, choices: [], usage });
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") +
    "data: [DONE]\n\n";
}
