/** The body of an upload as it comes, however long that takes, as long as something comes. */
import { AppError } from "@/lib/errors.ts";

/** Nothing has come for so long: the client is given up. Milliseconds. */
const IDLE_MS = 60_000;

const MEDIA_TYPES = [
  "application/offset+octet-stream",
  "application/octet-stream",
];

/**
 * The offset that an upload goes on from (`Upload-Offset`, tus 1.0).
 * @throws {AppError} 415 `unsupported_media_type`, 400 `invalid_request`
 */
export async function readUploadOffset(request: Request): Promise<number> {
  const type = request.headers.get("content-type")?.split(";", 1)[0].trim()
    .toLowerCase();
  const text = request.headers.get("upload-offset");
  if (type === undefined || !MEDIA_TYPES.includes(type)) {
    await request.body?.cancel().catch(() => {});
    throw new AppError({
      status: 415,
      code: "unsupported_media_type",
      message: `The bytes must be sent as ${MEDIA_TYPES[0]}.`,
    });
  }
  if (text === null || !/^\d{1,12}$/.test(text)) {
    await request.body?.cancel().catch(() => {});
    const message = "must be the number of bytes that are there";
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `Upload-Offset ${message}`,
      errors: [{ path: "Upload-Offset", message }],
    });
  }
  return Number(text);
}

/** @throws {AppError} 400 `body_broken_off`, 408 `body_timeout` */
export async function* readUploadBody(
  request: Request,
): AsyncGenerator<Uint8Array, void, void> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  const giveUp = () => void reader.cancel().catch(() => {});
  try {
    while (true) {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        giveUp();
      }, IDLE_MS);
      const { done, value } = await reader.read().catch((cause) => {
        throw new AppError({
          status: 400,
          code: "body_broken_off",
          message: "The request body broke off before its end.",
          cause,
        });
      }).finally(() => clearTimeout(timer));
      if (isLate) {
        throw new AppError({
          status: 408,
          code: "body_timeout",
          message: `Nothing of the upload has come for ${IDLE_MS / 1_000} s.`,
        });
      }
      if (done) return;
      yield value;
    }
  } finally {
    giveUp();
  }
}
