/** How long the texts may be that programs send to a model. */
import { AppError } from "@/lib/errors.ts";

/** Longest message, in UTF-16 code units; the same as in a thread. */
export const MAX_MESSAGE_CHARACTERS = 1_000_000;

/** A message as far as its length goes. */
interface Sized {
  content?: string | readonly Record<string, unknown>[] | null;
}

/** Images and the like come as parts without text; their size is bounded with the body. */
function lengthOf({ content }: Sized): number {
  if (typeof content === "string") return content.length;
  return (content ?? []).reduce(
    (length, { text }) => length + (typeof text === "string" ? text.length : 0),
    0,
  );
}

function check(length: number, path: string): void {
  if (length <= MAX_MESSAGE_CHARACTERS) return;
  const counted = length.toLocaleString("en");
  const limit = MAX_MESSAGE_CHARACTERS.toLocaleString("en");
  throw new AppError({
    status: 413,
    code: "message_too_large",
    message: `${path} has ${counted} characters; the limit is ${limit}.`,
    errors: [{ path, message: `must have at most ${limit} characters` }],
  });
}

/** @throws {AppError} 413 `message_too_large` that names the first one which is too long */
export function checkMessageSizes(messages: readonly Sized[]): void {
  for (const [index, message] of messages.entries()) {
    check(lengthOf(message), `messages.${index}`);
  }
}

/**
 * The same for texts that are no messages: a prompt, or what is to be embedded.
 * @param path name of the field they came in
 * @throws {AppError} 413 `message_too_large`
 */
export function checkTextSizes(texts: unknown, path: string): void {
  for (const text of Array.isArray(texts) ? texts : [texts]) {
    if (typeof text === "string") check(text.length, path);
  }
}
