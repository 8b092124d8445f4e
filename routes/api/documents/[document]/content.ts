/** `GET /api/documents/:id/content`: the document as it was given, as a download. */
import { fileResponse } from "@/lib/http/file_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documents, files }, space } = ctx.state;
    const file = await documents.fileOf(space, ctx.params.document);
    return await fileResponse(ctx.req, files, space, file);
  },
}));
