/** What is asked of the audit log: `?type&actor&from&to&cursor`. */
import type { AuditFormat } from "@/lib/audit/audit_export.ts";
import {
  type AuditFilter,
  type AuditPlace,
  readPlace,
} from "@/lib/audit/audit_list.ts";
import { AUDIT_TYPES, isAuditType } from "@/lib/audit/audit_types.ts";
import { invalidRequest } from "@/lib/errors.ts";
import { readMoment } from "./moment.ts";

/**
 * Reads which entries are wanted. An empty member counts as none, as forms send it.
 * @throws {AppError} 400 `invalid_request` that names the member
 */
export function readAuditFilter({ searchParams }: URL): AuditFilter {
  const type = searchParams.get("type") || null;
  if (type !== null && !isAuditType(type)) {
    throw invalidRequest("type", `must be one of ${AUDIT_TYPES.join(", ")}`);
  }
  const actor = searchParams.get("actor") || null;
  if (actor !== null && !/^[\w-]{1,64}$/.test(actor)) {
    throw invalidRequest("actor", "must be the id of a user or a key");
  }
  return {
    type,
    actor,
    from: readMoment("from", searchParams.get("from")),
    to: readMoment("to", searchParams.get("to")),
  };
}

/** Where a list goes on. @throws {AppError} 400 `invalid_request` for a cursor that no page gave */
export function readAuditPlace(cursor: string | null): AuditPlace | null {
  if (cursor === null) return null;
  const place = readPlace(cursor);
  if (place === null) {
    throw invalidRequest("cursor", "must be the nextCursor of an earlier page");
  }
  return place;
}

/** The format of a file. @throws {AppError} 400 `invalid_request` for another one */
export function readAuditFormat({ searchParams }: URL): AuditFormat {
  const format = searchParams.get("format") ?? "jsonl";
  if (format !== "jsonl" && format !== "csv") {
    throw invalidRequest("format", "must be jsonl or csv");
  }
  return format;
}
