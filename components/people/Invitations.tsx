import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import CopyText from "@/islands/CopyText.tsx";
import { ROLE_WORDS } from "@/lib/shared/people.ts";
import type { Invitation as Invited } from "@/lib/shared/wire.ts";

/** Invitations that wait for an answer. */
export function Invitations(
  { invitations, nowMs }: { invitations: Invited[]; nowMs: number },
): VNode {
  return (
    <div
      class="table-wrap"
      tabIndex={0}
      role="region"
      aria-label="Invitations"
    >
      <table class="table table-stack acts-below">
        <thead>
          <tr>
            <th scope="col">Invited</th>
            <th scope="col">Role</th>
            <th scope="col">Since</th>
            <th scope="col">Ends</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {invitations.map((invitation) => (
            <Invitation
              key={invitation.id}
              invitation={invitation}
              nowMs={nowMs}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Invitation(
  { invitation: { id, email, role, createdAt, expiresAt }, nowMs }: {
    invitation: Invited;
    nowMs: number;
  },
): VNode {
  return (
    <tr>
      <th scope="row" class="anywhere">{email}</th>
      <td data-label="Role">{ROLE_WORDS[role].name}</td>
      <td data-label="Since">
        <Moment at={createdAt} nowMs={nowMs} />
      </td>
      <td data-label="Ends">
        {Date.parse(expiresAt) <= nowMs
          ? <span class="badge" data-kind="warn">ended</span>
          : <Moment at={expiresAt} nowMs={nowMs} isAhead />}
      </td>
      <td class="num act">
        <form class="row-acts" method="post" action="/admin/users">
          <input type="hidden" name="id" value={id} />
          <button
            class="link-btn"
            type="submit"
            name="action"
            value="resend"
            aria-label={`Invite again: ${email}`}
          >
            Invite again
          </button>
          <button
            class="link-btn"
            type="submit"
            name="action"
            value="revoke"
            aria-label={`Revoke invitation: ${email}`}
          >
            Revoke
          </button>
        </form>
      </td>
    </tr>
  );
}

/** What is shown once, right after someone was invited: the link. */
export function InvitationReady(
  { email, url, isSent }: { email: string; url: string; isSent: boolean },
): VNode {
  return (
    <div class="callout" data-kind="good" role="status">
      <Icon name="check" />
      <p>
        <strong>{email} is invited.</strong> {isSent
          ? "The link is on its way by mail. This is the only time it is shown here."
          : "Hand on this link; it is shown this once."}
      </p>
      <div class="btn-row">
        <CopyText text={url} />
      </div>
    </div>
  );
}
