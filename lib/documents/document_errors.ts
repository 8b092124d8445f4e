/** What is answered where something cannot be done with a document. */
import { AppError } from "@/lib/errors.ts";
import { MAX_DOCUMENT_BYTES } from "./upload_limits.ts";

export function noSuchDocument(): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such document.",
  });
}

export function documentTooLarge(): AppError {
  return new AppError({
    status: 413,
    code: "document_too_large",
    message: `A document may have ${
      MAX_DOCUMENT_BYTES / 1_000_000
    } MB at most.`,
  });
}

/** @param size bytes that the upload was begun for */
export function uploadTooLong(size: number): AppError {
  return new AppError({
    status: 413,
    code: "document_too_large",
    message: `The upload was begun for ${
      size.toLocaleString("en")
    } bytes, and more were sent.`,
  });
}

export function documentBusy(message: string): AppError {
  return new AppError({ status: 409, code: "document_busy", message });
}

export function changing(): AppError {
  return new AppError({
    status: 409,
    code: "conflict",
    message: "The document changed meanwhile.",
    retryable: true,
  });
}
