/** Reading request bodies: bounded, strictly UTF-8, JSON only, checked by a schema. */
import type * as z from "zod";
import { AppError } from "@/lib/errors.ts";

const MEGABYTE = 1_000_000;

/** Largest JSON body, in bytes. */
export const MAX_JSON_BYTES = 25 * MEGABYTE;

/** How deep objects and arrays of a body may nest. */
export const MAX_JSON_DEPTH = 64;

/** How long a client may take to send a JSON body. */
const BODY_DEADLINE_MS = 60_000;

function bad(code: string, message: string, cause?: unknown): AppError {
  return new AppError({ status: 400, code, message, cause });
}

function tooLarge(): AppError {
  return new AppError({
    status: 413,
    code: "body_too_large",
    message: `The request body is larger than the limit of ${
      MAX_JSON_BYTES / MEGABYTE
    } MB.`,
  });
}

async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_JSON_BYTES) {
    throw tooLarge();
  }
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const deadline = setTimeout(
    () => void reader.cancel().catch(() => {}),
    BODY_DEADLINE_MS,
  );
  const startedAtMs = performance.now();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MAX_JSON_BYTES) {
        await reader.cancel().catch(() => {});
        throw tooLarge();
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(deadline);
  }
  if (performance.now() - startedAtMs >= BODY_DEADLINE_MS) {
    throw new AppError({
      status: 408,
      code: "body_timeout",
      message: `The request body did not arrive within ${
        BODY_DEADLINE_MS / 1000
      } s.`,
    });
  }
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((child) => depthExceeds(child, limit - 1));
}

function parse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw bad("invalid_utf8", "The request body is not valid UTF-8.", cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bad("invalid_json", "The request body is not valid JSON.", cause);
  }
}

/**
 * Reads and checks a JSON body; where the body has several forms, a function picks the schema. An empty body without a content type counts as `{}`.
 * @throws {AppError} 415 for another content type, 413 beyond `MAX_JSON_BYTES`, 400 for bytes that are
 * not UTF-8, text that is not JSON, and fields that the schema refuses (each named in `errors`)
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema | ((json: unknown) => Schema),
): Promise<z.output<Schema>> {
  const contentType = request.headers.get("content-type");
  const mediaType = contentType?.split(";")[0].trim().toLowerCase();
  const bytes = mediaType === "application/json" || request.body === null
    ? await readBytes(request)
    : null;
  if (bytes === null) {
    await request.body?.cancel().catch(() => {});
    throw new AppError({
      status: 415,
      code: "unsupported_media_type",
      message: `The body must be sent as application/json${
        contentType === null ? "" : `, not as ${contentType.slice(0, 80)}`
      }.`,
    });
  }
  const json = bytes.length === 0 && contentType === null ? {} : parse(bytes);
  if (depthExceeds(json, MAX_JSON_DEPTH)) {
    throw bad(
      "nested_too_deep",
      `The body nests deeper than ${MAX_JSON_DEPTH} levels.`,
    );
  }
  const chosen = typeof schema === "function" ? schema(json) : schema;
  const parsed = chosen.safeParse(json);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: errors[0].path === ""
      ? errors[0].message
      : `${errors[0].path}: ${errors[0].message}`,
    errors,
  });
}
