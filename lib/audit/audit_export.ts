/** The audit log as a file. */
import type { AuditEntry } from "./audit_chain.ts";

export type AuditFormat = "jsonl" | "csv";

/** Media types of the formats. */
export const AUDIT_MEDIA_TYPES: Readonly<Record<AuditFormat, string>> = {
  jsonl: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
};

const COLUMNS = [
  "seq",
  "id",
  "workspace",
  "at",
  "type",
  "actorUser",
  "actorKey",
  "subject",
  "address",
  "details",
  "prev",
  "hash",
] as const;

/** What comes before the first entry. */
export function exportHead(format: AuditFormat): string {
  return format === "jsonl" ? "" : `${COLUMNS.join(",")}\r\n`;
}

/** An entry as one line (JSON) or row (RFC 4180). */
export function exportLine(format: AuditFormat, entry: AuditEntry): string {
  if (format === "jsonl") return `${JSON.stringify(entry)}\n`;
  const { actor, details, ...rest } = entry;
  const cells: Record<typeof COLUMNS[number], string | number | null> = {
    ...rest,
    actorUser: actor?.user ?? null,
    actorKey: actor?.key ?? null,
    details: JSON.stringify(details),
  };
  return `${COLUMNS.map((column) => csvCell(cells[column])).join(",")}\r\n`;
}

/**
 * A cell of a table. A text that a spreadsheet would take for a formula gets an apostrophe before it,
 * which makes it a text again (OWASP, CSV injection).
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe =
    /^[\s\p{Cc}]*[=+\-@＝＋－＠]/u.test(value) || /^[\t\r\n]/.test(value)
      ? `'${value}`
      : value;
  return /[",\r\n]|^\s|\s$/.test(safe)
    ? `"${safe.replaceAll('"', '""')}"`
    : safe;
}
