/** People of a workspace, as its pages show them. */
import type { User, UserRole } from "./wire.ts";

/** What one may do in a workspace, least first. */
export const ROLE_WORDS: Readonly<
  Record<UserRole, { name: string; may: string }>
> = {
  viewer: {
    name: "Viewer",
    may: "reads what is theirs, asks nothing",
  },
  member: {
    name: "Member",
    may: "asks models, keeps threads and keys of their own",
  },
  admin: {
    name: "Admin",
    may: "also runs people, keys, limits and use of the workspace",
  },
  owner: {
    name: "Owner",
    may: "also makes admins and owners, and ends the workspace",
  },
};

export const ROLE_NAMES = Object.keys(ROLE_WORDS) as UserRole[];

/** The roles that one of a role may give and take: owners all, admins those below themselves. */
export function rolesToGive(role: UserRole): UserRole[] {
  if (role === "owner") return ROLE_NAMES;
  return role === "admin" ? ["viewer", "member"] : [];
}

/** What a person is called: their name, else their address. */
export function personName(
  { name, email, id }: Pick<User, "id" | "name" | "email">,
): string {
  return name || email || id;
}
