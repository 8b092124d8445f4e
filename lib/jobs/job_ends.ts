/** What becomes of a job when an attempt at it has ended. */
import { backoffMs } from "./backoff.ts";
import type { AttemptEnd } from "./job_attempt.ts";
import type {
  JobAttempt as AttemptRecord,
  JobRecord,
  JobResult,
} from "./job_record.ts";

/** The next state of a job, and what is told of it: `job.<verb>`. */
export interface NextState {
  record: JobRecord;
  verb: string;
}

/** Attempts that are kept of a job: the newest. */
const MAX_ATTEMPTS_KEPT = 50;

/** Errors are kept whole up to so much in all, in UTF-16 code units; older ones are shortened to so much. */
const MAX_ERRORS_CHARACTERS = 8_000;
const SHORT_ERROR_CHARACTERS = 120;

/** Processes that stop may hand a job on so often; after that it is charged with an attempt. */
export const MAX_HANDOVERS = 8;

/** In words, for what a job's attempt ended with though nothing was thrown. */
const WORDS = {
  deadline: "It took longer than it may",
  crash: "Its process ended in the middle of it",
  handover: `It was not done when ${MAX_HANDOVERS} processes had stopped`,
} as const;

function ended(
  { attempts, startedAt, createdAt }: JobRecord,
  error: string | null,
  now: string,
): AttemptRecord[] {
  const attempt = { startedAt: startedAt ?? createdAt, finishedAt: now, error };
  return bounded([...attempts, attempt].slice(-MAX_ATTEMPTS_KEPT));
}

/** The newest errors whole, as many as there is room for. */
function bounded(attempts: AttemptRecord[]): AttemptRecord[] {
  let left = MAX_ERRORS_CHARACTERS;
  return attempts.reverse().map((attempt) => {
    const { error } = attempt;
    if (error === null) return attempt;
    left -= error.length;
    return left >= 0
      ? attempt
      : { ...attempt, error: error.slice(0, SHORT_ERROR_CHARACTERS) };
  }).reverse();
}

/** @param nowMs milliseconds since 1970 UTC */
export function stateAfter(
  record: JobRecord,
  end: AttemptEnd,
  result: JobResult | null,
  nowMs: number,
  random = Math.random,
): NextState {
  const now = new Date(nowMs).toISOString();
  switch (end.type) {
    case "done":
      return {
        verb: "completed",
        record: {
          ...record,
          status: "completed",
          result,
          error: null,
          progress: { ...record.progress, value: 1 },
          attempts: ended(record, null, now),
          finishedAt: now,
        },
      };
    case "cancelled":
      return {
        verb: "cancelled",
        record: {
          ...record,
          status: "cancelled",
          attempts: ended(record, "It was cancelled", now),
          finishedAt: now,
        },
      };
    case "failed":
      return failed(
        record,
        end.error,
        end.isFinal,
        nowMs,
        random,
        end.afterMs,
      );
    case "delayed":
      return givenBack(record, nowMs + end.afterMs);
    case "deadline":
      return failed(record, WORDS.deadline, false, nowMs, random);
    case "handover":
    case "fenced":
      return handedOver(record, nowMs, random);
  }
}

/** After the death of its process, for which the job is to blame. */
export function stateAfterCrash(
  record: JobRecord,
  nowMs: number,
  random = Math.random,
): NextState {
  return failed(record, WORDS.crash, false, nowMs, random);
}

/** Tried again after a pause, or dead when no attempt is left. */
function failed(
  record: JobRecord,
  error: string,
  isFinal: boolean,
  nowMs: number,
  random: () => number,
  afterMs?: number,
): NextState {
  const now = new Date(nowMs).toISOString();
  const attempts = ended(record, error, now);
  if (isFinal || record.attempt >= record.maxAttempts) {
    return {
      verb: "dead",
      record: { ...record, status: "dead", error, attempts, finishedAt: now },
    };
  }
  return {
    verb: "failed",
    record: {
      ...record,
      status: "queued",
      owner: null,
      error,
      attempts,
      runAt: nowMs + (afterMs ?? backoffMs(record.attempt, random)),
      backsOff: afterMs === undefined,
    },
  };
}

/** Given back by a process that stops; a job that outlasts too many of them never ends otherwise. */
function handedOver(
  record: JobRecord,
  nowMs: number,
  random: () => number,
): NextState {
  if (record.handovers >= MAX_HANDOVERS) {
    const charged = { ...record, handovers: 0 };
    return failed(charged, WORDS.handover, false, nowMs, random);
  }
  const { verb, record: next } = givenBack(record, nowMs);
  return { verb, record: { ...next, handovers: record.handovers + 1 } };
}

/** Back in its queue as if the attempt had not begun. @param runAtMs when it may begin again */
export function givenBack(record: JobRecord, runAtMs: number): NextState {
  return {
    verb: "queued",
    record: {
      ...record,
      status: "queued",
      owner: null,
      attempt: record.attempt - 1,
      runAt: runAtMs,
      backsOff: false,
    },
  };
}

/** A job that is over, or waits for its next attempt, as somebody wants it begun now. */
export function stateForRetry(record: JobRecord, nowMs: number): NextState {
  return {
    verb: "queued",
    record: {
      ...record,
      status: "queued",
      owner: null,
      error: null,
      result: null,
      attempt: 0,
      handovers: 0,
      restartGroup: null,
      restarts: 0,
      progress: { value: 0, message: "" },
      runAt: nowMs,
      backsOff: false,
      startedAt: null,
      finishedAt: null,
    },
  };
}
