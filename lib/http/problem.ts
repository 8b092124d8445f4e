/** Errors as `application/problem+json` (RFC 9457): the one place where an error becomes a response. */
import { HttpError } from "fresh";
import { AppError } from "@/lib/errors.ts";
import type { Problem } from "@/lib/shared/wire.ts";

const TITLES: Record<number, string> = {
  400: "Bad request",
  401: "Sign-in needed",
  402: "Budget spent",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  408: "Too slow",
  409: "Conflict",
  412: "Changed meanwhile",
  413: "Too large",
  415: "Unsupported media type",
  421: "Wrong address",
  422: "Cannot be processed",
  428: "Precondition needed",
  429: "Too many requests",
  500: "Internal error",
  502: "Provider failed",
  503: "Not available",
  504: "Provider too slow",
};

const CODES: Record<number, string> = {
  404: "not_found",
  405: "method_not_allowed",
};

/** Turns whatever was thrown into an error the caller may see; the inside of a bug stays inside. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HttpError && error.status < 500) {
    return new AppError({
      status: error.status,
      code: CODES[error.status] ?? "bad_request",
      message: TITLES[error.status] ?? "The request was refused",
      cause: error,
    });
  }
  return new AppError({
    status: 500,
    code: "internal_error",
    message:
      "Something went wrong on this server. The log has the details under the request id.",
    retryable: true,
    cause: error,
  });
}

/** The problem document of an error. */
export function toProblem(error: AppError, requestId: string): Problem {
  return {
    type: "about:blank",
    title: TITLES[error.status] ?? "Error",
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    errors: error.errors,
    ...error.extra,
  };
}

/** Answers an error as a problem document, never cached. */
export function problemResponse(error: AppError, requestId: string): Response {
  return new Response(JSON.stringify(toProblem(error, requestId)), {
    status: error.status,
    headers: {
      ...error.headers,
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    },
  });
}
