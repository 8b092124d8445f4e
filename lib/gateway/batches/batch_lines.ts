/** A file of lines, read as far as somebody wants more of it. */

/** What makes a line none that can be read. */
export type LineFault = "too-large" | "not-utf-8";

/** One line, without its end. */
export interface Line {
  /** Counted from 1. */
  number: number;
  /** Null: it is longer than it may be, or no UTF-8. */
  text: string | null;
  /** Why there is no text. */
  fault: LineFault | null;
  /** Where the next one begins in the file, in bytes. */
  endOffset: number;
}

export interface LineStart {
  /** Number of the line before the first. */
  line: number;
  /** Where the first one begins in the file, in bytes. */
  offset: number;
}

const NEW_LINE = 10;

/**
 * Lines that hold anything but white space. Only one of them is in memory, and of one that is too long
 * only its beginning.
 */
export async function* readLines(
  bytes: ReadableStream<Uint8Array>,
  { line, offset }: LineStart,
  maxBytes: number,
): AsyncGenerator<Line, void, void> {
  let number = line;
  let endOffset = offset;
  let pieces: Uint8Array[] = [];
  let length = 0;
  const take = (piece: Uint8Array) => {
    length += piece.length;
    endOffset += piece.length;
    if (length <= maxBytes) pieces.push(piece);
  };
  const finish = (): Line | null => {
    number += 1;
    const isTooLarge = length > maxBytes;
    const text = isTooLarge ? null : textOf(pieces, length);
    pieces = [];
    length = 0;
    if (text?.trim() === "") return null;
    const fault = isTooLarge ? "too-large" : text === null ? "not-utf-8" : null;
    return { number, text, fault, endOffset };
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEW_LINE, from);
      if (at === -1) break;
      take(chunk.subarray(from, at));
      from = at + 1;
      endOffset += 1;
      const found = finish();
      if (found !== null) yield found;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (length === 0) return;
  const last = finish();
  if (last !== null) yield last;
}

/** Null: it is no UTF-8, of which nobody should be asked something else than what was written. */
function textOf(
  pieces: readonly Uint8Array[],
  length: number,
): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true })
      .decode(joined(pieces, length));
  } catch {
    return null;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
