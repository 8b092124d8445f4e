/** Sessions: who is signed in, where, and until when. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { Session } from "@/lib/shared/wire.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { AccountStore } from "./account_store.ts";
import type { Caller } from "./caller.ts";
import { deviceName } from "./device_name.ts";
import { hashOf, isSecretToken, newSecretToken } from "./hashed_token.ts";
import type { MembershipStore } from "./membership_store.ts";
import type { AccessRecord, Loaded, Standing } from "./records.ts";
import { SessionMemory } from "./session_memory.ts";
import {
  expiryOf,
  type LoadedSession,
  type SessionRecord,
  type SessionStore,
} from "./session_store.ts";

/** How somebody got in. */
export type SignInMethod = "password" | "oidc" | "setup" | "invitation";

/** Where a request comes from. */
export interface Client {
  /** As `TRUSTED_PROXIES` lets it be known. */
  address: string;
  userAgent: string | null;
}

/** A session as a request with its token finds it. */
export interface SessionFacts extends Standing {
  /** `ses_` id. */
  id: string;
  user: string;
  /** The workspace that was asked for, or the session's own. */
  workspace: string;
  email: string | null;
  name: string;
}

/** A session that has just begun; the token is told this once. */
export interface NewSession {
  token: string;
  session: { id: string; user: string; workspace: string };
  /** When it ends however much it is used, in milliseconds since 1970 UTC. */
  endsAt: number;
}

export interface SessionsParts {
  store: SessionStore;
  accounts: AccountStore;
  memberships: MembershipStore;
  changes: AccessChanges;
  log: Logger;
}

/** A session ends after so long, however much it is used. */
export const LONGEST_MS = 90 * 24 * 60 * 60_000;

/** When a session was used is written at most so often, in milliseconds. */
const TOUCH_EVERY_MS = 60_000;

/** A user has at most so many sessions; a new one ends the oldest. */
const MAX_SESSIONS = 100;

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #memory: SessionMemory;
  readonly #touching = new Map<string, Promise<void>>();
  /** Sessions that began in this process, by how their users got in. */
  readonly begun = new Map<SignInMethod, number>();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#memory = new SessionMemory(parts.store);
    parts.changes.subscribe(() => this.forget());
  }

  /**
   * Begins a session for a user who has shown who they are. The token is a new one each time.
   * @throws {AppError} 403 `not_a_member` when the user may not act in that workspace, 401
   * `sign_in_needed` when all their sessions were ended meanwhile
   */
  async create(
    { user, workspace, address, userAgent, method, epoch }: Client & {
      user: string;
      workspace: string;
      method: SignInMethod;
      /** The user's epoch when they showed who they are; without it, whichever there is. */
      epoch?: number;
    },
  ): Promise<NewSession> {
    const { store, memberships } = this.#parts;
    const token = newSecretToken();
    const id = newId("ses");
    const created = await retryOnConflict(async () => {
      const [access, standing] = await Promise.all([
        store.access(user),
        memberships.standing(workspace, user),
      ]);
      if (standing === null) throw notAMember();
      const epochNow = access.record?.epoch ?? 0;
      if (epochNow !== (epoch ?? epochNow)) throw overtaken();
      const now = store.now();
      const record: SessionRecord = {
        v: 1,
        id,
        user,
        workspace,
        tokenHash: hashOf(token),
        epoch: epochNow,
        device: deviceName(userAgent),
        address,
        createdAt: now,
        lastSeenAt: now,
        endsAt: now + LONGEST_MS,
      };
      const event = auditEvent("user.signed_in", {
        actor: { user, key: null },
        address,
        subject: user,
        details: { method, session: id, userAgent },
        at: now,
      });
      const ok = await store.commit(
        store.creation(record, access),
        this.#parts.accounts.note(workspace, event),
      );
      return ok ? record : "conflict";
    });
    this.begun.set(method, (this.begun.get(method) ?? 0) + 1);
    await this.#endOldest(user);
    return {
      token,
      session: { id, user, workspace },
      endsAt: created.endsAt,
    };
  }

  /**
   * The session of a token, or null: unknown, ended, or its user may not act in the workspace. What was
   * read less than a second ago is not read again.
   * @param options.workspace `wsp_` id of another workspace of the user than the session's own
   * @param options.address where the token was used from, for the list of sessions
   */
  async find(
    token: string,
    { workspace = null, address = null }: {
      workspace?: string | null;
      address?: string | null;
    } = {},
  ): Promise<SessionFacts | null> {
    if (!isSecretToken(token)) return null;
    if (workspace !== null && !isId("wsp", workspace)) return null;
    const found = await this.#memory.find(
      token,
      workspace,
      (tokenHash) => this.#parts.store.find(tokenHash, workspace),
    );
    if (found === null || found.standing === null) return null;
    const { record } = found.session;
    this.#touch(found.session, address ?? record.address);
    return {
      ...found.standing,
      id: record.id,
      user: record.user,
      workspace: found.workspace,
      email: found.user.email,
      name: found.user.name,
    };
  }

  /** Sessions of a user that are open, the newest first. */
  async list(user: string, currentId: string | null): Promise<Session[]> {
    const records = await this.#parts.store.list(user);
    return records.toReversed().map((record) => ({
      id: record.id,
      device: record.device,
      address: record.address,
      current: record.id === currentId,
      createdAt: new Date(record.createdAt).toISOString(),
      lastSeenAt: new Date(record.lastSeenAt).toISOString(),
      expiresAt: new Date(expiryOf(record)).toISOString(),
    }));
  }

  /** How many sessions a user has, and when one of them was used last. */
  async summary(
    user: string,
  ): Promise<{ sessions: number; lastSeenAt: string | null }> {
    const records = await this.#parts.store.list(user);
    const lastMs = Math.max(...records.map(({ lastSeenAt }) => lastSeenAt));
    return {
      sessions: records.length,
      lastSeenAt: records.length === 0 ? null : new Date(lastMs).toISOString(),
    };
  }

  /** Those of some sessions that are over. */
  async notOpen<Ref extends { user: string; id: string }>(
    refs: readonly Ref[],
  ): Promise<Ref[]> {
    const open = await this.#parts.store.open(refs);
    return refs.filter((_, index) => !open[index]);
  }

  /**
   * Ends one session of the caller.
   * @throws {AppError} 404 `not_found`
   */
  async revoke(
    caller: Pick<Caller, "user" | "key" | "address" | "workspace">,
    id: string,
  ): Promise<void> {
    await retryOnConflict(async () => {
      const before = isId("ses", id) ? await this.#open(caller.user, id) : null;
      if (before === null) throw notFound("session");
      return await this.#end(before, {
        workspace: caller.workspace,
        event: auditEvent("session.revoked", {
          ...by(caller),
          subject: id,
          details: { user: caller.user, reason: "revoked" },
        }),
      });
    });
    this.#tell(caller.user, id);
  }

  /** Ends the session of a token: its user signs out. Nothing happens when there is none. */
  async signOut(token: string, address: string): Promise<void> {
    if (!isSecretToken(token)) return;
    const ended = await retryOnConflict(async () => {
      const found = await this.#parts.store.find(hashOf(token), null);
      if (found === null) return null;
      const { user, id, workspace } = found.session.record;
      const result = await this.#end(found.session, {
        workspace,
        event: auditEvent("user.signed_out", {
          actor: { user, key: null },
          address,
          subject: user,
          details: { session: id },
        }),
      });
      return result === "conflict" ? "conflict" : { user, id };
    });
    if (ended !== null) this.#tell(ended.user, ended.id);
  }

  /**
   * Ends all sessions of a user in one step, except for one.
   * @param caller whose session goes on, and who is named in the audit log
   */
  async revokeOthers(
    caller: Pick<
      Caller,
      "user" | "key" | "address" | "workspace" | "session"
    >,
  ): Promise<void> {
    const { store, accounts } = this.#parts;
    const { user, session } = caller;
    await retryOnConflict(async () => {
      const [access, sessions] = await Promise.all([
        store.access(user),
        store.list(user),
      ]);
      const kept = session === null
        ? []
        : await this.carriedOver(user, session, access);
      const count = sessions.filter(({ id }) => id !== session).length;
      const event = auditEvent("session.revoked", {
        ...by(caller),
        subject: user,
        details: { user, reason: "signed out everywhere", count },
      });
      const ok = await store.commit(
        accounts.accessChange(user, access, true),
        accounts.note(caller.workspace, event),
        ...kept,
      );
      return ok ? null : "conflict";
    });
    await this.afterAllEnded(user);
  }

  /** Ends the sessions of a user that act in a workspace where they may not be any more. */
  async endIn(user: string, workspace: string): Promise<void> {
    const records = await this.#parts.store.list(user);
    for (const record of records) {
      if (record.workspace === workspace) await this.#endQuietly(record);
    }
  }

  /** What lets a session go on when a change ends all others of its user; nothing where it has ended. */
  async carriedOver(
    user: string,
    session: string,
    access: Loaded<AccessRecord>,
  ) {
    const kept = await this.#open(user, session);
    return kept === null ? [] : [this.#parts.store.carryOver(kept, access)];
  }

  /** What has to be done once a change has ended all sessions of a user. */
  async afterAllEnded(user: string): Promise<void> {
    this.#tell(user, null);
    await this.#parts.store.sweep(user);
  }

  /**
   * Lets a session act in another workspace of its user from now on.
   * @throws {AppError} 404 `not_found` when the user is in no such workspace
   */
  async switchWorkspace(
    caller: Pick<Caller, "user" | "session">,
    workspace: string,
  ): Promise<void> {
    const { store, memberships } = this.#parts;
    const { user, session } = caller;
    if (!isId("wsp", workspace)) throw notFound("workspace");
    await retryOnConflict(async () => {
      const [before, standing] = await Promise.all([
        session === null ? null : this.#open(user, session),
        memberships.standing(workspace, user),
      ]);
      if (standing === null) throw notFound("workspace");
      if (before === null) throw notFound("session");
      return await store.move(before, workspace) ? null : "conflict";
    });
    this.forget();
  }

  /** Forgets what was read; the store is asked again. */
  forget(): void {
    this.#memory.forget();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await Promise.all(this.#touching.values());
  }

  async #open(user: string, id: string): Promise<LoadedSession | null> {
    const [{ record, versionstamp }, [isOpen]] = await Promise.all([
      this.#parts.store.session(user, id),
      this.#parts.store.open([{ user, id }]),
    ]);
    return record === null || !isOpen ? null : { record, versionstamp };
  }

  async #end(
    before: LoadedSession,
    event: Parameters<SessionStore["end"]>[2],
  ): Promise<"conflict" | null> {
    const { store } = this.#parts;
    const access = await store.access(before.record.user);
    return await store.end(before, access, event) ? null : "conflict";
  }

  /** Writes in the background that a session is used; a minute more or less is no matter. */
  #touch(session: LoadedSession, address: string): void {
    const { store, log } = this.#parts;
    const { id, lastSeenAt } = session.record;
    if (store.now() - lastSeenAt < TOUCH_EVERY_MS || this.#touching.has(id)) {
      return;
    }
    // What is kept in memory is the same record, so nobody writes it again for a minute.
    session.record.lastSeenAt = store.now();
    const touched = store.touch(session, address).catch((error) => {
      log.warn("When a session was used is not known", { error });
    }).then(() => void this.#touching.delete(id));
    this.#touching.set(id, touched);
  }

  async #endOldest(user: string): Promise<void> {
    const records = await this.#parts.store.list(user);
    for (const record of records.slice(0, -MAX_SESSIONS)) {
      await this.#endQuietly(record);
    }
  }

  async #endQuietly({ user, id }: SessionRecord): Promise<void> {
    await retryOnConflict(async () => {
      const before = await this.#open(user, id);
      return before === null ? null : await this.#end(before, null);
    });
    this.#tell(user, id);
  }

  #tell(user: string, session: string | null): void {
    this.forget();
    this.#parts.changes.tell({ user, session });
  }
}

function notAMember(): AppError {
  return new AppError({
    status: 403,
    code: "not_a_member",
    message: "This account is in no such workspace, or was disabled there.",
  });
}

function overtaken(): AppError {
  return new AppError({
    status: 401,
    code: "sign_in_needed",
    message: "The password was changed at this moment. Sign in again.",
  });
}
