/** Reads and writes of tries to sign in, which all processes count together. */
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { getMany } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Loaded } from "./records.ts";
import { loaded, UnitStore } from "./unit_store.ts";

/** Tries that count against an account or an address. */
export interface TriesRecord {
  v: 1;
  failures: number;
  /** No try is looked at before, milliseconds since 1970 UTC. */
  waitUntil: number;
  /** After that all is forgotten, milliseconds since 1970 UTC. */
  forgetAt: number;
}

interface KnownRecord {
  v: 1;
  /** When the address was used last, milliseconds since 1970 UTC. */
  at: number;
}

export class ThrottleStore extends UnitStore {
  /** Tries of several subjects, in the order asked for; forgotten ones are not there. */
  async tries(subjects: readonly string[]): Promise<Loaded<TriesRecord>[]> {
    const entries = await getMany(this.store, subjects.map(keys.triesKey));
    return entries.map((entry) =>
      loaded(entry as Deno.KvEntryMaybe<TriesRecord>)
    );
  }

  /** When an account was signed in to from an address last, or null. */
  async knownSince(account: string, address: string): Promise<number | null> {
    const key = keys.knownAddressKey(account, address);
    return (await this.load<KnownRecord>(key)).record?.at ?? null;
  }

  async write(
    subject: string,
    before: Loaded<TriesRecord>,
    record: TriesRecord,
    event: { workspace: string; event: OutboxEvent } | null = null,
  ): Promise<boolean> {
    const unit = new UnitOfWork().guard(
      keys.triesKey(subject),
      before.versionstamp,
      record,
      { expireInMs: Math.max(record.forgetAt - this.now(), 1) },
    );
    if (event !== null) unit.event(event.workspace, event.event);
    return await this.commit(unit);
  }

  async noteKnown(
    account: string,
    address: string,
    keepMs: number,
  ): Promise<void> {
    const key = keys.knownAddressKey(account, address);
    const { versionstamp } = await this.load<KnownRecord>(key);
    const record: KnownRecord = { v: 1, at: this.now() };
    await this.commit(
      new UnitOfWork()
        .guard(key, versionstamp, record, { expireInMs: keepMs }),
    );
  }
}
