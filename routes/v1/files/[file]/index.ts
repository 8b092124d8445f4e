/** `GET /v1/files/:id`: what is known of a file; `DELETE` removes it. */
import { toFileObject } from "@/lib/gateway/files/file_object.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { files } = ctx.state.services;
    return ctx.json(
      toFileObject(await files.get(ctx.state.space, ctx.params.file)),
    );
  },
  async DELETE(ctx) {
    const { file: id } = ctx.params;
    await ctx.state.services.files.remove(ctx.state.space, id);
    return ctx.json({ id, object: "file", deleted: true });
  },
}));
