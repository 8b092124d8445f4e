/** People of a workspace, as its pages show them. */

/** What one may do in a workspace, least first. */
export const ROLE_WORDS = {
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
} as const;

export type RoleName = keyof typeof ROLE_WORDS;

export const ROLE_NAMES = Object.keys(ROLE_WORDS) as RoleName[];

/** The roles that one of a role may give and take: owners all, admins those below themselves. */
export function rolesToGive(role: RoleName): RoleName[] {
  if (role === "owner") return ROLE_NAMES;
  return role === "admin" ? ["viewer", "member"] : [];
}

/** One line of the table of people. */
export interface PersonRow {
  /** `usr_` id. */
  id: string;
  name: string;
  email: string;
  role: RoleName;
  /** Names of the groups they are in. */
  groups: string[];
  /** RFC 3339, or null: they were never here. */
  lastSeenAt: string | null;
  /** Sessions that are open. */
  sessions: number;
  isDisabled: boolean;
  /** Whether it is who looks at the page. */
  isSelf: boolean;
}

/** An invitation that waits for an answer. */
export interface InvitationRow {
  id: string;
  email: string;
  role: RoleName;
  createdAt: string;
  expiresAt: string;
  isExpired: boolean;
}

/** A group by name. */
export interface GroupName {
  id: string;
  name: string;
}

/** A signed-in browser. */
export interface SessionRow {
  id: string;
  /** Browser and system, as far as they tell. */
  device: string;
  address: string;
  createdAt: string;
  lastSeenAt: string;
  /** Whether it is the one that looks at the page. */
  isCurrent: boolean;
}
