/** Reading a small HTML form, as pages send it when no script does. */
import { AppError } from "@/lib/errors.ts";
import { readBytes } from "@/lib/http/read_bytes.ts";

/** Largest form unless told, in bytes; most forms of the app hold a few words. */
const MAX_FORM_BYTES = 10_000;

/** How long a browser may take to send one, in milliseconds. */
const FORM_DEADLINE_MS = 10_000;

export interface FormOptions {
  /** Largest form in bytes, for one that holds long texts. */
  maxBytes?: number;
}

/**
 * Fields of a form that was sent as `application/x-www-form-urlencoded`.
 * @throws {AppError} 415 for another content type, 413 for a form that is too large, 408 for a slow one,
 * 400 for one that breaks off
 */
export async function readForm(
  request: Request,
  { maxBytes = MAX_FORM_BYTES }: FormOptions = {},
): Promise<URLSearchParams> {
  const contentType = request.headers.get("content-type") ?? "";
  const mediaType = contentType.split(";", 1)[0].trim().toLowerCase();
  if (mediaType !== "application/x-www-form-urlencoded") {
    await request.body?.cancel().catch(() => {});
    throw new AppError({
      status: 415,
      code: "unsupported_media_type",
      message: "The form must be sent as application/x-www-form-urlencoded.",
    });
  }
  const bytes = await readBytes(request, {
    maxBytes,
    deadlineMs: FORM_DEADLINE_MS,
    tooLarge: () =>
      new AppError({
        status: 413,
        code: "body_too_large",
        message: "The form is too large.",
      }),
  });
  return new URLSearchParams(new TextDecoder().decode(bytes));
}
