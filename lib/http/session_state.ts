import type { Caller } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import type { SessionState } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import { signInNeeded } from "./access.ts";

/** Who asks, and in which workspace. @throws {AppError} 401 `sign_in_needed` when nobody is signed in */
export async function sessionState(
  { visitor, services }: State,
  workspaceId = visitor?.workspace,
): Promise<SessionState> {
  if (visitor === null || workspaceId === undefined) throw signInNeeded("api");
  const [user, workspace] = await Promise.all([
    services.users.account(visitor.user),
    services.workspaces.require(visitor.user, workspaceId),
  ]);
  if (user === null) throw signInNeeded("api");
  return {
    user: { id: user.id, email: user.email, name: user.name },
    workspace: { id: workspace.id, name: workspace.name },
    role: workspace.role,
    mode: visitor.mode,
  };
}

/**
 * The caller of what only a browser's session does.
 * @throws {AppError} 401 `sign_in_needed`, 403 `forbidden` for an API key and in local mode, which has no
 * sessions
 */
export function requireSession(
  { visitor }: State,
): Caller & { session: string } {
  if (visitor === null) throw signInNeeded("session");
  const { session } = visitor;
  if (session !== null) return { ...visitor, session };
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: visitor.mode === "local"
      ? "Local mode has no sessions: everyone on this machine is the owner."
      : "An API key cannot do this; sign in.",
  });
}
