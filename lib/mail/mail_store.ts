/** Rows of mails: what is to be sent, who sends it, and what became of it. */
import type { Sealer } from "@/lib/secrets/secrets.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { assertMail, type Mail, type MailKind, subjectLine } from "./mail.ts";

/**
 * `queued`: waits for its time. `sending`: `owner` may be handing it to the server; this is written
 * before the server hears of it. `sent`: the server took it. `dead`: it is not tried again.
 */
export type MailState = "queued" | "sending" | "sent" | "dead";

/** A mail as stored. Times are milliseconds since 1970 UTC. */
export interface MailRecord extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly kind: MailKind;
  readonly to: string;
  readonly subject: string;
  /**
   * JSON of both parts, encrypted, since there may be links in them that let people in; empty once the
   * mail is sent or dead.
   */
  readonly sealed: string;
  readonly state: MailState;
  /** How often it was begun to be sent. */
  readonly attempts: number;
  readonly madeAt: number;
  /** When it is looked at next; the due row says the same. Null: never again. */
  readonly dueAt: number | null;
  /** Incarnation that sends it, while `sending`. */
  readonly owner: string | null;
  /** What went wrong last, for people. */
  readonly error: string | null;
  readonly sentAt: number | null;
  readonly expiresAt: number | null;
  readonly token?: string;
}

/** A mail and the versionstamp that a change of it checks. */
export interface LoadedMail {
  readonly workspace: string;
  readonly record: MailRecord;
  readonly versionstamp: string;
}

/** What became of an attempt. */
export type MailOutcome =
  | { state: "sent" }
  | { state: "queued"; dueAt: number; error: string }
  | { state: "dead"; error: string };

/** Mails stay listed so long. */
export const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
/** A mail that is being sent is looked at again after this time, in case its owner has died. */
const LOOK_AGAIN_MS = 5_000;
const MAX_ERROR_CHARACTERS = 300;

export class MailStore {
  readonly #store: Store;
  readonly #incarnation: () => Incarnation;
  readonly #sealer: Sealer;

  constructor(store: Store, incarnation: () => Incarnation, sealer: Sealer) {
    this.#store = store;
    this.#incarnation = incarnation;
    this.#sealer = sealer;
  }

  /**
   * Adds the rows of a new mail to a unit that makes it necessary. The unit has its own guard; an id that
   * is in use is overwritten, so it must come from what the unit does once.
   * @throws {TypeError} when the mail cannot be sent as it is, or is too large
   * @throws {AppError} `secret_missing` on a server that has nothing to encrypt with
   */
  async add(unit: UnitOfWork, mail: Mail): Promise<UnitOfWork> {
    const record = await this.#born(mail);
    return this.#addRows(
      unit.set(keys.mailKey(mail.workspace, mail.id), record, {
        expireInMs: KEPT_MS,
      }),
      mail.workspace,
      record,
    );
  }

  /** Stores a mail. False: there is one of this id already, and it stays as it is. */
  async create(mail: Mail, signal?: AbortSignal): Promise<boolean> {
    const record = await this.#born(mail);
    const unit = new UnitOfWork()
      .guard(keys.mailKey(mail.workspace, mail.id), null, record, {
        expireInMs: KEPT_MS,
      });
    this.#addRows(unit, mail.workspace, record);
    return (await commit(this.#store, unit, { signal })).ok;
  }

  /** Mails that are due, longest due first. */
  async due(
    limit: number,
    signal: AbortSignal,
  ): Promise<{ workspace: string; mail: string; key: Deno.KvKey }[]> {
    const rows = list(this.#store, keys.dueMails(this.#store.clock.now() + 1), {
      limit,
      signal,
    });
    return (await Array.fromAsync(rows)).map(({ key }) => ({
      ...keys.parseDueMailKey(key),
      key,
    }));
  }

  /**
   * Makes a due mail this incarnation's, before the server hears of it. Null: it is another's, or nothing
   * is to be done about it. Only the store says whether an owner has died: its fence key is gone.
   *
   * @param isOurs whether this process is sending it at this moment
   */
  async claim(
    due: { workspace: string; mail: string; key: Deno.KvKey },
    isOurs: boolean,
    signal: AbortSignal,
  ): Promise<LoadedMail | null> {
    const { workspace, mail } = due;
    const key = keys.mailKey(workspace, mail);
    const { value, versionstamp } = await get<MailRecord>(this.#store, key, {
      signal,
    });
    const rowAt = keys.parseDueMailKey(due.key).dueAtMs;
    if (value === null || versionstamp === null || value.dueAt !== rowAt) {
      await this.#dropRow(due, versionstamp, signal);
      return null;
    }
    const own = this.#incarnation();
    if (value.state === "sending" && value.owner !== null) {
      if (isOurs) return null;
      const fence = await get(this.#store, keys.fenceKey(value.owner), {
        signal,
      });
      if (fence.versionstamp !== null && value.owner !== own.id) return null;
    }
    const record: MailRecord = {
      ...value,
      state: "sending",
      attempts: value.attempts + 1,
      owner: own.id,
      dueAt: this.#store.clock.now() + LOOK_AGAIN_MS,
    };
    const unit = own.checkFence(new UnitOfWork());
    return await this.#replace(unit, workspace, value, versionstamp, record);
  }

  /** Both parts of a mail; null: they were encrypted with a secret that is not this server's. */
  async parts(
    { record }: LoadedMail,
  ): Promise<{ text: string; html: string } | null> {
    const parts = await this.#sealer.open(record.sealed);
    return parts === null ? null : JSON.parse(parts);
  }

  /** Writes what became of an attempt. False: it is another's by now. */
  async settle(loaded: LoadedMail, outcome: MailOutcome): Promise<boolean> {
    const { workspace, record, versionstamp } = loaded;
    const now = this.#store.clock.now();
    const error = "error" in outcome
      ? outcome.error.slice(0, MAX_ERROR_CHARACTERS).toWellFormed()
      : null;
    const settled: MailRecord = {
      ...record,
      state: outcome.state,
      owner: null,
      error,
      dueAt: outcome.state === "queued" ? outcome.dueAt : null,
      ...(outcome.state === "queued" ? {} : { sealed: "" }),
      sentAt: outcome.state === "sent" ? now : null,
    };
    return await this.#replace(
      new UnitOfWork(),
      workspace,
      record,
      versionstamp,
      settled,
    ) !== null;
  }

  /** Mails of a workspace, newest first. */
  async page(
    workspace: string,
    before: { madeAtMs: number; mail: string } | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<MailRecord[]> {
    const rows = await Array.fromAsync(
      list(this.#store, keys.mailRows(workspace, before), {
        reverse: true,
        limit,
        signal,
      }),
    );
    const entries = await getMany<MailRecord[]>(
      this.#store,
      rows.map(({ key }) =>
        keys.mailKey(workspace, keys.parseMailRowKey(key).mail)
      ),
      { signal },
    );
    return entries.flatMap(({ value }) => value === null ? [] : [value]);
  }

  async #born(mail: Mail): Promise<MailRecord> {
    assertMail(mail);
    const { text, html } = mail;
    const now = this.#store.clock.now();
    return {
      v: 1,
      id: mail.id,
      kind: mail.kind,
      to: mail.to,
      subject: subjectLine(mail.subject),
      sealed: await this.#sealer.seal(JSON.stringify({ text, html })),
      state: "queued",
      attempts: 0,
      madeAt: now,
      dueAt: now,
      owner: null,
      error: null,
      sentAt: null,
      expiresAt: mail.expiresAt ?? null,
    };
  }

  #addRows(
    unit: UnitOfWork,
    workspace: string,
    { id, madeAt, dueAt }: MailRecord,
  ): UnitOfWork {
    return unit
      .set(keys.mailRowKey(workspace, madeAt, id), { v: 1 }, {
        expireInMs: KEPT_MS,
      })
      .set(keys.dueMailKey(dueAt!, workspace, id), { v: 1 });
  }

  async #replace(
    unit: UnitOfWork,
    workspace: string,
    before: MailRecord,
    versionstamp: string,
    after: MailRecord,
  ): Promise<LoadedMail | null> {
    const { id, madeAt } = after;
    const goneAt = madeAt + KEPT_MS - this.#store.clock.now();
    unit.guard(keys.mailKey(workspace, id), versionstamp, after, {
      expireInMs: Math.max(goneAt, LOOK_AGAIN_MS),
    });
    if (before.dueAt !== null) {
      unit.delete(keys.dueMailKey(before.dueAt, workspace, id));
    }
    if (after.dueAt !== null) {
      unit.set(keys.dueMailKey(after.dueAt, workspace, id), { v: 1 });
    }
    const result = await commit(this.#store, unit);
    return result.ok
      ? { workspace, record: after, versionstamp: result.versionstamp }
      : null;
  }

  /** Removes a due row that its mail does not name, unless the mail has moved since. */
  async #dropRow(
    { workspace, mail, key }: {
      workspace: string;
      mail: string;
      key: Deno.KvKey;
    },
    versionstamp: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const row = await get(this.#store, key, { signal });
    if (row.versionstamp === null) return;
    const unit = new UnitOfWork()
      .check(keys.mailKey(workspace, mail), versionstamp)
      // A unit needs a guard; what it writes is gone again within the same atomic.
      .guard(key, row.versionstamp, { v: 1 }).delete(key);
    await commit(this.#store, unit, { signal });
  }
}
