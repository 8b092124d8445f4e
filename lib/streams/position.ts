/** Where a follower stands in a run: the epoch (attempt) and the last event it has, as in an SSE id. */

export interface Position {
  epoch: number;
  /** Sequence number of the last event received; 0 is the opening event of the epoch. */
  seq: number;
}

/** Writes an SSE `id`. */
export function formatPosition(position: Position): string {
  return `${position.epoch}.${position.seq}`;
}

/** Reads a `Last-Event-ID`; null for a missing one, "unknown" for one that names no place. */
export function parsePosition(
  text: string | null | undefined,
): Position | null | "unknown" {
  if (text === null || text === undefined || text === "") return null;
  const match = /^([1-9]\d{0,8})\.(0|[1-9]\d{0,9})$/.exec(text);
  if (match === null) return "unknown";
  return { epoch: Number(match[1]), seq: Number(match[2]) };
}
