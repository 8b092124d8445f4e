/** A store whose audit events are sealed, for tests. */
import { Consumers } from "@/lib/events/consumers.ts";
import { commit } from "@/lib/kv/commit.ts";
import { auditNoteKey } from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { type Logger, silentLogger } from "@/lib/observe/log.ts";
import type { AuditEntry } from "../audit_chain.ts";
import { auditEntry, FIRST_HASH } from "../audit_chain.ts";
import { auditEvent } from "../audit_event.ts";
import { readPages } from "../audit_rows.ts";
import { AuditSealer } from "../audit_sealer.ts";

export const WORKSPACE = "wsp_1";

/** Commits what is added to a unit, whatever is there. */
export async function write(
  store: Store,
  add: (unit: UnitOfWork) => unknown,
): Promise<void> {
  const unit = new UnitOfWork()
    .guard(auditNoteKey(WORKSPACE, newToken()), null, { v: 1 });
  add(unit);
  const { ok } = await commit(store, unit);
  if (!ok) throw new Error("It was not committed");
}

/** Emits the events, all in one atomic. */
export async function emit(
  store: Store,
  events: OutboxEvent[],
  space = WORKSPACE,
): Promise<void> {
  await write(store, (unit) => {
    for (const event of events) unit.event(space, event);
  });
}

/** A key that was made, by name. */
export function made(name: string, at = 0): OutboxEvent {
  return auditEvent("key.created", {
    actor: { user: "usr_1", key: null },
    subject: `key_${name}`,
    details: { name },
    address: "127.0.0.1",
    at,
  });
}

/** Runs a sealer on a store, as one process of several would. */
export function startSealer(store: Store, log: Logger = silentLogger()) {
  const consumers = new Consumers(store, log);
  consumers.add(new AuditSealer(store, log));
  consumers.start();
  return consumers;
}

/** The entries of a chain, oldest first. */
export async function entries(
  store: Store,
  workspace = WORKSPACE,
): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  for await (const { value } of readPages(store, workspace, { from: 0 })) {
    for (const stored of value.entries) {
      const prev = all.at(-1)?.hash ?? FIRST_HASH;
      all.push(auditEntry(workspace, prev, stored));
    }
  }
  return all;
}

/** Resolves with the entries once the chain has so many. */
export async function untilSealed(
  store: Store,
  count: number,
  workspace = WORKSPACE,
): Promise<AuditEntry[]> {
  while (true) {
    const sealed = await entries(store, workspace);
    if (sealed.length >= count) return sealed;
    await new Promise<void>((resolve) => store.clock.after(20, resolve));
  }
}
