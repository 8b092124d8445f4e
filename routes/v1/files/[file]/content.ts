/** `GET /v1/files/:id/content`: the bytes of a file, or a range of them. */
import { fileResponse } from "@/lib/http/file_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { files }, space } = ctx.state;
    return await fileResponse(
      ctx.req,
      files,
      space,
      ctx.params.file,
      "application/octet-stream",
    );
  },
}));
