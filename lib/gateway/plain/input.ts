/**
 * Bodies of `POST /v1/embeddings` and `POST /v1/completions`
 * (https://platform.openai.com/docs/api-reference/embeddings/create,
 * https://platform.openai.com/docs/api-reference/completions/create). Fields that are not known here go
 * to the provider unchanged.
 */
import * as z from "zod";

const MAX_MODEL_CHARACTERS = 200;
const MAX_INPUTS = 2_048;
const MAX_CHOICES = 128;

const model = z.string().min(1).max(MAX_MODEL_CHARACTERS);
const tokenList = z.array(z.int().min(0)).min(1);

/** A text, several of them, or the same in tokens. */
const text = z.union([
  z.string().min(1),
  z.array(z.string().min(1)).min(1).max(MAX_INPUTS),
  tokenList,
  z.array(tokenList).min(1).max(MAX_INPUTS),
]);

/** Values that a body may hold: inputs may come as tokens. */
export const MAX_PLAIN_VALUES = 400_000;

export const embeddingsSchema = z.looseObject({
  model,
  input: text,
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).nullish(),
  user: z.string().nullish(),
});

export const completionSchema = z.looseObject({
  model,
  prompt: text.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({
    include_usage: z.boolean().nullish(),
  }).nullish(),
  max_tokens: z.int().min(0).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  best_of: z.int().min(1).max(MAX_CHOICES).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  user: z.string().nullish(),
});

export type PlainInput =
  | z.output<typeof embeddingsSchema>
  | z.output<typeof completionSchema>;
