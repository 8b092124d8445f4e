/** `/api/documents/:id`: one document, read, renamed, given to a project, or deleted. */
import { documentPatchSchema } from "@/lib/documents/document_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documents }, space } = ctx.state;
    return ctx.json(await documents.get(space, ctx.params.document));
  },
  async PATCH(ctx) {
    const { services: { documents }, space } = ctx.state;
    const patch = await readJson(ctx.req, documentPatchSchema);
    return ctx.json(await documents.update(space, ctx.params.document, patch));
  },
  async DELETE(ctx) {
    const { services: { documents }, space } = ctx.state;
    await documents.remove(space, ctx.params.document);
    return new Response(null, { status: 204 });
  },
}));
