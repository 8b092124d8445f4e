/** The audit logs of all workspaces, for whoever shows or exports them. */
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { type AuditEntry, auditEntry } from "./audit_chain.ts";
import {
  type AuditFilter,
  type AuditList,
  type AuditPlace,
  fits,
  listAudit,
} from "./audit_list.ts";
import { sweepAudit } from "./audit_retention.ts";
import { readEnds, readPages } from "./audit_rows.ts";
import { type AuditCheck, verifyAudit } from "./audit_verify.ts";

interface CheckRecord extends Versioned {
  readonly v: 1;
  readonly check: AuditCheck;
}

/** Rows that are only there to be read back go after this time. */
const NOTE_MS = 10 * 60_000;

export class AuditLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Records what changes nothing in the store, such as a refused sign-in or a read. What changes
   * something puts its event into the unit of the change instead.
   * @throws {StorageError} when it was not recorded: what is to be recorded must not happen then
   */
  async record(
    workspace: string,
    event: OutboxEvent,
    signal?: AbortSignal,
  ): Promise<void> {
    const unit = new UnitOfWork()
      .guard(keys.auditNoteKey(workspace, newToken()), null, { v: 1 }, {
        expireInMs: NOTE_MS,
      })
      .event(workspace, event);
    const { ok } = await commit(this.#store, unit, { signal });
    if (!ok) throw new StorageError("The audit log could not be written.");
  }

  /** Entries that fit, newest first. */
  list(
    workspace: string,
    filter: AuditFilter,
    page: { before: AuditPlace | null; limit: number },
    signal?: AbortSignal,
  ): Promise<AuditList> {
    return listAudit(this.#store, workspace, filter, page, signal);
  }

  /** All entries that fit, oldest first. */
  async *entries(
    workspace: string,
    filter: AuditFilter,
    signal?: AbortSignal,
  ): AsyncGenerator<AuditEntry> {
    const { anchor } = await readEnds(this.#store, workspace, signal);
    const from = anchor.value?.page ?? 0;
    for await (
      const { value } of readPages(this.#store, workspace, { from }, signal)
    ) {
      let { prev } = value;
      for (const stored of value.entries) {
        if (fits(stored, filter)) yield auditEntry(workspace, prev, stored);
        prev = stored.hash;
      }
    }
  }

  /** Checks the whole chain, and keeps what that came to. */
  async verify(workspace: string, signal?: AbortSignal): Promise<AuditCheck> {
    const check = await verifyAudit(this.#store, workspace, signal);
    const key = keys.auditCheckKey(workspace);
    const before = await get<CheckRecord>(this.#store, key, { signal });
    const unit = new UnitOfWork().guard(key, before.versionstamp, {
      v: 1,
      check,
    });
    // Where another check was faster, its outcome stays.
    await commit(this.#store, unit, { signal });
    return check;
  }

  /** What the last check came to; null: there was none. */
  async lastCheck(
    workspace: string,
    signal?: AbortSignal,
  ): Promise<AuditCheck | null> {
    const key = keys.auditCheckKey(workspace);
    const { value } = await get<CheckRecord>(this.#store, key, { signal });
    return value?.check ?? null;
  }

  /** Place of the newest entry; 0 where there is none. */
  async lastSeq(workspace: string, signal?: AbortSignal): Promise<number> {
    const { head } = await readEnds(this.#store, workspace, signal);
    return head.value?.seq ?? 0;
  }

  /** Removes what is kept no longer, of all workspaces. */
  sweep(signal?: AbortSignal): Promise<void> {
    return sweepAudit(this.#store, signal);
  }
}
