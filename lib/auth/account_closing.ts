/** The end of an account, when its user wants it. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { AccountStore } from "./account_store.ts";
import type { Caller } from "./caller.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { Sessions } from "./sessions.ts";

export interface AccountClosingParts {
  accounts: AccountStore;
  memberships: MembershipStore;
  sessions: Sessions;
}

export class AccountClosing {
  readonly #parts: AccountClosingParts;

  constructor(parts: AccountClosingParts) {
    this.#parts = parts;
  }

  /**
   * Closes the caller's account: they leave all workspaces, their sessions end, and of the account its id
   * is left, which ledger and audit log have.
   * @param also what else belongs to leaving a workspace, committed with it
   * @throws {AppError} 409 `last_owner` when they are the last owner of a workspace; nothing is changed
   */
  async close(
    caller: Caller,
    also: (
      workspace: string,
    ) => Promise<Parameters<AccountStore["commit"]>[number]>,
  ): Promise<void> {
    const { accounts, memberships } = this.#parts;
    const { user } = caller;
    const there = await memberships.workspacesOf(user);
    for (const { workspace } of there) {
      // Asked of all first, so that nobody is left half in.
      const before = await memberships.membership(workspace.id, user);
      memberships.change(workspace.id, user, before, null);
    }
    for (const { workspace: { id } } of there) {
      await retryOnConflict(async () => {
        const [account, before] = await Promise.all([
          accounts.account(user),
          memberships.membership(id, user),
        ]);
        if (account === null || before.membership.record === null) return null;
        const event = auditEvent("user.removed", {
          ...by(caller),
          subject: user,
          details: {
            email: account.user.email,
            role: before.membership.record.role,
          },
        });
        const ok = await accounts.commit(
          accounts.accessChange(user, account.access),
          memberships.change(id, user, before, null),
          accounts.note(id, event),
          await also(id),
        );
        return ok ? null : "conflict";
      });
    }
    await retryOnConflict(async () => {
      const account = await accounts.account(user);
      if (account === null || account.user.isClosed) return null;
      return await accounts.commit(
          accounts.closing(account),
          accounts.accessChange(user, account.access, true),
        )
        ? null
        : "conflict";
    });
    await this.#parts.sessions.afterAllEnded(user);
  }
}
