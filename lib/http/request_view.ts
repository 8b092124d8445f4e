/** What the pages of requests show, loaded: as many reads however many requests there are. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { AppError } from "@/lib/errors.ts";
import { fromOpenTrace } from "@/lib/observe/record_of.ts";
import type { RequestBodies } from "@/lib/observe/request_log_store.ts";
import type { RequestRecord } from "@/lib/observe/request_record.ts";
import {
  type RequestSummary,
  summaryOf,
} from "@/lib/observe/request_summary.ts";
import { timeOf } from "@/lib/observe/request_time.ts";
import {
  isOpenFilter,
  readFilterTexts,
} from "@/lib/shared/requests/request_filter.ts";
import {
  FULL_PAGE,
  type RequestDetail,
  type RequestRow,
  type RequestsView,
} from "@/lib/shared/requests/request_view.ts";
import { userSpace } from "@/lib/shared/spaces.ts";
import type { State } from "@/utils.ts";
import { RequestNames } from "./request_names.ts";
import { readRequestQuestion } from "./request_query.ts";
import { findRequests } from "./request_search.ts";

const DAY_MS = 86_400_000;
/** Requests that go on, above the newest that have ended. */
const MOST_RUNNING = 20;

/** The page of requests that an address asks for; what cannot be read of it is in `errors`. */
export async function loadRequests(
  state: State,
  url: URL,
  signal: AbortSignal,
): Promise<RequestsView> {
  const nowMs = state.services.store.clock.now();
  const filter = readFilterTexts(url);
  const cursor = url.searchParams.get("cursor");
  const empty = {
    filter,
    cursor,
    nowMs,
    labels: {},
    rows: [],
    failedToday: null,
    nextCursor: null,
    reach: { looked: 0, backTo: null },
  };
  try {
    const question = readRequestQuestion(url);
    const query = { limit: FULL_PAGE, cursor };
    const [found, failedToday] = await Promise.all([
      findRequests(state, question, query, signal),
      cursor !== null ? null : state.services.requestLog.countMarked(
        state.caller.workspace,
        "failed",
        nowMs - DAY_MS,
        signal,
      ),
    ]);
    const { items, looked, backToMs, next, names } = found;
    const running = cursor === null && isOpenFilter(filter)
      ? await runningRows(state, names)
      : [];
    const ended = new Set(items.map(({ id }) => id));
    return {
      ...empty,
      failedToday,
      labels: labelsOf([filter.user, filter.key], names),
      errors: {},
      rows: [
        ...running.filter(({ id }) => !ended.has(id)),
        ...items.map((each) => toRow(each, names)),
      ],
      reach: {
        looked,
        backTo: backToMs === null ? null : new Date(backToMs).toISOString(),
      },
      nextCursor: next,
    };
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 400) throw error;
    const errors = Object.fromEntries(
      error.errors.map(({ path, message }) => [path, `It ${message}.`]),
    );
    return { ...empty, errors };
  }
}

function labelsOf(
  ids: readonly string[],
  names: RequestNames,
): Record<string, string> {
  return Object.fromEntries(
    ids.flatMap((id) => {
      const name = id === "" ? null : names.nameOf(id);
      return name === null ? [] : [[id, name] as const];
    }),
  );
}

/** Requests of the workspace that go on in this process, newest first. */
async function runningRows(
  { services: { observer, store }, caller: { workspace } }: State,
  names: RequestNames,
): Promise<RequestRow[]> {
  const nowMs = store.clock.now();
  const open: RequestSummary[] = [];
  for (const trace of [...observer.open].reverse()) {
    if (open.length === MOST_RUNNING) break;
    // Before it is known who asks, nor is it known whose request it is.
    if (trace.user === null || trace.workspace !== workspace) continue;
    const record = fromOpenTrace(trace, nowMs);
    if (record !== null) open.push(summaryOf(record));
  }
  await names.learn(open, true);
  return open.map((each) => toRow(each, names));
}

function toRow(summary: RequestSummary, names: RequestNames): RequestRow {
  const { id, user, key, model, status, httpStatus, error } = summary;
  return {
    id,
    startedAt: new Date(timeOf(id)).toISOString(),
    model,
    who: key !== null
      ? `api, ${names.nameOf(key) ?? key}`
      : user === null
      ? null
      : names.nameOf(user) ?? "you",
    status,
    httpStatus,
    error,
    path: summary.path,
    cache: summary.cache,
    totalMs: summary.totalMs,
  };
}

/**
 * One request, ended or not; null when there is no record of it.
 * @param withBodies whether question and answer are wanted; that they were read is recorded first
 */
export async function loadRequest(
  state: State,
  id: string,
  withBodies: boolean,
  signal: AbortSignal,
): Promise<RequestDetail | null> {
  const { services, caller } = state;
  const found = await services.requestLog.get(caller.workspace, id, signal) ??
    openRequest(state, id);
  if (found === null) return null;
  const names = new RequestNames(services, caller.workspace);
  const [, threadPath] = await Promise.all([
    names.learn([found], true),
    threadPathOf(state, found),
  ]);
  const bodies = withBodies ? found.bodies : null;
  if (bodies !== null) await noteRead(state, found, signal);
  return toDetail(found, names, threadPath, bodies);
}

function openRequest({ services, caller }: State, id: string) {
  for (const trace of services.observer.open) {
    if (trace.id !== id || trace.user === null) continue;
    if (trace.workspace !== caller.workspace) return null;
    const record = fromOpenTrace(trace, services.store.clock.now());
    return record && { ...record, bodies: null };
  }
  return null;
}

/** Records in the audit log that somebody read what another asked and was answered. */
export async function noteRead(
  { services: { auditLog }, caller }: State,
  { id, user }: RequestRecord,
  signal: AbortSignal,
): Promise<void> {
  if (user === caller.user) return;
  const event = auditEvent("data.read", {
    ...by(caller),
    subject: id,
    details: { kind: "request", owner: user, fields: ["bodies"] },
  });
  await auditLog.record(caller.workspace, event, signal);
}

/** Where the thread is, for its owner only. */
async function threadPathOf(
  { services: { threads }, caller }: State,
  { thread, user }: RequestRecord,
): Promise<string | null> {
  if (thread === null || user !== caller.user) return null;
  const space = userSpace(caller.workspace, caller.user);
  const found = await threads.get(space, thread);
  return found === null ? null : `/c/${thread}`;
}

function toDetail(
  record: RequestRecord,
  names: RequestNames,
  threadPath: string | null,
  bodies: RequestBodies | null,
): RequestDetail {
  const { user, key } = record;
  return {
    ...toRow(summaryOf(record), names),
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    method: record.method,
    route: record.route,
    source: record.source,
    person: user === null ? null : names.nameOf(user) ?? user,
    userId: user,
    key: key === null ? null : names.nameOf(key) ?? key,
    keyId: key,
    provider: record.provider,
    servedModel: record.servedModel,
    run: record.run,
    epoch: record.epoch,
    threadPath,
    isInOthersThread: record.thread !== null && threadPath === null,
    job: record.job ?? null,
    finishReason: record.finishReason,
    stages: record.stages.map((stage) => ({
      name: stage.name,
      startMs: stage.startMs,
      durationMs: stage.durationMs,
      outcome: stage.outcome,
      error: stage.error,
    })),
    attempts: record.attempts.map((attempt) => ({
      provider: attempt.provider,
      model: attempt.model,
      durationMs: attempt.durationMs,
      firstTokenMs: attempt.firstTokenMs,
      outcome: attempt.outcome,
      error: attempt.error,
    })),
    usage: record.usage,
    costMicroUsd: record.costMicroUsd,
    savedMicroUsd: record.savedMicroUsd,
    message: record.error?.message ?? null,
    firstTokenMs: record.firstTokenMs,
    overheadMs: record.overheadMs,
    headers: record.headers ?? null,
    hasBodies: record.hasBodies,
    bodies,
  };
}
