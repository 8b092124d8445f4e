/** Makes the events of the audit log, which are put into the atomic of what they tell of. */
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { redact } from "@/lib/observe/redact.ts";
import {
  AUDIT_FACTS,
  type AuditDetails,
  type AuditType,
  type AuditValue,
  isAuditType,
} from "./audit_types.ts";

/** Who did it: a user, and the key where the request came by one. */
export interface AuditActor {
  /** `usr_` id. */
  readonly user: string;
  /** `key_` id, or null: a session, or local mode. */
  readonly key: string | null;
}

/** What an audit event says. */
export interface AuditFields<T extends AuditType> {
  /** Null: nobody is signed in, or the server did it by itself. */
  readonly actor: AuditActor | null;
  /** Id of what it is about, at most 200 characters. */
  readonly subject: string;
  readonly details?: AuditDetails<T>;
  /** Address of the client, or null: there is none. */
  readonly address?: string | null;
  /** Milliseconds since 1970 UTC; without it, now. */
  readonly at?: number;
}

/** What an audit event has in `data` of its outbox event. */
export interface AuditData {
  readonly actor: AuditActor | null;
  readonly address: string | null;
  readonly details: Readonly<Record<string, AuditValue>>;
}

const MAX_SUBJECT_CHARACTERS = 200;
const MAX_VALUE_CHARACTERS = 500;
const MAX_VALUES = 50;

/**
 * The event to put into the unit of work of the change, in the space of the **workspace** (not of a
 * user): `unit.event(workspace, auditEvent("key.created", {…by(caller), subject: key.id, details}))`.
 * What concerns the whole server (prices, settings, new workspaces) goes into the first workspace.
 *
 * Facts that the type does not list are dropped, texts are cut to 500 characters, and whatever looks
 * like a key or a token is masked.
 */
export function auditEvent<T extends AuditType>(
  type: T,
  { actor, subject, details = {}, address = null, at = Date.now() }:
    AuditFields<T>,
): OutboxEvent {
  const facts: Record<string, AuditValue> = {};
  for (const fact of AUDIT_FACTS[type]) {
    const value = (details as Record<string, AuditValue | undefined>)[fact];
    if (value !== undefined) facts[fact] = clean(value);
  }
  const data: AuditData = {
    actor: actor === null ? null : { user: actor.user, key: actor.key },
    address,
    details: facts,
  };
  return {
    type,
    at,
    subject: cleanText(subject, MAX_SUBJECT_CHARACTERS),
    data: { ...data },
  };
}

/** What of a caller (`lib/auth/caller.ts`) the audit log keeps. */
export interface AuditCaller {
  readonly user: string;
  readonly key: { readonly id: string } | null;
  readonly address: string;
}

/** A caller that changes something of their workspace. */
export interface WorkspaceCaller extends AuditCaller {
  readonly workspace: string;
}

/** The part of an audit event that says who made the request. */
export function by(
  caller: AuditCaller,
): { actor: AuditActor; address: string } {
  return {
    actor: { user: caller.user, key: caller.key?.id ?? null },
    address: caller.address,
  };
}

/** What an event of the outbox has for the audit log; null: it is not meant for it. */
export function readAuditData(event: OutboxEvent): AuditData | null {
  const { actor, address, details } = event.data;
  if (!isAuditType(event.type)) return null;
  if (typeof details !== "object" || details === null) return null;
  return {
    actor: (actor ?? null) as AuditActor | null,
    address: typeof address === "string" ? address : null,
    details: details as AuditData["details"],
  };
}

function clean(value: AuditValue): AuditValue {
  if (typeof value === "string") return cleanText(value, MAX_VALUE_CHARACTERS);
  if (typeof value === "object" && value !== null) {
    return value.slice(0, MAX_VALUES)
      .map((text) => cleanText(text, MAX_SUBJECT_CHARACTERS));
  }
  return value;
}

function cleanText(text: string, most: number): string {
  // Half a character at either end of a cut has no place in UTF-8.
  const masked = redact(text).toWellFormed();
  return masked.length <= most
    ? masked
    : `${masked.slice(0, most - 1).toWellFormed()}…`;
}
