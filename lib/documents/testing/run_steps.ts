/** Takes a document through the steps in pieces, as the jobs do. */
import type { Chunk } from "../chunk/chunk.ts";
import { doStep } from "../engine/do_step.ts";
import { type DocumentReading, HEAD_BYTES } from "../parse/detect_format.ts";
import type { DocumentProfile } from "@/lib/shared/documents/profile_wire.ts";

type TextReading = Exclude<DocumentReading, { format: "pdf" }>;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** @throws {Error} for a document that is refused */
export async function readingOf(
  bytes: Uint8Array<ArrayBuffer>,
  name = "document",
): Promise<TextReading> {
  const head = bytes.slice(0, HEAD_BYTES);
  const found = await doStep({ type: "detect", head, name });
  if ("refused" in found) throw new Error(found.refused);
  if (found.format === "pdf") throw new Error("It is a PDF");
  return found;
}

/** @param pieceBytes how much each step is given at most */
export async function profileOf(
  bytes: Uint8Array<ArrayBuffer>,
  { name, pieceBytes = 2 * 1024 * 1024 }: {
    name?: string;
    pieceBytes?: number;
  } = {},
): Promise<DocumentProfile> {
  const reading = await readingOf(bytes, name);
  let state: Uint8Array<ArrayBuffer> | null = null;
  let at = reading.bom;
  let size = pieceBytes;
  while (true) {
    const piece = bytes.slice(at, at + size);
    const isEnd = at + piece.length === bytes.length;
    const result: Awaited<ReturnType<typeof step>> = await step(piece, isEnd);
    if (result.profile !== null) return result.profile;
    // A record may be longer than a piece.
    size = result.taken === 0 ? size * 2 : pieceBytes;
    state = result.state;
    at += result.taken;
  }
  function step(piece: Uint8Array<ArrayBuffer>, isEnd: boolean) {
    return doStep({ type: "profile", reading, state, bytes: piece, isEnd });
  }
}

export async function chunksOf(
  bytes: Uint8Array<ArrayBuffer>,
  { name, pieceBytes = 2 * 1024 * 1024, mostChunks = 20_000 }: {
    name?: string;
    pieceBytes?: number;
    mostChunks?: number;
  } = {},
): Promise<Chunk[]> {
  const reading = await readingOf(bytes, name);
  const chunks: Chunk[] = [];
  let state: Uint8Array<ArrayBuffer> | null = null;
  let at = reading.bom;
  let size = pieceBytes;
  while (at < bytes.length) {
    const piece = bytes.slice(at, at + size);
    const result: Awaited<ReturnType<typeof step>> = await step(piece);
    chunks.push(...result.chunks);
    size = result.taken === 0 ? size * 2 : pieceBytes;
    state = result.state;
    at += result.taken;
  }
  return chunks;
  function step(piece: Uint8Array<ArrayBuffer>) {
    return doStep({
      type: "chunk",
      document: { id: "0".repeat(22), name: "document", updatedAtMs: 0 },
      reading,
      state,
      bytes: piece,
      isEnd: at + piece.length === bytes.length,
      chunks: chunks.length,
      mostChunks,
    });
  }
}
