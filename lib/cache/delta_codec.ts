/** Deltas as bytes: lines of JSON, each a list of deltas, so that both ways go in slices. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Delta } from "@/lib/llm/types.ts";

/** Deltas in one line. */
const LINE_DELTAS = 64;
/** Lines made or read in one turn of the event loop. */
const TURN_LINES = 8;

const TYPES: ReadonlySet<unknown> = new Set<Delta["type"]>([
  "text",
  "reasoning",
  "tool",
  "finish",
  "usage",
]);

/** The bytes that `decodeDeltas` reads. */
export async function encodeDeltas(
  deltas: readonly Delta[],
): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const lines: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < deltas.length; at += LINE_DELTAS) {
    if (lines.length % TURN_LINES === TURN_LINES - 1) await nextTurn();
    const slice = deltas.slice(at, at + LINE_DELTAS);
    const line = encoder.encode(`${JSON.stringify(slice)}\n`);
    lines.push(line);
    length += line.length;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const line of lines) {
    bytes.set(line, offset);
    offset += line.length;
  }
  return bytes;
}

const NEWLINE = 0x0a;

/** The deltas that `encodeDeltas` was given; null when the bytes say nothing that this code knows. */
export async function decodeDeltas(
  bytes: Uint8Array,
): Promise<Delta[] | null> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const deltas: Delta[] = [];
  try {
    for (let from = 0, line = 1; from < bytes.length; line += 1) {
      if (line % TURN_LINES === 0) await nextTurn();
      const to = bytes.indexOf(NEWLINE, from);
      if (to < 0) return null;
      const slice = JSON.parse(decoder.decode(bytes.subarray(from, to)));
      for (const delta of slice) {
        if (!TYPES.has(delta?.type)) return null;
        deltas.push(delta);
      }
      from = to + 1;
    }
    return deltas;
  } catch {
    return null;
  }
}
