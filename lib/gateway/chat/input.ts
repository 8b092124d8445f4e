/**
 * Bodies of `POST /v1/chat/completions`
 * (https://platform.openai.com/docs/api-reference/chat/create). What is not known here goes to the
 * provider unchanged, and so does what is known once it has been checked.
 */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";

const MAX_MODEL_CHARACTERS = 200;
const MAX_CHOICES = 128;
const MAX_STOPS = 4;
const MAX_TOP_LOGPROBS = 20;

/** Values that a body may hold: an exchange with a tool has fourteen, and agents make thousands. */
export const MAX_CHAT_VALUES = 50_000;

const ROLES = [
  "developer",
  "system",
  "user",
  "assistant",
  "tool",
  "function",
] as const;

const partSchema = z.looseObject({ type: z.string().min(1) });

const messageSchema = z.looseObject({
  role: z.enum(ROLES),
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
  tool_calls: z.array(z.looseObject({})).nullish(),
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
});

const tokens = z.int().min(1).nullish();
const penalty = z.number().min(-2).max(2).nullish();

export const chatCompletionSchema = z.looseObject({
  model: z.string().min(1).max(MAX_MODEL_CHARACTERS),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({
    include_usage: z.boolean().nullish(),
  }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  max_tokens: tokens,
  max_completion_tokens: tokens,
  presence_penalty: penalty,
  frequency_penalty: penalty,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(MAX_TOP_LOGPROBS).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(MAX_STOPS)]).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  reasoning_effort: z.string().nullish(),
  modalities: z.array(z.string()).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  store: z.boolean().nullish(),
  user: z.string().nullish(),
});

export type ChatCompletion = z.output<typeof chatCompletionSchema>;

function refused(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path}: ${message}`,
    errors: [{ path, message }],
  });
}

function noAudio(path: string): AppError {
  const message = "audio is not possible here; send text and images";
  return new AppError({
    status: 400,
    code: "audio_not_supported",
    message: `${path}: ${message}`,
    errors: [{ path, message }],
  });
}

/**
 * Checks what no schema says.
 * @throws {AppError} 400 `invalid_request`; 400 `audio_not_supported` for audio in either direction
 */
export function checkChatCompletion(input: ChatCompletion): void {
  if (input.modalities?.includes("audio")) throw noAudio("modalities");
  if (input.audio !== undefined && input.audio !== null) throw noAudio("audio");
  for (const [index, { role, content }] of input.messages.entries()) {
    if (!Array.isArray(content)) continue;
    for (const [place, { type }] of content.entries()) {
      const path = `messages.${index}.content.${place}`;
      if (type === "input_audio") throw noAudio(`${path}.type`);
      if (type === "image_url" && role !== "user") {
        throw refused(`${path}.type`, "images are possible in user messages");
      }
    }
  }
  if (input.stream_options && !input.stream) {
    throw refused("stream_options", "is only possible together with stream");
  }
  checkNumbers(input);
}

/**
 * Refuses numbers that did not survive being read: they would reach the provider as `null` or as
 * another number.
 * @throws {AppError} 400 `invalid_request`
 */
export function checkNumbers(value: unknown, path = ""): void {
  if (typeof value === "number") {
    const isExact = Number.isFinite(value) &&
      (!Number.isInteger(value) || Number.isSafeInteger(value));
    if (!isExact) throw refused(path, "is a number that is too large");
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      checkNumbers(member, path === "" ? name : `${path}.${name}`);
    }
  }
}
