/** Refusals that several parts of the chat give. */
import { AppError } from "@/lib/errors.ts";

/** 404 `not_found`; a foreign id and an unknown one look the same. */
export function notFound(what: string): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: `There is no such ${what}.`,
  });
}

/** 409 `thread_busy` with the run that is answering. */
export function threadBusy(activeRunId: string): AppError {
  return new AppError({
    status: 409,
    code: "thread_busy",
    message:
      "An answer is being written in this thread; it takes one question at a time.",
    retryable: true,
    extra: { activeRunId },
  });
}
