/** Events as they leave the program: what the catalogue lists of them, and no more. */
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import { eventFacts } from "./event_catalogue.ts";

/** Name of an event: where its atomic is, and its place in that. */
export interface EventPlace {
  /** Generation of the store. */
  readonly generation: string;
  readonly versionstamp: string;
  /** Among all events of its atomic. */
  readonly index: number;
}

/** `generation.versionstamp.index`, which no two events share. */
export function eventId({ generation, versionstamp, index }: EventPlace) {
  return `${generation}.${versionstamp}.${index}`;
}

/** Null for what is no id of an event. */
export function parseEventId(text: string): EventPlace | null {
  const match = /^([\w-]{1,64})\.([0-9a-f]{20})\.(\d{1,6})$/.exec(text);
  if (match === null) return null;
  const [, generation, versionstamp, index] = match;
  return { generation, versionstamp, index: Number(index) };
}

/**
 * The data of an event as its listener may have it: the members that the catalogue lists, what it is
 * about, and where it belongs.
 * @param isOwn whether the listener is the person in whose space it happened; others are not told what may
 *   be that person's words
 */
export function eventData(
  space: string,
  { type, subject, data }: Pick<OutboxEvent, "type" | "subject" | "data">,
  isOwn: boolean,
): Record<string, unknown> {
  const facts = eventFacts(type);
  const isForeign = userOf(space) !== null && !isOwn;
  const shown: Record<string, unknown> = {
    subject,
    workspaceId: workspaceOf(space),
    userId: userOf(space),
  };
  for (const name of Object.keys(facts?.data ?? {})) {
    const isHidden = isForeign && facts?.personal?.includes(name) === true;
    if (data[name] !== undefined && !isHidden) shown[name] = data[name];
  }
  return shown;
}

/** Whether anybody beyond the open page of a person may be told of it. */
export function mayLeave({ type, data }: Pick<OutboxEvent, "type" | "data">) {
  return eventFacts(type) !== null && data.temporary !== true;
}
