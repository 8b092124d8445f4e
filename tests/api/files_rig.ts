/** What the tests of files and batches share. */
import { blobPartKey, openBlobs } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { TestApp } from "../support/app.ts";

const BOUNDARY = "----freshet";

/** One part of a form, as bytes on the wire. */
export interface RawPart {
  /** Headers, one a line. */
  headers: string[];
  body: string | Uint8Array<ArrayBuffer>;
}

/** A form byte by byte, for what `FormData` cannot say. */
export function rawForm(
  parts: readonly RawPart[],
  { end = `--${BOUNDARY}--\r\n`, preamble = "" } = {},
): { headers: Record<string, string>; body: Uint8Array<ArrayBuffer> } {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [encoder.encode(preamble)];
  for (const { headers, body } of parts) {
    pieces.push(
      encoder.encode(`--${BOUNDARY}\r\n${headers.join("\r\n")}\r\n\r\n`),
      typeof body === "string" ? encoder.encode(body) : body,
      encoder.encode("\r\n"),
    );
  }
  pieces.push(encoder.encode(end));
  return {
    headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
    body: new Uint8Array(
      pieces.flatMap((piece) => [...piece]),
    ),
  };
}

export function filePart(
  body: RawPart["body"],
  filename = "lines.jsonl",
): RawPart {
  return {
    headers: [
      `Content-Disposition: form-data; name="file"; filename="${filename}"`,
      "Content-Type: application/jsonl",
    ],
    body,
  };
}

export function fieldPart(name: string, body: string): RawPart {
  return {
    headers: [`Content-Disposition: form-data; name="${name}"`],
    body,
  };
}

/** Uploads parts as they are. */
export function upload(
  app: Pick<TestApp, "fetch">,
  parts: readonly RawPart[],
  options: Parameters<typeof rawForm>[1] = {},
): Promise<Response> {
  return app.fetch("/v1/files", {
    method: "POST",
    ...rawForm(parts, options),
  });
}

/** Rows of blobs that nothing names, and parts of all blobs. */
export async function blobRows(
  { services: { store } }: Pick<TestApp, "services">,
): Promise<{ open: number; parts: number }> {
  const open = await Array.fromAsync(list(store, openBlobs()));
  const all = { prefix: blobPartKey("", 0).slice(0, 2) };
  const parts = await Array.fromAsync(list(store, all));
  return { open: open.length, parts: parts.length };
}

/** A batch's line, and its whole input. */
export function batchLine(
  customId: string,
  body: Record<string, unknown>,
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    custom_id: customId,
    method: "POST",
    url: "/v1/chat/completions",
    body,
    ...more,
  });
}
