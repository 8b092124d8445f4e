/** One line of a batch's input (https://platform.openai.com/docs/api-reference/batch/request-input). */
import { isRecord } from "@/lib/llm/openai/chunks.ts";
import type { Line } from "./batch_lines.ts";
import type { BatchEndpoint, BatchFault } from "./batch_record.ts";

/** Largest line, in bytes: what a live request may have. */
export const MAX_LINE_BYTES = 25_000_000;

/** Requests in one batch. */
export const MAX_REQUESTS = 50_000;

const MAX_CUSTOM_ID_CHARACTERS = 512;
const MAX_DEPTH = 64;

export interface BatchRequest {
  customId: string;
  body: Record<string, unknown>;
}

/** Reads a line, or says what is wrong with it. */
export function readRequest(
  { number: line, text, fault: unreadable }: Line,
  endpoint: BatchEndpoint,
): BatchRequest | BatchFault {
  const fault = (
    code: string,
    message: string,
    param: string | null = null,
  ): BatchFault => ({ code, message, param, line });
  if (unreadable === "not-utf-8") {
    return fault("invalid_json_line", "This line is not valid UTF-8.");
  }
  if (text === null) {
    return fault(
      "line_too_large",
      `This line is larger than ${MAX_LINE_BYTES / 1_000_000} MB.`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fault(
      "invalid_json_line",
      "This line is not parseable as valid JSON.",
    );
  }
  if (!isRecord(json)) {
    return fault("invalid_json_line", "This line is not a JSON object.");
  }
  if (isDeep(json, MAX_DEPTH)) {
    return fault(
      "invalid_json_line",
      `This line nests deeper than ${MAX_DEPTH} levels.`,
    );
  }
  const { custom_id: customId, method, url, body } = json;
  const missing = (name: string) =>
    fault(
      "missing_required_parameter",
      `Missing required parameter: '${name}'.`,
      name,
    );
  if (typeof customId !== "string" || customId === "") {
    return missing("custom_id");
  }
  if (customId.length > MAX_CUSTOM_ID_CHARACTERS) {
    return fault(
      "invalid_custom_id",
      `The custom_id may have ${MAX_CUSTOM_ID_CHARACTERS} characters at most.`,
      "custom_id",
    );
  }
  if (typeof method !== "string") return missing("method");
  if (method.toUpperCase() !== "POST") {
    return fault(
      "invalid_method",
      "The method of this request must be POST.",
      "method",
    );
  }
  if (typeof url !== "string") return missing("url");
  if (url !== endpoint) {
    return fault(
      "url_mismatch",
      `The URL of this request does not match the endpoint of the batch, ${endpoint}.`,
      "url",
    );
  }
  return isRecord(body) ? { customId, body } : missing("body");
}

export function isFault(
  read: BatchRequest | BatchFault,
): read is BatchFault {
  return "code" in read;
}

function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => isDeep(member, levels - 1));
}
