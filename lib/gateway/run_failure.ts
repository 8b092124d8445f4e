/** The error of a run as an answer to who asked for it. */
import { AppError } from "@/lib/errors.ts";
import type { RunError, RunStatus } from "@/lib/shared/wire.ts";

const STATUSES: Readonly<Record<string, number>> = {
  model_not_found: 404,
  provider_refused: 400,
  context_length_exceeded: 400,
  provider_rate_limited: 429,
  provider_timeout: 504,
  storage_unavailable: 503,
  overloaded: 503,
  internal_error: 500,
};

/** An answer that ended with an error. */
export function runFailure({ code, message, retryable }: RunError): AppError {
  const status = STATUSES[code] ?? 502;
  return new AppError({ status, code, message, retryable });
}

/** An answer that was ended before it was whole. */
export function endedEarly(status: RunStatus): AppError {
  return status === "cancelled"
    ? new AppError({
      status: 409,
      code: "run_cancelled",
      message: "The answer was stopped before its end.",
    })
    : new AppError({
      status: 503,
      code: "run_interrupted",
      message: "The server was stopped before the end of the answer.",
      retryable: true,
    });
}

/**
 * The caller went before the answer began: nobody reads this answer, but logs and figures tell it from a
 * failure. 499 is what proxies log for it.
 * @param signal of the request; a refusal that has ended it from this side is the error then
 */
export function callerGone(cause: unknown, signal?: AbortSignal): AppError {
  if (signal?.reason instanceof AppError) return signal.reason;
  return new AppError({
    status: 499,
    code: "caller_gone",
    message: "The caller hung up before the answer began.",
    cause,
  });
}

/** Ends of a request after which its run may go on, or may never have begun. */
const PASSING: ReadonlySet<string> = new Set([
  "caller_gone",
  "internal_error",
  "run_interrupted",
  "storage_unavailable",
]);

/** Whether a run that is known by an idempotency key has failed for good: the key leads to it again. */
export function staysFailed(error: AppError): boolean {
  return !PASSING.has(error.code);
}
