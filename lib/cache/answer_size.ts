/** How much memory an answer takes, so that what is kept stays within its bounds. */
import type { Delta } from "@/lib/llm/types.ts";

/** Largest answer that is kept or shared from its beginning, in bytes of memory. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** An object of V8 with its fields, the headers of its texts and its place in a list. */
const DELTA_BYTES = 96;

// V8 keeps a text in one byte a character while all of them fit.
// deno-lint-ignore no-control-regex -- the range begins with the control characters
const ONE_BYTE = /^[\x00-\xff]*$/;

function textBytes(text: string): number {
  return ONE_BYTE.test(text) ? text.length : 2 * text.length;
}

/** Bytes of memory that a delta takes, roughly and rather too many. */
export function deltaBytes(delta: Delta): number {
  let bytes = DELTA_BYTES;
  if (delta.raw !== undefined) bytes += textBytes(delta.raw);
  if (delta.type === "tool") {
    return bytes + DELTA_BYTES + textBytes(JSON.stringify(delta.call));
  }
  return "text" in delta ? bytes + textBytes(delta.text) : bytes;
}

/** Bytes of memory that deltas take; see `deltaBytes`. */
export function deltasBytes(deltas: readonly Delta[]): number {
  let bytes = 0;
  for (const delta of deltas) bytes += deltaBytes(delta);
  return bytes;
}
