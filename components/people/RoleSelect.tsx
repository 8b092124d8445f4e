import type { VNode } from "preact";
import { ROLE_WORDS } from "@/lib/shared/people.ts";
import type { UserRole } from "@/lib/shared/wire.ts";

/** A choice among the roles that the viewer may give. */
export function RoleSelect(
  { id, chosen, roles }: { id: string; chosen: UserRole; roles: UserRole[] },
): VNode {
  return (
    <select class="select" id={id} name="role">
      {roles.map((role) => (
        <option key={role} value={role} selected={role === chosen}>
          {ROLE_WORDS[role].name}: {ROLE_WORDS[role].may}
        </option>
      ))}
    </select>
  );
}
