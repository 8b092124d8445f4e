/** How large a document may be, and how long an upload is waited for. */
import { MAX_UPLOAD_BYTES } from "@/lib/files/files.ts";

/** In bytes. */
export const MAX_DOCUMENT_BYTES = MAX_UPLOAD_BYTES;

/** An upload that nobody goes on with is given up after so long, in milliseconds. */
export const UPLOAD_KEPT_MS = 24 * 60 * 60_000;
