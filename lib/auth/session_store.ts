/** Reads and writes of sessions. A session has a row under its user, and one that its token leads to. */
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { accessAfter } from "./account_store.ts";
import {
  standingKeys,
  standingOf,
  type StandingRows,
} from "./membership_store.ts";
import type { AccessRecord, Loaded, Standing, UserRecord } from "./records.ts";
import { UnitStore } from "./unit_store.ts";

export interface SessionRecord {
  v: 1;
  id: string;
  user: string;
  /** Workspace that requests act in unless they name another. */
  workspace: string;
  /** SHA-256 of the token. */
  tokenHash: string;
  /** The user's epoch in which it began. */
  epoch: number;
  device: string;
  address: string;
  /** Milliseconds since 1970 UTC, as the rest. */
  createdAt: number;
  lastSeenAt: number;
  /** It ends then however much it is used. */
  endsAt: number;
}

interface TokenRecord {
  v: 1;
  user: string;
  session: string;
  workspace: string;
}

/** A session that is not used for so long ends. */
export const IDLE_MS = 14 * 24 * 60 * 60_000;

/** A session with what a change of it checks. */
export interface LoadedSession {
  record: SessionRecord;
  versionstamp: string;
}

/** Everything that a request with a token needs to know. */
export interface FoundSession {
  session: LoadedSession;
  user: UserRecord;
  /** In the workspace asked for; null: nothing there. */
  standing: Standing | null;
  workspace: string;
}

/** Rows outlive what readers take for the end a little, so that clocks may differ. */
const EXPIRY_SLACK_MS = 60 * 60_000;

/** Sessions that one atomic deletes. */
const DELETES_PER_UNIT = 8;

export class SessionStore extends UnitStore {
  /** A new session; overtaken when the user's access changes meanwhile. */
  creation(record: SessionRecord, access: Loaded<AccessRecord>): UnitOfWork {
    const expireInMs = record.endsAt - this.now() + EXPIRY_SLACK_MS;
    const token: TokenRecord = {
      v: 1,
      user: record.user,
      session: record.id,
      workspace: record.workspace,
    };
    return new UnitOfWork()
      .guard(keys.sessionTokenKey(record.tokenHash), null, token, {
        expireInMs,
      })
      .check(keys.userAccessKey(record.user), access.versionstamp)
      .set(keys.sessionKey(record.user, record.id), record, {
        expireInMs: this.#expiry(record),
      });
  }

  /**
   * The session of a token with what its user may do, or null.
   * @param workspace another one than the session's own
   */
  async find(
    tokenHash: string,
    workspace: string | null,
  ): Promise<FoundSession | null> {
    const { value: token } = await get<TokenRecord>(
      this.store,
      keys.sessionTokenKey(tokenHash),
    );
    if (token === null) return null;
    const there = workspace ?? token.workspace;
    const [session, user, access, space, membership, first] = await getMany<
      [SessionRecord, UserRecord, AccessRecord, ...StandingRows]
    >(this.store, [
      keys.sessionKey(token.user, token.session),
      keys.userKey(token.user),
      keys.userAccessKey(token.user),
      ...standingKeys(there, token.user),
    ]);
    if (session.value === null || user.value === null) return null;
    if (!this.#counts(session.value, access.value)) return null;
    return {
      session: { record: session.value, versionstamp: session.versionstamp },
      user: user.value,
      standing: standingOf(space, membership, first),
      workspace: there,
    };
  }

  /** Those of a user that have not ended, oldest first. */
  async list(user: string): Promise<SessionRecord[]> {
    const [access, rows] = await Promise.all([
      get<AccessRecord>(this.store, keys.userAccessKey(user)),
      Array.fromAsync(list<SessionRecord>(this.store, keys.sessionsOf(user))),
    ]);
    return rows.map(({ value }) => value)
      .filter((record) => this.#counts(record, access.value));
  }

  /** Which of some sessions count, in the order asked for. */
  async open(
    refs: readonly { user: string; id: string }[],
  ): Promise<boolean[]> {
    const entries = await getMany(
      this.store,
      refs.flatMap(({ user, id }) => [
        keys.sessionKey(user, id),
        keys.userAccessKey(user),
      ]),
    );
    return refs.map((_, index) => {
      const session = entries[2 * index].value as SessionRecord | null;
      const access = entries[2 * index + 1].value as AccessRecord | null;
      return session !== null && this.#counts(session, access);
    });
  }

  async session(user: string, id: string): Promise<Loaded<SessionRecord>> {
    return await this.load<SessionRecord>(keys.sessionKey(user, id));
  }

  async access(user: string): Promise<Loaded<AccessRecord>> {
    return await this.load<AccessRecord>(keys.userAccessKey(user));
  }

  /** Ends one session. */
  async end(
    before: LoadedSession,
    access: Loaded<AccessRecord>,
    event: { workspace: string; event: OutboxEvent } | null,
  ): Promise<boolean> {
    const { user, id, tokenHash } = before.record;
    const unit = new UnitOfWork()
      .guard(
        keys.userAccessKey(user),
        access.versionstamp,
        accessAfter(access, false),
      )
      .check(keys.sessionKey(user, id), before.versionstamp)
      .delete(keys.sessionKey(user, id))
      .delete(keys.sessionTokenKey(tokenHash));
    if (event !== null) unit.event(event.workspace, event.event);
    return await this.commit(unit);
  }

  /** Takes a session over into the epoch that the user's access has after the next change. */
  carryOver(
    before: LoadedSession,
    access: Loaded<AccessRecord>,
  ): UnitOfWork {
    const { epoch } = accessAfter(access, true);
    const record = { ...before.record, epoch };
    return new UnitOfWork().guard(
      keys.sessionKey(record.user, record.id),
      before.versionstamp,
      record,
      { expireInMs: this.#expiry(record) },
    );
  }

  /** Removes what is left of sessions that count no more. What others removed meanwhile is no matter. */
  async sweep(user: string): Promise<void> {
    const access = await this.access(user);
    const rows = list<SessionRecord>(this.store, keys.sessionsOf(user));
    const over = (await Array.fromAsync(rows)).filter(({ value }) =>
      !this.#counts(value, access.record)
    );
    for (let from = 0; from < over.length; from += DELETES_PER_UNIT) {
      const before = await this.access(user);
      const unit = new UnitOfWork().guard(
        keys.userAccessKey(user),
        before.versionstamp,
        { ...accessAfter(before, false) },
      );
      for (const row of over.slice(from, from + DELETES_PER_UNIT)) {
        unit.check(row.key, row.versionstamp)
          .delete(row.key)
          .delete(keys.sessionTokenKey(row.value.tokenHash));
      }
      if (!await this.commit(unit)) return;
    }
  }

  /** Notes that a session is used. Whether nobody else has written it meanwhile. */
  async touch(
    before: LoadedSession,
    address: string,
  ): Promise<boolean> {
    const record = { ...before.record, lastSeenAt: this.now(), address };
    return await this.commit(
      new UnitOfWork().guard(
        keys.sessionKey(record.user, record.id),
        before.versionstamp,
        record,
        { expireInMs: this.#expiry(record) },
      ),
    );
  }

  /** Lets a session act in another workspace from now on. */
  async move(
    before: LoadedSession,
    workspace: string,
  ): Promise<boolean> {
    const record = { ...before.record, workspace };
    const { user, id, tokenHash, endsAt } = record;
    const token: TokenRecord = { v: 1, user, session: id, workspace };
    return await this.commit(
      new UnitOfWork()
        .guard(keys.sessionKey(user, id), before.versionstamp, record, {
          expireInMs: this.#expiry(record),
        })
        .set(keys.sessionTokenKey(tokenHash), token, {
          expireInMs: endsAt - this.now() + EXPIRY_SLACK_MS,
        }),
    );
  }

  #counts(record: SessionRecord, access: AccessRecord | null): boolean {
    return this.now() < expiryOf(record) &&
      record.epoch >= (access?.epoch ?? 0);
  }

  #expiry(record: SessionRecord): number {
    return Math.max(expiryOf(record) - this.now(), 0) + EXPIRY_SLACK_MS;
  }
}

/** When a session ends if it is not used any more, in milliseconds since 1970 UTC. */
export function expiryOf(
  { lastSeenAt, endsAt }: Pick<SessionRecord, "lastSeenAt" | "endsAt">,
): number {
  return Math.min(lastSeenAt + IDLE_MS, endsAt);
}
