import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Group, UserRole } from "@/lib/shared/wire.ts";
import { GroupChoice } from "./GroupChoice.tsx";
import { RoleSelect } from "./RoleSelect.tsx";

/** Asks someone in: by a link to hand on, and by mail where mail leaves. */
export function InviteForm(
  { form: { values, errors }, roles, groups, sendsMail }: {
    form: FormState;
    /** Roles that the viewer may give. */
    roles: UserRole[];
    groups: Group[];
    sendsMail: boolean;
  },
): VNode {
  const hint = sendsMail
    ? "The invitation is sent there."
    : "You get a link to hand on; this server sends no mail.";
  const chosen = roles.find((role) => role === values.role) ?? "member";
  return (
    <form class="stack" method="post" action="/admin/users">
      <input type="hidden" name="action" value="invite" />
      <FormTrouble message={errors[""]} />
      <FormField
        id="invite-email"
        label="Email"
        hint={hint}
        error={errors.email}
      >
        <input
          class="input"
          id="invite-email"
          name="email"
          type="email"
          autocomplete="off"
          required
          autofocus
          value={values.email}
          {...describe("invite-email", errors.email, hint)}
        />
      </FormField>
      <FormField id="invite-role" label="Role" error={errors.role}>
        <RoleSelect id="invite-role" chosen={chosen} roles={roles} />
      </FormField>
      {groups.length > 0 && <GroupChoice groups={groups} chosen={[]} />}
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Invite</button>
      </div>
    </form>
  );
}
