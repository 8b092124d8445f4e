import type { VNode } from "preact";
import { ROLE_WORDS, type RoleName } from "@/lib/shared/people.ts";

/** A choice among the roles that the viewer may give. */
export function RoleSelect(
  { id, chosen, roles }: { id: string; chosen: RoleName; roles: RoleName[] },
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
