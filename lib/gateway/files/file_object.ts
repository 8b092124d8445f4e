/** Files as OpenAI's API shows them (https://platform.openai.com/docs/api-reference/files/object). */
import type { FileRecord } from "@/lib/files/file_record.ts";

export interface FileObject {
  id: string;
  object: "file";
  bytes: number;
  /** Unix time in seconds, as all times here. */
  created_at: number;
  expires_at: number | null;
  filename: string;
  purpose: string;
  /** What is there is whole. */
  status: "processed";
  status_details: null;
}

export function toFileObject(file: FileRecord): FileObject {
  return {
    id: file.id,
    object: "file",
    bytes: file.bytes,
    created_at: Math.floor(file.createdAtMs / 1_000),
    expires_at: file.expiresAtMs === null
      ? null
      : Math.floor(file.expiresAtMs / 1_000),
    filename: file.name,
    purpose: file.purpose,
    status: "processed",
    status_details: null,
  };
}
