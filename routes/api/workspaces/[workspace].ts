/** `/api/workspaces/:id`: a workspace of the caller, shown, changed or deleted with all that is in it. */
import type { Caller } from "@/lib/auth/caller.ts";
import { workspacePatchSchema } from "@/lib/auth/user_input.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

/** A key belongs to one workspace. @throws {AppError} 404 `not_found` for any other */
function idFor(caller: Caller, id: string): string {
  if (caller.key !== null && id !== caller.workspace) {
    throw notFound("workspace");
  }
  return id;
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const workspace = await services.workspaces
      .require(caller.user, idFor(caller, ctx.params.workspace));
    return ctx.json(workspace, { headers: { etag: etag(workspace.version) } });
  },
  async PATCH(ctx) {
    const { caller, services } = ctx.state;
    const patch = await readJson(ctx.req, workspacePatchSchema);
    const workspace = await services.workspaces.update(
      caller,
      idFor(caller, ctx.params.workspace),
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(workspace, { headers: { etag: etag(workspace.version) } });
  },
  async DELETE(ctx) {
    const { caller, services } = ctx.state;
    await services.workspaces.delete(
      caller,
      idFor(caller, ctx.params.workspace),
      (version) => requireIfMatch(ctx.req, version),
    );
    services.personalData.oldThreads.soon();
    return new Response(null, { status: 204 });
  },
}));
