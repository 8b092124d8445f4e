/** Sends the file of a backup as a download, or a range of it. */
import type { Context } from "fresh";
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { State } from "@/utils.ts";
import { readRange } from "./byte_range.ts";

const PIECE_BYTES = 64 * 1024;

/**
 * Begins the download; whoever has the file has everything that is in the store, so the audit log knows of
 * it first.
 * @throws {AppError} 404 `not_found`, 416 `range_not_satisfiable`
 */
export async function backupResponse(
  { req, state }: Context<State>,
  id: string,
): Promise<Response> {
  const { caller, services: { auditLog, backups } } = state;
  const { name, path, bytes } = await backups.requireFile(id);
  const range = readRange(req.headers.get("range"), bytes);
  const { from, to } = range ?? { from: 0, to: bytes };
  await auditLog.record(
    FIRST_WORKSPACE,
    auditEvent("data.exported", {
      ...by(caller),
      subject: "backup",
      details: { format: "sqlite", filter: name, count: to - from },
    }),
    req.signal,
  );
  const headers = new Headers({
    "content-type": "application/vnd.sqlite3",
    "content-length": String(to - from),
    "content-disposition": `attachment; filename="${name}"`,
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
    // A file under its final name never changes.
    etag: `"${id}"`,
  });
  if (range !== null) {
    headers.set("content-range", `bytes ${from}-${to - 1}/${bytes}`);
  }
  return new Response(await readFile(path, from, to), {
    status: range === null ? 200 : 206,
    headers,
  });
}

/** The bytes of a file from one place to before another, read as fast as they are taken. */
async function readFile(
  path: string,
  from: number,
  to: number,
): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  let left = to - from;
  try {
    await file.seek(from, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
  return new ReadableStream({
    async pull(controller) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, left));
      const read = left === 0 ? null : await file.read(piece);
      if (read !== null) {
        left -= read;
        controller.enqueue(piece.subarray(0, read));
        return;
      }
      file.close();
      if (left > 0) controller.error(new Error("The file became shorter"));
      else controller.close();
    },
    cancel() {
      file.close();
    },
  }, { highWaterMark: 0 });
}
