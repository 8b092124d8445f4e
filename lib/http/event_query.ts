/** What is asked of the log of events: `?scope&type&subject&from&to&limit&cursor`. */
import { type Caller, mayActAs } from "@/lib/auth/caller.ts";
import { AppError, invalidRequest } from "@/lib/errors.ts";
import type { EventLog, LogItem } from "@/lib/events/event_log.ts";
import { isEventPattern, matchesEvent } from "@/lib/events/event_pattern.ts";
import {
  eventData,
  eventId,
  type EventPlace,
  mayLeave,
  parseEventId,
} from "@/lib/events/event_view.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import { userOf, userSpace, workspaceOf } from "@/lib/shared/spaces.ts";
import type { LoggedEvent, Page } from "@/lib/shared/wire.ts";
import { isOfDelivery } from "@/lib/webhooks/wanted_events.ts";
import { readMoment } from "./moment.ts";

/** Whose events: the caller's own, or all of the workspace. */
export type EventScope = "own" | "workspace";

/** Which events are wanted. Times are milliseconds since 1970 UTC. */
export interface EventFilter {
  /** A type or a pattern of types; null: all. */
  type: string | null;
  /** Id of what they are about; null: whatever. */
  subject: string | null;
  from: number | null;
  to: number | null;
}

/** @throws {AppError} 400 `invalid_request`; 403 `forbidden` for the workspace's without its admin */
export function readEventScope({ searchParams }: URL, caller: Caller) {
  const scope = searchParams.get("scope") || "own";
  if (scope !== "own" && scope !== "workspace") {
    throw invalidRequest("scope", "must be own or workspace");
  }
  assertScope(caller, scope);
  return scope;
}

/** @throws {AppError} 403 `forbidden` */
export function assertScope(caller: Caller, scope: EventScope): void {
  if (scope === "own" || mayActAs(caller, "admin")) return;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "The events of the workspace take an admin.",
  });
}

/** An empty member counts as none, as forms send it. @throws {AppError} 400 `invalid_request` */
export function readEventFilter({ searchParams }: URL): EventFilter {
  const type = searchParams.get("type")?.trim() || null;
  if (type !== null && !isEventPattern(type)) {
    throw invalidRequest(
      "type",
      "must be the type of an event, such as run.completed, or a pattern such as run.*",
    );
  }
  const subject = searchParams.get("subject")?.trim() || null;
  if (subject !== null && subject.length > 200) {
    throw invalidRequest("subject", "must have at most 200 characters");
  }
  return {
    type,
    subject,
    from: readMoment("from", searchParams.get("from")),
    to: readMoment("to", searchParams.get("to")),
  };
}

/** Events of a scope, newest first. @throws {AppError} 400 for a cursor that no page gave */
export async function listEvents(
  log: EventLog,
  caller: Caller,
  scope: EventScope,
  filter: EventFilter,
  { limit, cursor }: PageQuery,
  signal?: AbortSignal,
): Promise<Page<LoggedEvent>> {
  const before = cursor === null ? null : parseEventId(cursor);
  if (cursor !== null && before === null) {
    throw invalidRequest("cursor", "must be the nextCursor of an earlier page");
  }
  const space = spaceOf(caller, scope);
  const query = { before, limit, wanted: wantedBy(filter) };
  const { items, next } = scope === "own"
    ? await log.ofSpace(space, query, signal)
    : await log.ofWorkspace(space, query, signal);
  return {
    items: items.map((item) => toLogged(item, caller)),
    nextCursor: next === null ? null : eventId(next),
  };
}

/** One event of a scope. @throws {AppError} 404 `not_found` */
export async function findEvent(
  log: EventLog,
  caller: Caller,
  scope: EventScope,
  id: string,
): Promise<LoggedEvent> {
  const place: EventPlace | null = parseEventId(id);
  const space = spaceOf(caller, scope);
  const item = place === null
    ? null
    : scope === "own"
    ? await log.find(space, place)
    : await log.findInWorkspace(space, place);
  if (item === null || !mayLeave(item.event)) {
    throw new AppError({
      status: 404,
      code: "not_found",
      message: "There is no such event.",
    });
  }
  return toLogged(item, caller);
}

function spaceOf({ workspace, user }: Caller, scope: EventScope): string {
  return scope === "own" ? userSpace(workspace, user) : workspace;
}

function wantedBy({ type, subject, from, to }: EventFilter) {
  return ({ event }: LogItem) =>
    mayLeave(event) &&
    // Of jobs that deliver there are several for each event; who wants them asks for them.
    (type === null && subject === null
      ? !isOfDelivery(event)
      : type === null || matchesEvent([type], event.type)) &&
    (subject === null || event.subject === subject) &&
    (from === null || event.at >= from) &&
    (to === null || event.at < to);
}

function toLogged(
  { space, place, event }: LogItem,
  caller: Caller,
): LoggedEvent {
  const isOwn = space === userSpace(caller.workspace, caller.user);
  const { subject, workspaceId: _, userId: __, ...data } = eventData(
    space,
    event,
    isOwn,
  );
  return {
    id: eventId(place),
    type: event.type,
    at: new Date(event.at).toISOString(),
    subject: String(subject),
    workspaceId: workspaceOf(space),
    userId: userOf(space),
    data,
  };
}
