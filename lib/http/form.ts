/** Reading a small HTML form, as pages send it when no script does. */
import { AppError } from "@/lib/errors.ts";

/** Largest form, in bytes; the forms of the app hold a few words. */
const MAX_FORM_BYTES = 10_000;

/** How long a browser may take to send one, in milliseconds. */
const FORM_DEADLINE_MS = 10_000;

/**
 * Fields of a form that was sent as `application/x-www-form-urlencoded`.
 * @throws {AppError} 415 for another content type, 413 for a form that is too large, 408 for a slow one
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const contentType = request.headers.get("content-type") ?? "";
  const mediaType = contentType.split(";", 1)[0].trim().toLowerCase();
  if (mediaType !== "application/x-www-form-urlencoded") {
    await request.body?.cancel();
    throw new AppError({
      status: 415,
      code: "unsupported_media_type",
      message: "The form must be sent as application/x-www-form-urlencoded.",
    });
  }
  const reader = request.body?.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader?.cancel().catch(() => {});
  }, FORM_DEADLINE_MS);
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) break;
      text += decoder.decode(part.value, { stream: true });
      if (text.length <= MAX_FORM_BYTES) continue;
      await reader?.cancel();
      throw new AppError({
        status: 413,
        code: "body_too_large",
        message: "The form is too large.",
      });
    }
  } finally {
    clearTimeout(timer);
  }
  if (isLate) {
    throw new AppError({
      status: 408,
      code: "body_timeout",
      message: "The form did not arrive in time.",
    });
  }
  return new URLSearchParams(text);
}
