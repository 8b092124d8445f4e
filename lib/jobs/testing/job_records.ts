/** Records of jobs, for tests. */
import type { JobRecord } from "../job_record.ts";

/** A job that waits since the beginning of 2026, but for what is told. */
export function recordOf(more: Partial<JobRecord> = {}): JobRecord {
  const createdAtMs = Date.UTC(2026, 0, 1);
  return {
    v: 1,
    id: "job_1",
    kind: "test.do",
    title: "Something to do",
    space: "wsp_a/usr_a",
    status: "queued",
    priority: "normal",
    input: null,
    attempt: 0,
    maxAttempts: 3,
    progress: { value: 0, message: "" },
    result: null,
    error: null,
    attempts: [],
    runAt: createdAtMs,
    correlationId: null,
    dedupKey: null,
    owner: null,
    restartGroup: null,
    handovers: 0,
    createdAt: new Date(createdAtMs).toISOString(),
    startedAt: null,
    finishedAt: null,
    ...more,
  };
}
