/** Reads and writes of accounts: users, their addresses, passwords and identities. */
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { getMany } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { hashOf } from "./hashed_token.ts";
import type { PasswordHash } from "./passwords.ts";
import type {
  AccessRecord,
  IdentityRecord,
  Loaded,
  PasswordRecord,
  UserRecord,
} from "./records.ts";
import { loaded, UnitStore } from "./unit_store.ts";

/** A user with what decides whether they get in. */
export interface Account {
  user: UserRecord;
  userVersionstamp: string;
  password: Loaded<PasswordRecord>;
  access: Loaded<AccessRecord>;
}

/** Has the length of an id, so that looking for nobody is the same work. */
const NOBODY = `usr_${"-".repeat(22)}`;

interface AddressRecord {
  v: 1;
  user: string;
}

export class AccountStore extends UnitStore {
  /** An account, or null. */
  async account(user: string): Promise<Account | null> {
    const [found, password, access] = await getMany<
      [UserRecord, PasswordRecord, AccessRecord]
    >(this.store, [
      keys.userKey(user),
      keys.passwordKey(user),
      keys.userAccessKey(user),
    ]);
    if (found.value === null) return null;
    return {
      user: found.value,
      userVersionstamp: found.versionstamp,
      password: loaded(password),
      access: loaded(access),
    };
  }

  /** @param email normalised */
  async accountByEmail(email: string): Promise<Account | null> {
    const { record } = await this.load<AddressRecord>(keys.userEmailKey(email));
    return await this.account(record?.user ?? NOBODY);
  }

  async user(id: string): Promise<Loaded<UserRecord>> {
    return await this.load<UserRecord>(keys.userKey(id));
  }

  /** Those of the users that are there, in the order asked for. */
  async users(ids: readonly string[]): Promise<UserRecord[]> {
    const entries = await getMany(this.store, ids.map(keys.userKey));
    return entries.flatMap(({ value }) =>
      value === null ? [] : [value as UserRecord]
    );
  }

  async identity(
    issuer: string,
    subject: string,
  ): Promise<Loaded<IdentityRecord>> {
    return await this.load<IdentityRecord>(identityKey(issuer, subject));
  }

  /** A new user with their address; overtaken when either is there. */
  creation(record: UserRecord): UnitOfWork {
    const unit = new UnitOfWork()
      .guard(keys.userKey(record.id), null, record);
    return record.email === null
      ? unit
      : unit.add(takeAddress(record.email, record.id));
  }

  /** Changes a user; a new address is taken in the same atomic, the old one is let go. */
  replacement(
    before: { user: UserRecord; userVersionstamp: string },
    record: UserRecord,
  ): UnitOfWork {
    const unit = new UnitOfWork()
      .guard(keys.userKey(record.id), before.userVersionstamp, record);
    const old = before.user.email;
    if (old === record.email) return unit;
    if (old !== null) unit.delete(keys.userEmailKey(old));
    return record.email === null
      ? unit
      : unit.add(takeAddress(record.email, record.id));
  }

  /** Leaves nothing of an account but its id. */
  closing({ user, userVersionstamp, password }: Account): UnitOfWork {
    const { id, email, identity, createdAt, version } = user;
    const now = this.timestamp();
    const record: UserRecord = {
      v: 1,
      id,
      email: null,
      name: "",
      isClosed: true,
      createdAt,
      updatedAt: now,
      version: version + 1,
    };
    const unit = new UnitOfWork()
      .guard(keys.userKey(id), userVersionstamp, record)
      .check(keys.passwordKey(id), password.versionstamp)
      .delete(keys.passwordKey(id));
    if (email !== null) unit.delete(keys.userEmailKey(email));
    if (identity !== undefined) {
      unit.delete(identityKey(identity.issuer, identity.subject));
    }
    return unit;
  }

  /** Binds a user to whom an identity provider knows; overtaken when somebody is bound meanwhile. */
  binding(
    before: Loaded<IdentityRecord>,
    record: IdentityRecord,
  ): UnitOfWork {
    const { issuer, subject } = record;
    return new UnitOfWork()
      .guard(identityKey(issuer, subject), before.versionstamp, record);
  }

  /** Sets the password of a user. */
  passwordChange(
    user: string,
    before: Loaded<PasswordRecord>,
    hash: PasswordHash,
    changedAt: number,
  ): UnitOfWork {
    const record: PasswordRecord = { v: 1, hash, changedAt };
    return new UnitOfWork()
      .guard(keys.passwordKey(user), before.versionstamp, record);
  }

  /** What a change of a user's access checks and writes; with `endSessions`, no session counts any more. */
  accessChange(
    user: string,
    before: Loaded<AccessRecord>,
    endSessions = false,
  ): UnitOfWork {
    return new UnitOfWork().guard(
      keys.userAccessKey(user),
      before.versionstamp,
      accessAfter(before, endSessions),
    );
  }

  async access(user: string): Promise<Loaded<AccessRecord>> {
    return await this.load<AccessRecord>(keys.userAccessKey(user));
  }

  /** Only an event; it has a row of the user to be committed with. */
  note(workspace: string, event: OutboxEvent): UnitOfWork {
    return new UnitOfWork().event(workspace, event);
  }
}

/** The access of a user after a change. */
export function accessAfter(
  { record }: Loaded<AccessRecord>,
  endSessions: boolean,
): AccessRecord {
  const { epoch, revision } = record ?? { epoch: 0, revision: 0 };
  return {
    v: 1,
    epoch: endSessions ? epoch + 1 : epoch,
    revision: revision + 1,
  };
}

function takeAddress(email: string, user: string): UnitOfWork {
  const address: AddressRecord = { v: 1, user };
  return new UnitOfWork().guard(keys.userEmailKey(email), null, address);
}

function identityKey(issuer: string, subject: string): Deno.KvKey {
  // Both are texts of somebody else, of any length.
  return keys.userIdentityKey(hashOf(JSON.stringify([issuer, subject])));
}
