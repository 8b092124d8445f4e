/** Offsets of the Durable Streams protocol (version 1.0, section 6): a place of a run as sortable text. */
import type { Position } from "@/lib/streams/position.ts";

const EPOCH_DIGITS = 9;
const SEQ_DIGITS = 10;
const OFFSET = new RegExp(`^(\\d{${EPOCH_DIGITS}})_(\\d{${SEQ_DIGITS}})$`);

/** The offset behind an event; null is the one before any event of the first attempt. */
export function formatOffset(position: Position | null): string {
  // The opening event has the number 0, and there is a place before it.
  const { epoch, seq } = position ?? { epoch: 1, seq: -1 };
  return `${String(epoch).padStart(EPOCH_DIGITS, "0")}_${
    String(seq + 1).padStart(SEQ_DIGITS, "0")
  }`;
}

/**
 * Reads an offset: the last event a reader has, or null for none. `undefined` for text that is none of
 * ours; the words `-1` and `now` are not read here.
 */
export function parseOffset(text: string): Position | null | undefined {
  const match = OFFSET.exec(text);
  if (match === null) return undefined;
  const position = { epoch: Number(match[1]), seq: Number(match[2]) - 1 };
  if (position.epoch === 0) return undefined;
  if (position.seq >= 0) return position;
  return position.epoch === 1 ? null : undefined;
}
