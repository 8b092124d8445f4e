/** Sends a file as a download, or a range of it. */
import type { FileRecord } from "@/lib/files/file_record.ts";
import type { Files } from "@/lib/files/files.ts";
import { readRange } from "./byte_range.ts";

/** @throws {AppError} 404 `not_found`, 416 `range_not_satisfiable` */
export async function fileResponse(
  request: Request,
  files: Files,
  space: string,
  id: string,
  mediaType?: string,
): Promise<Response> {
  const file = await files.get(space, id);
  const range = readRange(request.headers.get("range"), file.bytes);
  const { from, to } = range ?? { from: 0, to: file.bytes };
  const headers = new Headers({
    "content-type": mediaType ?? file.mediaType,
    "content-length": String(to - from),
    "content-disposition": dispositionOf(file),
    "accept-ranges": "bytes",
    // Whatever is in it was made by somebody else: nothing of it may run here.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
    etag: `"${file.sha256}"`,
  });
  if (range !== null) {
    headers.set("content-range", `bytes ${from}-${to - 1}/${file.bytes}`);
  }
  const body = to > from ? files.read(space, id, { from, to }) : null;
  return new Response(body, { status: range === null ? 200 : 206, headers });
}

/** RFC 6266: a name in ASCII, and the real one beside it. */
function dispositionOf({ name }: FileRecord): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed())
    .replace(
      /['()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
