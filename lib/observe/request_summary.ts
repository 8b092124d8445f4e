/**
 * What a list of requests shows and is searched by, in a tenth of the bytes of the whole record, so that
 * tens of thousands are looked through in the time of one page.
 */
import type { CacheOutcome } from "@/lib/cache/answer.ts";
import type { RequestPath } from "@/lib/shared/requests/request_view.ts";
import type {
  RequestAttempt,
  RequestRecord,
  RequestSource,
  RequestStatus,
} from "./request_record.ts";

export interface RequestSummary extends
  Pick<
    RequestRecord,
    | "id"
    | "source"
    | "status"
    | "httpStatus"
    | "model"
    | "servedModel"
    | "provider"
    | "user"
    | "key"
    | "thread"
    | "run"
    | "cache"
    | "costMicroUsd"
    | "totalMs"
    | "firstTokenMs"
    | "overheadMs"
  > {
  /** Milliseconds since 1970 UTC. */
  finishedAtMs: number;
  /** Tokens of question and answer together. */
  tokens: number;
  /** Code of the error that ended it, or null. */
  error: string | null;
  path: RequestPath;
}

/** Lists of their own: what is asked for most is found without looking through all else. */
export type RequestMark = "failed" | "slow";

/** From when on a request counts as slow, in milliseconds: to its first token, in all, and in Freshet itself. */
export const SLOW_FIRST_TOKEN_MS = 5_000;
export const SLOW_TOTAL_MS = 30_000;
export const SLOW_OVERHEAD_MS = 1_000;

/** Order of the fields in a stored row. A change of it is a new version of the page's record. */
type StoredSummary = [
  id: string,
  source: string,
  status: string,
  httpStatus: number | null,
  model: string | null,
  servedModel: string | null,
  provider: string | null,
  user: string | null,
  key: string | null,
  thread: string | null,
  run: string | null,
  cache: string | null,
  costMicroUsd: number | null,
  totalMs: number,
  firstTokenMs: number | null,
  overheadMs: number | null,
  finishedAtMs: number,
  tokens: number,
  error: string | null,
  path: number,
];

const PATHS: readonly RequestPath[] = ["first", "retried", "fell-back"];

export function summaryOf(record: RequestRecord): RequestSummary {
  const { usage } = record;
  return {
    id: record.id,
    source: record.source,
    status: record.status,
    httpStatus: record.httpStatus,
    model: record.model,
    servedModel: record.servedModel === record.model
      ? null
      : record.servedModel,
    provider: record.provider,
    user: record.user,
    key: record.key,
    thread: record.thread,
    run: record.run,
    cache: record.cache,
    costMicroUsd: record.costMicroUsd,
    totalMs: record.totalMs,
    firstTokenMs: record.firstTokenMs,
    overheadMs: record.overheadMs,
    finishedAtMs: Date.parse(record.finishedAt),
    tokens: usage === null ? 0 : usage.inputTokens + usage.outputTokens,
    error: record.error?.code ?? null,
    path: pathOf(record.attempts),
  };
}

function pathOf(attempts: readonly RequestAttempt[]): RequestPath {
  if (attempts.length < 2) return "first";
  const [{ provider, model }] = attempts;
  const isSame = attempts.every((each) =>
    each.provider === provider && each.model === model
  );
  return isSame ? "retried" : "fell-back";
}

/** The lists of their own that a request belongs to. */
export function marksOf(summary: RequestSummary): RequestMark[] {
  const marks: RequestMark[] = [];
  if (isFailed(summary)) marks.push("failed");
  if (isSlow(summary)) marks.push("slow");
  return marks;
}

/** Whether whoever asked did not get what they asked for, and nobody stopped it. */
export function isFailed({ status }: Pick<RequestSummary, "status">): boolean {
  return status === "failed" || status === "interrupted" ||
    status === "refused";
}

export function isSlow(
  { firstTokenMs, totalMs, overheadMs }: Pick<
    RequestSummary,
    "firstTokenMs" | "totalMs" | "overheadMs"
  >,
): boolean {
  return (firstTokenMs ?? 0) >= SLOW_FIRST_TOKEN_MS ||
    totalMs >= SLOW_TOTAL_MS || (overheadMs ?? 0) >= SLOW_OVERHEAD_MS;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As compact JSON in UTF-8. */
export function encodeSummaries(all: readonly RequestSummary[]): Uint8Array {
  return encoder.encode(JSON.stringify(all.map((each): StoredSummary => [
    each.id,
    each.source,
    each.status,
    each.httpStatus,
    each.model,
    each.servedModel,
    each.provider,
    each.user,
    each.key,
    each.thread,
    each.run,
    each.cache,
    each.costMicroUsd,
    each.totalMs,
    each.firstTokenMs,
    each.overheadMs,
    each.finishedAtMs,
    each.tokens,
    each.error,
    PATHS.indexOf(each.path),
  ])));
}

/** What `encodeSummaries` was given. */
export function decodeSummaries(bytes: Uint8Array): RequestSummary[] {
  const rows: StoredSummary[] = JSON.parse(decoder.decode(bytes));
  return rows.map((row) => ({
    id: row[0],
    source: row[1] as RequestSource,
    status: row[2] as RequestStatus,
    httpStatus: row[3],
    model: row[4],
    servedModel: row[5],
    provider: row[6],
    user: row[7],
    key: row[8],
    thread: row[9],
    run: row[10],
    cache: row[11] as CacheOutcome | null,
    costMicroUsd: row[12],
    totalMs: row[13],
    firstTokenMs: row[14],
    overheadMs: row[15],
    finishedAtMs: row[16],
    tokens: row[17],
    error: row[18],
    path: PATHS[row[19]] ?? "first",
  }));
}
