/** What the right to be here rests on. */
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { AskedBy } from "./asker.ts";
import type { AuthMode, Caller } from "./caller.ts";

/** What the right of a user to be here rests on. */
export type Ground =
  | { kind: "key"; user: string; workspace: string; id: string }
  | { kind: "session"; user: string; id: string }
  | { kind: "member"; user: string; workspace: string };

export type GroundKind = Ground["kind"];

/** What a caller rests on; in local mode only on a key. */
export function groundsOf(
  { mode, workspace, user, key, session }: Caller,
): Ground[] {
  const grounds = keyAndMember(mode, workspace, user, key?.id ?? null);
  if (session !== null) grounds.push({ kind: "session", user, id: session });
  return grounds;
}

/** What a run rests on; one that nobody in particular has asked for rests on nothing. */
export function groundsOfRun(
  mode: AuthMode,
  space: string,
  askedBy: AskedBy | undefined,
): Ground[] {
  if (!askedBy?.user) return [];
  const { user, key } = askedBy;
  return keyAndMember(mode, workspaceOf(space), user, key);
}

function keyAndMember(
  mode: AuthMode,
  workspace: string,
  user: string,
  key: string | null,
): Ground[] {
  const grounds: Ground[] = [];
  if (key !== null) grounds.push({ kind: "key", user, workspace, id: key });
  if (mode !== "local") grounds.push({ kind: "member", user, workspace });
  return grounds;
}

/** Names a ground among all. */
export function groundName(ground: Ground): string {
  return ground.kind === "member"
    ? `member ${ground.workspace} ${ground.user}`
    : `${ground.kind} ${ground.id}`;
}
