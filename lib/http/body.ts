/** Reading request bodies: bounded, strictly UTF-8, JSON only, checked by a schema. */
import type * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import { brokenJsonLimit } from "@/lib/http/json_shape.ts";
import { readBytes } from "@/lib/http/read_bytes.ts";

const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;

/** Largest JSON body of any route, in bytes. */
export const MAX_JSON_BYTES = 25 * MEGABYTE;

/** How deep objects and arrays of a body may nest. */
export const MAX_JSON_DEPTH = 64;

/** How many values objects and arrays of a body may hold together. */
export const MAX_JSON_VALUES = 10_000;

/** How long a client may take to send a JSON body. */
const BODY_DEADLINE_MS = 60_000;

/** Most fields that an answer names as wrong, and most characters it says about one. */
const MAX_FIELD_ERRORS = 20;
const MAX_FIELD_ERROR_CHARACTERS = 300;

/** `us-ascii` is a part of UTF-8. */
const CHARSETS = ["utf-8", "utf8", "us-ascii"];

export interface JsonBodyOptions {
  /** Largest body in bytes; `MAX_JSON_BYTES` unless told. */
  maxBytes?: number;
  /** How many values it may hold; `MAX_JSON_VALUES` unless told. */
  maxValues?: number;
  /** Whether no body counts as `{}` even when a content type comes with it. */
  optional?: boolean;
}

function bad(code: string, message: string, cause?: unknown): AppError {
  return new AppError({ status: 400, code, message, cause });
}

function tooLarge(maxBytes: number): AppError {
  const limit = maxBytes >= MEGABYTE
    ? `${maxBytes / MEGABYTE} MB`
    : `${maxBytes / KILOBYTE} kB`;
  return new AppError({
    status: 413,
    code: "body_too_large",
    message: `The request body is larger than the limit of ${limit}.`,
  });
}

function unsupported(contentType: string | null): AppError {
  return new AppError({
    status: 415,
    code: "unsupported_media_type",
    message: `The body must be sent as application/json in UTF-8${
      contentType === null ? "" : `, not as ${contentType.slice(0, 80)}`
    }.`,
  });
}

function isUtf8Json(contentType: string | null): boolean {
  if (contentType === null) return false;
  const [mediaType, ...parameters] = contentType.toLowerCase().split(";")
    .map((part) => part.trim());
  return mediaType === "application/json" &&
    parameters.every((parameter) => {
      const [name, value = ""] = parameter.split("=", 2);
      return name !== "charset" ||
        CHARSETS.includes(value.replace(/^"(.*)"$/, "$1"));
    });
}

/** The body's bytes; where it is not said to be JSON, it may only be empty. */
async function readBody(
  request: Request,
  { maxBytes = MAX_JSON_BYTES, optional = false }: JsonBodyOptions,
): Promise<Uint8Array> {
  const contentType = request.headers.get("content-type");
  const isJson = isUtf8Json(contentType);
  if (!isJson && contentType !== null && !optional) {
    await request.body?.cancel().catch(() => {});
    throw unsupported(contentType);
  }
  return await readBytes(request, {
    maxBytes: isJson ? maxBytes : 0,
    deadlineMs: BODY_DEADLINE_MS,
    tooLarge: () => isJson ? tooLarge(maxBytes) : unsupported(contentType),
  });
}

function parse(bytes: Uint8Array, maxValues: number): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw bad("invalid_utf8", "The request body is not valid UTF-8.", cause);
  }
  const broken = brokenJsonLimit(bytes, {
    depth: MAX_JSON_DEPTH,
    values: maxValues,
  });
  if (broken === "depth") {
    throw bad(
      "nested_too_deep",
      `The body nests deeper than ${MAX_JSON_DEPTH} levels.`,
    );
  }
  if (broken === "values") {
    throw bad(
      "too_many_values",
      `The body holds more than ${maxValues.toLocaleString("en")} values.`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bad("invalid_json", "The request body is not valid JSON.", cause);
  }
}

function clip(text: string): string {
  if (text.length <= MAX_FIELD_ERROR_CHARACTERS) return text;
  // Half of a surrogate pair at the cut would not be a character.
  const kept = text.slice(0, MAX_FIELD_ERROR_CHARACTERS - 1)
    .replace(/[\uD800-\uDBFF]$/, "");
  return `${kept}…`;
}

function invalid(error: z.ZodError): AppError {
  const errors = error.issues.slice(0, MAX_FIELD_ERRORS).map((issue) => ({
    path: clip(issue.path.map(String).join(".")),
    message: clip(issue.message),
  }));
  const [{ path, message }] = errors;
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: path === "" ? message : `${path}: ${message}`,
    errors,
  });
}

/**
 * Reads and checks a JSON body; where the body has several forms, a function picks the schema. An empty body without a content type counts as `{}`.
 * @throws {AppError} 415 for another content type or charset, 413 beyond `maxBytes`, 408 for a slow
 * client, 400 for a body that breaks off, bytes that are not UTF-8, text that is not JSON or too large
 * in shape, and fields that the schema refuses (the first ones named in `errors`)
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema | ((json: unknown) => Schema),
  options: JsonBodyOptions = {},
): Promise<z.output<Schema>> {
  const bytes = await readBody(request, options);
  const countsAsEmpty = bytes.length === 0 &&
    (options.optional === true || !request.headers.has("content-type"));
  const json = countsAsEmpty
    ? {}
    : parse(bytes, options.maxValues ?? MAX_JSON_VALUES);
  const chosen = typeof schema === "function" ? schema(json) : schema;
  const parsed = chosen.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error);
}
