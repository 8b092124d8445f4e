/** Whom mails of events go to, out of what is known of people. */
import type { Users } from "@/lib/auth/users.ts";
import type { Workspaces } from "@/lib/auth/workspaces.ts";
import { patternWords } from "@/lib/limits/subjects.ts";
import { isMailAddress } from "@/lib/mail/mail.ts";
import type { Audience, Recipient } from "@/lib/mail/mail_consumer.ts";

export interface AudienceParts {
  users: Pick<Users, "list" | "account">;
  workspaces: Pick<Workspaces, "find">;
  /** The address people use, without a slash at its end; null: none is set. */
  publicUrl: string | null;
}

const PEOPLE_PER_READ = 200;
/** Reads for the admins of one workspace: of more people, some admins may not be told. */
const MOST_READS = 10;

export function buildAudience(
  { users, workspaces, publicUrl }: AudienceParts,
): Audience {
  return {
    async admins(workspace, signal) {
      const found: Recipient[] = [];
      let cursor: string | null = null;
      for (let reads = 0; reads < MOST_READS; reads += 1) {
        signal.throwIfAborted();
        const page = await users.list(workspace, {
          limit: PEOPLE_PER_READ,
          cursor,
        });
        for (const { id, email, role, disabled } of page.items) {
          const isAdmin = role === "admin" || role === "owner";
          if (isAdmin && !disabled && email && isMailAddress(email)) {
            found.push({ id, email });
          }
        }
        cursor = page.nextCursor;
        if (cursor === null) break;
      }
      return found;
    },
    async user(id) {
      const email = (await users.account(id))?.email ?? null;
      return email !== null && isMailAddress(email) ? { id, email } : null;
    },
    async workspaceName(id) {
      return (await workspaces.find(id))?.name ?? "this workspace";
    },
    async subjectWords(_workspace, subject) {
      if (!subject.startsWith("user:")) return patternWords(subject);
      const account = await users.account(subject.slice("user:".length));
      return account?.name || account?.email || patternWords(subject);
    },
    page: (path) => publicUrl === null ? null : `${publicUrl}${path}`,
  };
}
