/** The body of an answer from an address that a user has set, within a size and a time. */
import type { IncomingMessage } from "node:http";
import { AppError } from "@/lib/errors.ts";

export interface BodyBounds {
  maxBytes: number;
  /** Ends the body with an error. */
  signal: AbortSignal;
  /** The error that the reader gets for one that happened. */
  told: (error: unknown) => unknown;
}

function tooLarge(maxBytes: number): AppError {
  return new AppError({
    status: 502,
    code: "address_answer_too_large",
    message: `The answer is larger than ${
      maxBytes.toLocaleString("en")
    } bytes.`,
  });
}

/** Reads an answer chunk by chunk, as fast as its reader does. */
export function boundedBody(
  response: IncomingMessage,
  { maxBytes, signal, told }: BodyBounds,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks: AsyncIterator<Uint8Array<ArrayBuffer>> = response
    [Symbol.asyncIterator]();
  const abort = () => response.destroy();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const release = () => {
    signal.removeEventListener("abort", abort);
    response.destroy();
  };
  let length = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        signal.throwIfAborted();
        if (done === true) {
          release();
          controller.close();
          return;
        }
        length += value.length;
        if (length > maxBytes) throw tooLarge(maxBytes);
        controller.enqueue(value);
      } catch (error) {
        release();
        controller.error(told(error));
      }
    },
    cancel: release,
  }, { highWaterMark: 0 });
}
