/**
 * Bodies of `POST /v1/responses` (https://platform.openai.com/docs/api-reference/responses/create). What
 * is not known here goes to the provider unchanged.
 */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import { checkNumbers } from "../chat/input.ts";

const MAX_MODEL_CHARACTERS = 200;
const MAX_METADATA = 16;
const MAX_METADATA_NAME = 64;
const MAX_METADATA_VALUE = 512;
const MAX_TOP_LOGPROBS = 20;

const ROLES = ["user", "assistant", "system", "developer"] as const;

const partSchema = z.looseObject({ type: z.string().min(1) });

/** A message may leave out its type. */
const itemSchema = z.looseObject({
  type: z.string().min(1).nullish(),
  id: z.string().nullish(),
  role: z.enum(ROLES).nullish(),
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
  call_id: z.string().nullish(),
  name: z.string().nullish(),
  arguments: z.string().nullish(),
  output: z.union([z.string(), z.array(partSchema)]).nullish(),
});

/** A part of an input, as far as it is read here. */
export type InputPart = z.output<typeof partSchema>;

/** An item of an input as its caller gave it. */
export type InputItem = z.output<typeof itemSchema>;

const formatSchema = z.looseObject({
  type: z.enum(["text", "json_object", "json_schema"]),
  name: z.string().nullish(),
  schema: z.record(z.string(), z.unknown()).nullish(),
});

/** All but the input. */
const fieldsSchema = z.looseObject({
  model: z.string().min(1).max(MAX_MODEL_CHARACTERS),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  metadata: z.record(
    z.string().max(MAX_METADATA_NAME),
    z.string().max(MAX_METADATA_VALUE),
  ).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(MAX_TOP_LOGPROBS).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  text: z.looseObject({
    format: formatSchema.nullish(),
    verbosity: z.string().nullish(),
  }).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  truncation: z.string().nullish(),
  stream_options: z.looseObject({}).nullish(),
  user: z.string().nullish(),
});

/** A request without its input. */
export type ResponseFields = z.output<typeof fieldsSchema>;

export const responseRequestSchema = fieldsSchema.extend({
  input: z.union([z.string(), z.array(itemSchema).min(1)]),
});

export type ResponseRequest = z.output<typeof responseRequestSchema>;

/** 400 that names a field, whose path is written with dots. */
export function refused(
  path: string,
  message: string,
  code = "invalid_request",
): AppError {
  return new AppError({
    status: 400,
    code,
    message: `${path}: ${message}`,
    errors: [{ path, message }],
  });
}

/** Fields whose work only OpenAI's own servers could do. */
const NOT_POSSIBLE = ["conversation", "prompt"] as const;

/**
 * Checks what no schema says.
 * @throws {AppError} 400 `invalid_request`, or `unsupported_tool` for a tool that is no function
 */
export function checkResponseRequest(request: ResponseRequest): void {
  for (const name of NOT_POSSIBLE) {
    if (request[name] !== undefined && request[name] !== null) {
      throw refused(name, "is not possible here; send what is meant as input");
    }
  }
  if (request.background && request.store === false) {
    throw refused("background", "is only possible where store is not false");
  }
  if (request.truncation && request.truncation !== "disabled") {
    throw refused("truncation", "only disabled is possible here");
  }
  if (Object.keys(request.metadata ?? {}).length > MAX_METADATA) {
    throw refused("metadata", `at most ${MAX_METADATA} entries are possible`);
  }
  for (const [index, tool] of (request.tools ?? []).entries()) {
    checkTool(tool, `tools.${index}`);
  }
  checkToolChoice(request.tool_choice);
  const format = request.text?.format;
  if (format?.type === "json_schema" && !(format.name && format.schema)) {
    throw refused("text.format", "a JSON schema needs a name and a schema");
  }
  checkNumbers(request);
}

function checkTool(
  { type, name }: { type: string; name?: unknown },
  path: string,
): void {
  if (type !== "function") {
    const message =
      `tools of type "${type}" are not possible here; possible: function`;
    throw refused(`${path}.type`, message, "unsupported_tool");
  }
  if (typeof name !== "string" || name === "") {
    throw refused(`${path}.name`, "a function needs a name");
  }
}

function checkToolChoice(choice: ResponseRequest["tool_choice"]): void {
  if (typeof choice === "string") {
    if (["none", "auto", "required"].includes(choice)) return;
    throw refused("tool_choice", "must be none, auto, required or a function");
  }
  if (!choice) return;
  if (choice.type !== "function" || typeof choice.name !== "string") {
    throw refused("tool_choice.type", "only a function with its name");
  }
}
