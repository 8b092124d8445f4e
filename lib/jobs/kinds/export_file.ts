/** Files that exports come to: kept for a week, and there once their job has ended, or not at all. */
import type { FileRecord, NewFile } from "@/lib/files/file_record.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobContext, JobOutcome } from "../job_kind.ts";

export interface ExportFileParts {
  files: Files;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

/** What is written, and what is said of it. */
export interface ExportFile {
  name: string;
  mediaType: string;
  bytes: ReadableStream<Uint8Array>;
  /** One sentence of what came out. */
  text: (file: FileRecord) => string;
}

/** How long an export can be downloaded, in milliseconds. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

/** How often it is told how much has been written, in bytes. */
const TOLD_EVERY_BYTES = 1_000_000;

export async function exportFile(
  { files, now }: ExportFileParts,
  { space, signal, progress }: JobContext<unknown>,
  { name, mediaType, bytes, text }: ExportFile,
): Promise<JobOutcome> {
  let written = 0;
  const counted = bytes.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        const before = written;
        written += piece.length;
        const isTold = Math.floor(before / TOLD_EVERY_BYTES) <
          Math.floor(written / TOLD_EVERY_BYTES);
        if (isTold) {
          progress(0, `${Math.floor(written / TOLD_EVERY_BYTES)} MB written`);
        }
        controller.enqueue(piece);
      },
    }),
  );
  const content = await files.write(counted, { maxBytes: Infinity, signal });
  const wanted: NewFile = {
    name,
    mediaType,
    purpose: "export",
    expiresAtMs: now() + KEPT_MS,
  };
  const { file, effects } = files.pending(space, wanted, content);
  return {
    effects,
    result: {
      text: text(file),
      download: {
        href: `/api/files/${file.id}`,
        name: file.name,
        bytes: file.bytes,
      },
    },
  };
}
