/**
 * `GET /api/files/:id`: a file to download, such as an export: one of the caller's own, or one that programs
 * have made in the workspace.
 */
import { fileResponse } from "@/lib/http/file_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { programSpace } from "@/lib/shared/spaces.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { files }, space } = ctx.state;
    const { file: id } = ctx.params;
    const isOwn = await files.find(space, id) !== null;
    const place = isOwn ? space : programSpace(caller.workspace);
    return await fileResponse(ctx.req, files, place, id);
  },
}));
