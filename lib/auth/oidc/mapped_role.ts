/** Which role the groups of an identity provider give. */
import { isAtLeast, type Role } from "@/lib/auth/roles.ts";
import type { OidcSettings } from "@/lib/config/oidc.ts";

/**
 * The highest role that a person's groups give, or null: none of them gives one. Where the provider told
 * no groups at all (null) nobody is mapped.
 */
export function mappedRole(
  groups: readonly string[] | null,
  { roles }: Pick<OidcSettings, "roles">,
): Role | null {
  const there = new Set(groups);
  let best: Role | null = null;
  for (const { group, role } of roles) {
    if (there.has(group) && (best === null || isAtLeast(role, best))) {
      best = role;
    }
  }
  return best;
}
