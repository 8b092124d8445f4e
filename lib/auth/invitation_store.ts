/** Reads and writes of invitations. A workspace has one for an address at most. */
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { list } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Role } from "./roles.ts";
import { UnitStore } from "./unit_store.ts";

export interface InvitationRecord {
  v: 1;
  id: string;
  /** Normalised. */
  email: string;
  role: Role;
  groups: string[];
  /** `usr_` id. */
  invitedBy: string;
  /** Hash of the token in its link. */
  tokenHash: string;
  /** Milliseconds since 1970 UTC, as `expiresAt`. */
  createdAt: number;
  expiresAt: number;
  /** Links that were made for it so far. */
  links: number;
}

/** An invitation with what a change of it checks. */
export interface LoadedInvitation {
  record: InvitationRecord;
  versionstamp: string;
}

interface AddressRecord {
  v: 1;
  invitation: string;
}

export class InvitationStore extends UnitStore {
  /** An invitation that can be accepted, or null. */
  async invitation(
    workspace: string,
    id: string,
  ): Promise<LoadedInvitation | null> {
    const found = await this.load<InvitationRecord>(
      keys.invitationKey(workspace, id),
    );
    if (found.versionstamp === null) return null;
    return found.record.expiresAt <= this.now() ? null : found;
  }

  /** The invitation of an address that can be accepted, or null. */
  async ofAddress(
    workspace: string,
    email: string,
  ): Promise<LoadedInvitation | null> {
    const { record } = await this.load<AddressRecord>(
      keys.invitedEmailKey(workspace, email),
    );
    return record === null
      ? null
      : await this.invitation(workspace, record.invitation);
  }

  /** Newest first, from before the given one (null: all); expired ones are left out. */
  async list(
    workspace: string,
    before: string | null,
    limit: number,
  ): Promise<InvitationRecord[]> {
    const rows = list<InvitationRecord>(
      this.store,
      keys.invitations(workspace, before),
      { reverse: true, limit },
    );
    const now = this.now();
    return (await Array.fromAsync(rows)).map(({ value }) => value)
      .filter(({ expiresAt }) => expiresAt > now);
  }

  /** Makes an invitation (`before` null), or changes one that is there. */
  async keeping(
    workspace: string,
    before: LoadedInvitation | null,
    record: InvitationRecord,
    event: OutboxEvent,
  ): Promise<UnitOfWork> {
    const addressKey = keys.invitedEmailKey(workspace, record.email);
    const { versionstamp } = await this.load<AddressRecord>(addressKey);
    const address: AddressRecord = { v: 1, invitation: record.id };
    const expireInMs = Math.max(record.expiresAt - this.now(), 1);
    return new UnitOfWork()
      .guard(
        keys.invitationKey(workspace, record.id),
        before?.versionstamp ?? null,
        record,
        { expireInMs },
      )
      .guard(addressKey, versionstamp, address, { expireInMs })
      .event(workspace, event);
  }

  /** Ends an invitation. */
  async ending(
    workspace: string,
    { record, versionstamp }: LoadedInvitation,
    event: OutboxEvent | null,
  ): Promise<UnitOfWork> {
    const key = keys.invitationKey(workspace, record.id);
    const addressKey = keys.invitedEmailKey(workspace, record.email);
    const address = await this.load<AddressRecord>(addressKey);
    // The address' row stays for a moment, as what the commit is known again by.
    const row: AddressRecord = { v: 1, invitation: "" };
    const unit = new UnitOfWork()
      .check(key, versionstamp)
      .delete(key)
      .guard(addressKey, address.versionstamp, row, { expireInMs: 60_000 });
    return event === null ? unit : unit.event(workspace, event);
  }
}
