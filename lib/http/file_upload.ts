/** A file that comes in a form, with the fields around it, in whatever order. */
import { AppError } from "@/lib/errors.ts";
import type { Content } from "@/lib/files/file_content.ts";
import { fileTooLarge } from "@/lib/files/file_content.ts";
import type { Files } from "@/lib/files/files.ts";
import { type FormPart, readMultipart } from "./multipart.ts";

/** What a form has brought. The bytes are stored, and `Files.keep` or `drop` follows. */
export interface Upload {
  name: string;
  mediaType: string;
  content: Content;
  /** The other fields. */
  fields: Record<string, string>;
}

export interface UploadOptions {
  files: Files;
  /** Of the file. */
  maxBytes: number;
  signal: AbortSignal;
}

/** What a form has beside its file, in bytes. */
const MAX_FORM_BYTES = 1_000_000;
const MAX_FIELD_BYTES = 65_536;
const MAX_FIELDS = 20;
const IDLE_MS = 30_000;
const MAX_MEDIA_TYPE_CHARACTERS = 200;

/**
 * Receives the field `file` of a form.
 * @throws {AppError} 400 `invalid_request` without exactly one file, 413 `file_too_large`, and what
 *   `readMultipart` throws; nothing of the file is left then
 */
export async function receiveFile(
  request: Request,
  { files, maxBytes, signal }: UploadOptions,
): Promise<Upload> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes + MAX_FORM_BYTES) throw fileTooLarge(maxBytes);
  const fields: Record<string, string> = {};
  let count = 0;
  let received: Omit<Upload, "fields"> | null = null;
  try {
    for await (
      const part of readMultipart(request, {
        idleMs: IDLE_MS,
        maxBytes: maxBytes + MAX_FORM_BYTES,
        tooLarge: () => fileTooLarge(maxBytes),
        signal,
      })
    ) {
      count += 1;
      if (count > MAX_FIELDS) {
        throw refused("file", "comes with too many fields");
      }
      if (part.name !== "file") {
        fields[part.name] = await fieldText(part);
        continue;
      }
      if (part.filename === null) {
        throw refused("file", "must be a file, with a name");
      }
      if (received !== null) throw refused("file", "must be one file");
      received = {
        name: part.filename,
        mediaType: mediaTypeOf(part),
        content: await files.write(part.body, { maxBytes, signal }),
      };
    }
    if (received === null) throw refused("file", "is required");
    return { ...received, fields };
  } catch (error) {
    if (received !== null) await files.drop(received.content);
    throw error;
  }
}

/** @throws {AppError} 400 `invalid_request` */
export function refuseEmpty({ manifest }: Content): void {
  if (manifest.length === 0) throw refused("file", "is empty");
}

async function fieldText({ name, body }: FormPart): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_FIELD_BYTES) throw refused(name, "is too long");
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

function mediaTypeOf({ mediaType }: FormPart): string {
  const isOne = mediaType !== null &&
    mediaType.length <= MAX_MEDIA_TYPE_CHARACTERS &&
    /^[\w.+-]+\/[\w.+-]+(\s*;[\x20-\x7e]*)?$/.test(mediaType);
  return isOne ? mediaType : "application/octet-stream";
}

function refused(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path}: ${message}`,
    errors: [{ path, message }],
  });
}
