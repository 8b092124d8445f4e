/** Tells the audit log what has become of the entries of a list that is set as a whole. */
import {
  auditEvent,
  by,
  type WorkspaceCaller,
} from "@/lib/audit/audit_event.ts";
import { MAX_ENVELOPE_BYTES, measureEvent } from "@/lib/kv/outbox.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

/** A list before and after it was set. */
export interface ListChange<T> {
  type: "limit.changed" | "budget.changed" | "price.changed";
  before: readonly T[];
  after: readonly T[];
  /** What of an entry stays the same while it is changed; the subject says whose it is. */
  identify: (entry: T) => { subject: string; period?: string; from?: string };
}

/** Bytes of events in one commit: the last one has room behind them. */
const MAX_BYTES = MAX_ENVELOPE_BYTES - 2 * 1024;

/**
 * Adds an event for each entry that was added, changed or removed to the unit that sets the list. One
 * atomic has room for some 150; a last event says how many more there were.
 * @param space workspace whose audit log is told
 */
export function tellListChanges<T>(
  unit: UnitOfWork,
  space: string,
  caller: WorkspaceCaller,
  list: ListChange<T>,
): void {
  const changes = [...changesOf(list)];
  let bytes = 0;
  for (const [index, { subject, ...details }] of changes.entries()) {
    const event = auditEvent(list.type, { ...by(caller), subject, details });
    bytes += measureEvent({ space, event });
    if (bytes > MAX_BYTES) {
      const change = `and ${changes.length - index} more`;
      unit.event(
        space,
        auditEvent(list.type, {
          ...by(caller),
          subject: space,
          details: { change },
        }),
      );
      return;
    }
    unit.event(space, event);
  }
}

function* changesOf<T>({ before, after, identify }: ListChange<T>) {
  const nameOf = (entry: T) => JSON.stringify(identify(entry));
  const old = new Map(before.map((entry) => [nameOf(entry), entry]));
  for (const entry of after) {
    const was = old.get(nameOf(entry));
    old.delete(nameOf(entry));
    const text = JSON.stringify(entry);
    const wasText = was === undefined ? null : JSON.stringify(was);
    if (text === wasText) continue;
    const change = was === undefined ? "added" : "changed";
    yield { ...identify(entry), change, before: wasText, after: text };
  }
  for (const entry of old.values()) {
    const before = JSON.stringify(entry);
    yield { ...identify(entry), change: "removed", before, after: null };
  }
}
