/**
 * Errors as OpenAI's API has them, so that its clients understand them
 * (https://platform.openai.com/docs/guides/error-codes).
 */
import { AppError, ProviderError } from "@/lib/errors.ts";
import type { RunError } from "@/lib/shared/wire.ts";

/** Body of every error under `/v1`. */
export interface OpenAIErrorBody {
  error: {
    message: string;
    type: string;
    /** Field of the request that is wrong, for example `messages[0].content`. */
    param: string | null;
    code: string | null;
  };
}

/** Codes of Freshet's own that have another name in OpenAI's API. */
const CODES: Readonly<Record<string, string>> = {
  provider_rate_limited: "rate_limit_exceeded",
  stream_broken: "provider_stream_broken",
};

function typeOf(status: number, code: string): string {
  if (code === "budget_exceeded") return "insufficient_quota";
  if (status === 429) return "rate_limit_error";
  if (status === 403) return "permission_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** `messages.0.content` as OpenAI writes it: `messages[0].content`. */
function paramOf(path: string): string {
  return path.replace(/\.(\d+)(?=\.|$)/g, "[$1]");
}

/** Which field the provider found wrong; its refusal is the cause of ours. */
function providerParam(error: AppError): string | null {
  if (!(error instanceof ProviderError) || error.status !== 400) return null;
  const { param } = (error.cause ?? {}) as { param?: unknown };
  return typeof param === "string" && param !== "" ? param : null;
}

/** The body of an error. */
export function toOpenAIError(error: AppError): OpenAIErrorBody {
  const [first] = error.errors;
  const param = first === undefined || first.path === ""
    ? providerParam(error)
    : paramOf(first.path);
  const isModel = error.code === "model_not_found";
  return {
    error: {
      message: first === undefined || first.path === ""
        ? error.message
        : error.message.replace(first.path, paramOf(first.path)),
      type: typeOf(error.status, error.code),
      param: param ?? (isModel ? "model" : null),
      code: CODES[error.code] ?? error.code,
    },
  };
}

/** The body of an error that ends a stream which had begun. */
export function toOpenAIStreamError(
  { code, message }: Pick<RunError, "code" | "message">,
): OpenAIErrorBody {
  const isLimit = code === "provider_rate_limited";
  const isRequest = code === "provider_refused" ||
    code === "context_length_exceeded";
  const status = isLimit ? 429 : isRequest ? 400 : 500;
  return {
    error: {
      message,
      type: typeOf(status, code),
      param: null,
      code: CODES[code] ?? code,
    },
  };
}

/** Answers an error under `/v1`, never cached; tells clients not to retry what that cannot mend. */
export function openAIErrorResponse(error: AppError): Response {
  return new Response(JSON.stringify(toOpenAIError(error)), {
    status: error.status,
    headers: {
      ...error.headers,
      ...(error.retryable ? {} : { "x-should-retry": "false" }),
      "content-type": "application/json",
      "cache-control": "no-store",
    },
  });
}
