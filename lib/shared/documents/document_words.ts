/** Documents in words. */
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";
import type { Document, DocumentState } from "@/lib/shared/wire.ts";

export const DOCUMENT_STATE_WORDS: Record<DocumentState, string> = {
  uploading: "Uploading",
  fetching: "Downloading",
  waiting: "Waiting",
  profiling: "Profiling",
  indexing: "Indexing",
  ready: "Ready",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const FORMAT_WORDS: Record<NonNullable<Document["format"]>, string> = {
  csv: "CSV",
  jsonl: "JSONL",
  text: "Text",
  markdown: "Markdown",
  pdf: "PDF",
};

/** Somebody or something is at work on it. */
export function isAtWork({ state }: Pick<Document, "state">): boolean {
  return state === "fetching" || state === "waiting" ||
    state === "profiling" || state === "indexing";
}

/** What it is and how much of it there is: “CSV, 2.1 MB, 30,000 rows”. */
export function documentFacts(document: Document): string {
  const { format, bytes, rows, columns, pages } = document;
  return [
    format === null ? null : FORMAT_WORDS[format],
    bytes === null ? null : formatBytes(bytes),
    rows === null ? null : formatPlural(rows, "row"),
    columns === null ? null : formatPlural(columns, "column"),
    pages === null ? null : formatPlural(pages, "page"),
  ].filter((fact) => fact !== null).join(", ");
}

/** How far it is: from 0 to 1, and in words. */
export function documentProgress(
  document: Document,
): { value: number; text: string } {
  const { state, progress, message, bytes, uploadedBytes } = document;
  if (state === "uploading") {
    const value = bytes === null ? 0 : uploadedBytes / bytes;
    const of = bytes === null ? "" : ` of ${formatBytes(bytes)}`;
    return { value, text: `${formatBytes(uploadedBytes)}${of} here` };
  }
  return { value: progress, text: message };
}

/** A share as people read it: “<0.1 %”, “12 %”. */
export function formatShare(part: number, all: number): string {
  if (all === 0 || part === 0) return "0 %";
  const percent = part / all * 100;
  if (percent < 0.1) return "<0.1 %";
  if (part < all && percent > 99.9) return ">99.9 %";
  return `${percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

const SIGNIFICANT = new Intl.NumberFormat("en", {
  maximumSignificantDigits: 6,
});

/** A number of a column. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e15 || size < 1e-6)
    ? value.toExponential(3)
    : SIGNIFICANT.format(value).replace("-", "−");
}

export { formatCount, formatPlural };
