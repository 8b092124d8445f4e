/** What is asked of the log of requests: what to look for, whose and from when. */
import { invalidRequest } from "@/lib/errors.ts";
import {
  isFailed,
  isSlow,
  type RequestMark,
  type RequestSummary,
  SLOW_TOTAL_MS,
} from "@/lib/observe/request_summary.ts";
import {
  readFilterTexts,
  REQUEST_CACHES,
  REQUEST_RESULTS,
  REQUEST_SOURCES,
  REQUEST_STATUSES,
  type RequestFilter,
} from "@/lib/shared/requests/request_filter.ts";
import { readMoment } from "./moment.ts";

/** Longest text of one member of a filter. */
const MAX_CHARACTERS = 200;

/** What names of people and keys a search by text goes by. */
export interface KnownNames {
  /** Name and address of a user, or name of a key; empty where it is not known. */
  textOf(id: string): string;
}

/** A question as the log can be asked it. */
export interface RequestQuestion {
  texts: RequestFilter;
  mark: RequestMark | null;
  fromMs: number;
  /** Excluded; null: until now. */
  toMs: number | null;
  /** Whether names of people and keys have a say in what is wanted. */
  needsNames: boolean;
  isWanted: (summary: RequestSummary, names: KnownNames) => boolean;
}

/** @throws {AppError} 400 `invalid_request` that names the member */
export function readRequestQuestion(url: URL): RequestQuestion {
  const texts = readFilterTexts(url);
  for (const [name, text] of Object.entries(texts)) {
    if (text.length > MAX_CHARACTERS) {
      throw invalidRequest(name, `must have at most ${MAX_CHARACTERS} letters`);
    }
  }
  assertOneOf("result", texts.result, REQUEST_RESULTS);
  assertOneOf("source", texts.source, REQUEST_SOURCES);
  assertOneOf("status", texts.status, REQUEST_STATUSES);
  assertOneOf("cache", texts.cache, REQUEST_CACHES);
  const leastMs = readSeconds(texts.seconds);
  const fromMs = readMoment("from", texts.from, true) ?? 0;
  const toMs = readMoment("to", texts.to, true);
  if (toMs !== null && fromMs >= toMs) {
    throw invalidRequest("from", "must be before to");
  }
  const words = texts.q.toLowerCase();
  return {
    texts,
    mark: markOf(texts, leastMs),
    fromMs,
    toMs,
    needsNames: words !== "" || isName(texts.user) || isName(texts.key),
    isWanted: (summary, names) =>
      hasAll(summary, texts, leastMs) &&
      isOf(texts.user, summary.user, names) &&
      isOf(texts.key, summary.key, names) &&
      (words === "" || hasWords(summary, words, names)),
  };
}

/** The short list that holds all that is wanted, if one does. */
function markOf(
  { result, status }: RequestFilter,
  leastMs: number,
): RequestMark | null {
  if (result === "failed") return "failed";
  if (["failed", "interrupted", "refused"].includes(status)) return "failed";
  return result === "slow" || leastMs >= SLOW_TOTAL_MS ? "slow" : null;
}

function hasAll(
  summary: RequestSummary,
  texts: RequestFilter,
  leastMs: number,
): boolean {
  const { model, servedModel, provider } = summary;
  return (texts.result !== "failed" || isFailed(summary)) &&
    (texts.result !== "slow" || isSlow(summary)) &&
    summary.totalMs >= leastMs &&
    is(texts.status, summary.status) &&
    is(texts.source, summary.source) &&
    is(texts.cache, summary.cache) &&
    is(texts.provider, provider) &&
    (is(texts.error, summary.error) ||
      is(texts.error, String(summary.httpStatus))) &&
    (is(texts.model, model) || is(texts.model, servedModel) ||
      is(texts.model, `${provider}/${servedModel ?? model}`));
}

function is(wanted: string, value: string | null): boolean {
  return wanted === "" || wanted === value;
}

/** Whether a person or a key is given by a name, not by an id. */
function isName(text: string): boolean {
  return text !== "" && !/^(usr|key)_[0-9A-Za-z]{22}$/.test(text);
}

/** Whether an id is the one wanted, or the name of what it is of holds the one wanted. */
function isOf(wanted: string, id: string | null, names: KnownNames): boolean {
  if (wanted === "" || wanted === id) return true;
  return id !== null && isName(wanted) &&
    names.textOf(id).toLowerCase().includes(wanted.toLowerCase());
}

function hasWords(
  summary: RequestSummary,
  words: string,
  names: KnownNames,
): boolean {
  const { user, key } = summary;
  return [
    summary.model,
    summary.servedModel,
    summary.provider,
    summary.error,
    summary.status,
    summary.thread,
    summary.run,
    user,
    key,
    user === null ? null : names.textOf(user),
    key === null ? null : names.textOf(key),
    summary.httpStatus === null ? null : String(summary.httpStatus),
  ].some((text) => text?.toLowerCase().includes(words));
}

function assertOneOf(
  name: string,
  text: string,
  those: readonly string[],
): void {
  if (text === "" || those.includes(text)) return;
  throw invalidRequest(name, `must be one of ${those.join(", ")}`);
}

/** @returns milliseconds */
function readSeconds(text: string): number {
  if (text === "") return 0;
  const seconds = Number(text);
  if (!(seconds >= 0 && seconds <= 86_400)) {
    throw invalidRequest("seconds", "must be a number from 0 to 86400");
  }
  return seconds * 1_000;
}
