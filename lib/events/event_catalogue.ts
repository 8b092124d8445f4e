/**
 * Every event there is, and what of it may leave the program: webhooks, the event log and whoever else
 * shows events give the listed members of `data` and no others. `docs/events.md` is made of this list.
 */
import { AUDIT_EVENTS } from "./audit_events.ts";
import type { EventFacts } from "./event_facts.ts";
import { WORK_EVENTS } from "./work_events.ts";

/** All events by type, in the order in which they are documented. */
export const EVENT_CATALOGUE: Readonly<Record<string, EventFacts>> = {
  ...WORK_EVENTS,
  ...AUDIT_EVENTS,
};

/** What the catalogue says of a type; null: there is no such event. */
export function eventFacts(type: string): EventFacts | null {
  return Object.hasOwn(EVENT_CATALOGUE, type) ? EVENT_CATALOGUE[type] : null;
}
