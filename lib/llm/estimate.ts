/** Token counts where a provider reports none. */

/** English prose takes about four characters a token in the common tokenizers. */
const CHARACTERS_PER_TOKEN = 4;

/** A rough count of the tokens of a text; 0 for an empty one. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
