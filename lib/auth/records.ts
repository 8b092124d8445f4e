/** What the store keeps of users, workspaces and who is in which. */
import type { PasswordHash } from "./passwords.ts";
import type { Role } from "./roles.ts";

/** A record as it was read; null versionstamp: it is not there. */
export type Loaded<T> =
  | { record: T; versionstamp: string }
  | { record: null; versionstamp: null };

export interface UserRecord {
  v: 1;
  id: string;
  /** Normalised; null: the owner of local mode, who has given none. */
  email: string | null;
  name: string;
  /** As whom an identity provider knows them; absent: no one does. */
  identity?: { issuer: string; subject: string };
  /** The account is no more; only its id is kept. */
  isClosed?: true;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface PasswordRecord {
  v: 1;
  hash: PasswordHash;
  /** Milliseconds since 1970 UTC. */
  changedAt: number;
}

/** Which sessions of a user count, and that something about their access has changed. */
export interface AccessRecord {
  v: 1;
  /** Sessions of older epochs have ended. */
  epoch: number;
  /** Grows with each change of what the user may do, in any workspace. */
  revision: number;
}

/** Whom an identity provider knows. */
export interface IdentityRecord {
  v: 1;
  user: string;
  issuer: string;
  subject: string;
}

export interface WorkspaceRecord {
  v: 1;
  id: string;
  name: string;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** Days after their last activity that threads are kept; null or absent: for ever. */
  threadsDays?: number | null;
  /** When it was deleted, milliseconds since 1970 UTC; absent: it is there. */
  deletedAt?: number;
  /** Nothing of it is left but this record. */
  isPurged?: true;
}

/** What a user is in a workspace. */
export interface MembershipRecord {
  v: 1;
  user: string;
  role: Role;
  /** Ids; a group that is not there any more counts as none. */
  groups: string[];
  /** They may not sign in to this workspace. */
  isDisabled: boolean;
  /** Role that their groups at the identity provider gave them last; it goes when those groups do. */
  mappedRole?: Role;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** The owners of a workspace who are not disabled. */
export interface OwnersRecord {
  v: 1;
  users: string[];
}

/** What a user may do in a workspace. */
export interface Standing {
  role: Role;
  /** Ids of groups. */
  groups: string[];
  /** An owner or admin of the first workspace. */
  isOperator: boolean;
}
