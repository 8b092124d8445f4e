/**
 * `/api/documents/:id/upload`: `HEAD` says how much has come (`Upload-Offset`, `Upload-Length`), `PATCH`
 * adds bytes from there on, in the terms of tus 1.0.
 */
import type { UploadProgress } from "@/lib/documents/uploads.ts";
import { methods } from "@/lib/http/methods.ts";
import { readUploadBody, readUploadOffset } from "@/lib/http/upload_body.ts";
import { define } from "@/utils.ts";

function headersOf({ offset, size }: UploadProgress): Headers {
  const headers = new Headers({
    "upload-offset": String(offset),
    "cache-control": "no-store",
  });
  if (size !== null) headers.set("upload-length", String(size));
  return headers;
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documents }, space } = ctx.state;
    const progress = await documents.uploads.progress(
      space,
      ctx.params.document,
    );
    return ctx.json(progress, { headers: headersOf(progress) });
  },
  async PATCH(ctx) {
    const { services: { documents }, space } = ctx.state;
    const id = ctx.params.document;
    // Whoever has no such document learns nothing else.
    await documents.uploads.progress(space, id);
    const progress = await documents.uploads.append(
      space,
      id,
      await readUploadOffset(ctx.req),
      readUploadBody(ctx.req),
    );
    return new Response(null, { status: 204, headers: headersOf(progress) });
  },
}));
