/** What a caller may ask of a thread, checked. */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";

/** Longest message, in UTF-16 code units, as JavaScript and the browser count them. */
export const MAX_MESSAGE_CHARACTERS = 1_000_000;

const MAX_MODEL_CHARACTERS = 200;

const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9A-Za-z]{22}$`), {
    error: `must be an id that begins with ${prefix}_`,
  });

const model = z.string().min(1).max(MAX_MODEL_CHARACTERS);

const paramsSchema = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  seed: z.int().optional(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).optional(),
  reasoning_effort: z.string().max(20).optional(),
});

/** How a question is to be answered, where what is asked is said elsewhere. */
export const runOptionsSchema = z.strictObject({
  model: model.optional(),
  params: paramsSchema.optional(),
});

const askSchema = z.strictObject({
  message: z.strictObject({
    id: id("msg").optional(),
    content: z.string(),
  }),
  parentId: id("msg").nullable().optional(),
  model: model.optional(),
  params: paramsSchema.optional(),
});

const regenerateSchema = z.strictObject({
  regenerate: id("msg"),
  model: model.optional(),
  params: paramsSchema.optional(),
});

/** The schema for a body: one of the two forms, so that an error names the field that is wrong. */
export function newRunSchema(
  json: unknown,
): typeof askSchema | typeof regenerateSchema {
  const regenerates = typeof json === "object" && json !== null &&
    "regenerate" in json;
  return regenerates ? regenerateSchema : askSchema;
}

/** Both forms, as the description of the API has them. */
export const runInputSchema = z.union([askSchema, regenerateSchema]);

/** Body of `POST /api/stream`. */
export const streamSchema = z.strictObject({
  query: z.string(),
  model: model.optional(),
  threadId: id("thr").optional(),
});

export type StreamInput = z.output<typeof streamSchema>;
export type NewRun =
  | z.output<typeof askSchema>
  | z.output<typeof regenerateSchema>;

/**
 * Checks what no schema says in words of its own.
 * @throws {AppError} 400 `message_empty`, 413 `message_too_large`
 */
export function checkMessage(content: string): void {
  if (content.trim() === "") {
    throw new AppError({
      status: 400,
      code: "message_empty",
      message: "The message is empty.",
      errors: [{ path: "message.content", message: "must not be empty" }],
    });
  }
  if (content.length > MAX_MESSAGE_CHARACTERS) {
    throw new AppError({
      status: 413,
      code: "message_too_large",
      message: `The message has ${
        content.length.toLocaleString("en")
      } characters; the limit is ${
        MAX_MESSAGE_CHARACTERS.toLocaleString("en")
      }.`,
    });
  }
}
