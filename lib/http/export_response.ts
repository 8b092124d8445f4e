/** Sends what a user has in a workspace as a download. */
import type { Context } from "fresh";
import { by } from "@/lib/audit/audit_event.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import type { State } from "@/utils.ts";

/**
 * Begins the download; the audit log knows of it first.
 * @param user whose data it is; of another than the caller this is a look at somebody's data
 * @throws {AppError} 404 `not_found` for somebody who is not in the workspace
 */
export async function exportResponse(
  { req, state }: Context<State>,
  user: string,
): Promise<Response> {
  const { caller, services } = state;
  const [workspace, { id, email, name, role }] = await Promise.all([
    services.workspaces.find(caller.workspace),
    services.users.require(caller.workspace, user),
  ]);
  if (workspace === null) throw notFound("workspace");
  const { name: file, archive } = await services.personalData.exports.begin(
    {
      workspace: { id: workspace.id, name: workspace.name },
      user: { id, email, name, role },
    },
    by(caller),
    req.signal,
  );
  return new Response(archive, {
    headers: {
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="${file}"`,
      "cache-control": "no-store",
    },
  });
}
