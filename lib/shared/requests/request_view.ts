/** Requests as the pages of `/admin/requests` show them. */
import type { RequestFilter } from "./request_filter.ts";

/** What the first try led to: nothing else was needed, the same target was asked again, or another. */
export type RequestPath = "first" | "retried" | "fell-back";

/** A request in the list. */
export interface RequestRow {
  /** `req_` id. */
  id: string;
  /** When it came in, RFC 3339. */
  startedAt: string;
  /** Name of the model as the caller used it; null when it did not come so far. */
  model: string | null;
  /** Who asked: a person, or `api, ` and the name of a key; null: nobody who is known. */
  who: string | null;
  status: string;
  httpStatus: number | null;
  /** Code of the error that ended it, or null. */
  error: string | null;
  path: RequestPath;
  cache: string | null;
  totalMs: number;
}

/** Requests of a page that is full. */
export const FULL_PAGE = 50;

/** How far a search has looked. */
export interface RequestReach {
  /** Requests that were looked at for this page. */
  looked: number;
  /** Up to when, RFC 3339; null: to the oldest there is. */
  backTo: string | null;
}

export interface RequestsView {
  filter: RequestFilter;
  /** What the person and the key of the filter are called, by their ids. */
  labels: Readonly<Record<string, string>>;
  /** What of the filter cannot be read, by name. */
  errors: Readonly<Record<string, string>>;
  rows: RequestRow[];
  /** Requests that failed in the last 24 hours, counted up to 200; null: not counted here. */
  failedToday: number | null;
  reach: RequestReach;
  nextCursor: string | null;
  /** Where this page begins; null: with the newest. */
  cursor: string | null;
  nowMs: number;
}

/** A step of a request, or what it waited for between two; milliseconds since it came in. */
export interface RequestStage {
  name: string;
  startMs: number;
  /** Null while it goes on. */
  durationMs: number | null;
  outcome: string;
  error: string | null;
}

export interface RequestTry {
  provider: string;
  model: string;
  durationMs: number | null;
  firstTokenMs: number | null;
  outcome: string;
  error: string | null;
}

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** All that a page tells of one request. */
export interface RequestDetail extends RequestRow {
  method: string;
  route: string;
  /** `chat` or `v1`. */
  source: string;
  /** Name of the person and of the key, or their ids where those are gone. */
  person: string | null;
  key: string | null;
  /** Id of the key, to look for all of its requests. */
  keyId: string | null;
  userId: string | null;
  provider: string | null;
  servedModel: string | null;
  run: string | null;
  epoch: number | null;
  /** Path of the thread, only where the viewer may open it. */
  threadPath: string | null;
  /** Whether it belongs to a thread of somebody else. */
  isInOthersThread: boolean;
  job: string | null;
  finishReason: string | null;
  stages: RequestStage[];
  attempts: RequestTry[];
  usage: {
    inputTokens: number;
    cachedInputTokens: number;
    outputTokens: number;
    estimated: boolean;
  } | null;
  costMicroUsd: number | null;
  savedMicroUsd: number;
  /** What went wrong, in words; null: nothing did. */
  message: string | null;
  firstTokenMs: number | null;
  overheadMs: number | null;
  finishedAt: string;
  headers: { request: HeaderPairs; response: HeaderPairs } | null;
  /** Whether question and answer are kept with it. */
  hasBodies: boolean;
  /** They themselves, only where they were asked for. */
  bodies: { request: string; response: string } | null;
}
