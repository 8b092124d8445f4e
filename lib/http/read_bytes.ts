/** Reading the bytes of a request body, within a size and a time. */
import { AppError } from "@/lib/errors.ts";

export interface ReadLimits {
  /** Bytes the body may have at most. */
  maxBytes: number;
  /** How long the client may take to send it, in milliseconds. */
  deadlineMs: number;
  /** Made and thrown as soon as there are more bytes. */
  tooLarge: () => AppError;
}

/** The answer to a client that hung up, or broke the framing, in the middle of its body. */
function brokenOff(cause: unknown): AppError {
  return new AppError({
    status: 400,
    code: "body_broken_off",
    message: "The request body broke off before its end.",
    cause,
  });
}

/**
 * Reads a whole body.
 * @throws {AppError} what `tooLarge` makes, 408 `body_timeout`, 400 `body_broken_off`
 */
export async function readBytes(
  request: Request,
  { maxBytes, deadlineMs, tooLarge }: ReadLimits,
): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    throw tooLarge();
  }
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => {});
  }, deadlineMs);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        throw brokenOff(cause);
      });
      if (done) break;
      length += value.length;
      if (length > maxBytes) {
        await reader.cancel().catch(() => {});
        throw tooLarge();
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(deadline);
  }
  if (isLate) {
    throw new AppError({
      status: 408,
      code: "body_timeout",
      message: `The request body did not arrive within ${deadlineMs / 1000} s.`,
    });
  }
  return joined(chunks, length);
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
