/** A piece of a file in memory. */
import type { Files } from "@/lib/files/files.ts";

/** At most `size` bytes of a file from a place on; fewer where it ends. */
export async function readRange(
  files: Files,
  space: string,
  fileId: string,
  from: number,
  size: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  const stream = files.read(space, fileId, { from, to: from + size });
  for await (const part of stream) {
    signal.throwIfAborted();
    bytes.set(part, filled);
    filled += part.length;
  }
  return filled === size ? bytes : bytes.slice(0, filled);
}
