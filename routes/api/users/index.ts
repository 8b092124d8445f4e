/** `GET /api/users` lists the people of the workspace; `POST` makes an account, or invites its address. */
import type { Caller } from "@/lib/auth/caller.ts";
import { newUserSchema } from "@/lib/auth/user_input.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { AppError } from "@/lib/errors.ts";
import { readJson } from "@/lib/http/body.ts";
import { invitationResponse } from "@/lib/http/invitation_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { etag } from "@/lib/http/preconditions.ts";
import { define } from "@/utils.ts";

/** The workspace that is meant; another one than the caller's own takes an operator. */
function workspaceFor(caller: Caller, asked: string | undefined): string {
  if (asked === undefined || asked === caller.workspace) {
    return caller.workspace;
  }
  if (caller.isOperator) return asked;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "Only admins of the server put people into other workspaces.",
  });
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const query = readPageQuery(ctx.url);
    return ctx.json(await services.users.list(caller.workspace, query));
  },
  async POST(ctx) {
    const { caller, origin, services } = ctx.state;
    const { workspaceId, password, ...input } = await readJson(
      ctx.req,
      newUserSchema,
    );
    const workspace = workspaceFor(caller, workspaceId);
    if (await services.workspaces.find(workspace) === null) {
      throw notFound("workspace");
    }
    if (password === undefined) {
      const { email, role, groups } = input;
      return invitationResponse(
        await services.invitations.create(
          caller,
          { email, role, groups },
          origin ?? "",
          workspace,
        ),
      );
    }
    const user = await services.users
      .create(caller, workspace, { ...input, password });
    return ctx.json(user, {
      status: 201,
      headers: {
        location: `/api/users/${user.id}`,
        etag: etag(user.version),
      },
    });
  },
}));
