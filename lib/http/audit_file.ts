/** The audit log as a file that is written while it is sent. */
import type { AuditEntry } from "@/lib/audit/audit_chain.ts";
import {
  type AuditFormat,
  exportHead,
  exportLine,
} from "@/lib/audit/audit_export.ts";

/** Bytes, roughly, that are handed on at a time. */
const CHUNK_CHARACTERS = 32 * 1024;

/** Asks for entries only as fast as whoever gets the file reads it. */
export function auditFile(
  format: AuditFormat,
  entries: AsyncGenerator<AuditEntry>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let head = exportHead(format);
  return new ReadableStream({
    async pull(controller) {
      let text = head;
      head = "";
      while (text.length < CHUNK_CHARACTERS) {
        const { done, value } = await entries.next();
        if (done) {
          if (text !== "") controller.enqueue(encoder.encode(text));
          controller.close();
          return;
        }
        text += exportLine(format, value);
      }
      controller.enqueue(encoder.encode(text));
    },
    async cancel() {
      await entries.return(undefined);
    },
  });
}
