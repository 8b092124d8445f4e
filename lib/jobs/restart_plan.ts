/**
 * What becomes of the jobs of a process that has died. One of them may have killed it, so they begin
 * again in growing groups, each a moment after the one before: whatever kills the next process is then
 * among the few that had just begun, and in the end alone. Only a job that was alone is charged.
 */
import { givenBack, type NextState, stateAfterCrash } from "./job_ends.ts";
import type { JobRecord } from "./job_record.ts";

/** Between the beginnings of two groups, in milliseconds. */
const GROUP_EVERY_MS = 1_000;

/** Whoever begins within this time of each other begins together, in milliseconds. */
const TOGETHER_MS = GROUP_EVERY_MS / 2;

/** The time between groups is doubled so often at most. */
const MAX_DOUBLINGS = 4;

/**
 * A process that still wrote so long after a beginning has survived it, in milliseconds. That it did not
 * write says nothing: it writes every few seconds only.
 */
const SURVIVED_MS = 2 * GROUP_EVERY_MS;

/** Times at which a process died: when it wrote last, and now. Milliseconds since 1970 UTC. */
export interface Death {
  diedAtMs: number;
  nowMs: number;
}

/** The next state of each job, in the order in which they begin. */
export function planRestart(
  jobs: readonly JobRecord[],
  { diedAtMs, nowMs }: Death,
): { before: JobRecord; next: NextState }[] {
  const suspects = suspectsOf(jobs, diedAtMs);
  const others = jobs.filter((job) => !suspects.includes(job));
  const planned: { before: JobRecord; next: NextState }[] = [];
  // Who is not suspected goes on first, whatever the others do to the next process.
  let atMs = nowMs;
  for (const group of inGroups(others, Infinity)) {
    planned.push(...group.map((job) => begunAgain(job, atMs, group.length)));
    atMs += GROUP_EVERY_MS;
  }
  if (suspects.length === 1) {
    const next = stateAfterCrash(suspects[0], nowMs);
    return [...planned, { before: suspects[0], next: alone(next) }];
  }
  // Those that were to begin apart and began together need more time between them.
  const restarts = Math.max(...suspects.map((job) => job.restarts ?? 0));
  const everyMs = GROUP_EVERY_MS * 2 ** Math.min(restarts, MAX_DOUBLINGS);
  for (const group of inGroups(suspects, Math.floor(suspects.length / 2))) {
    planned.push(...group.map((job) => begunAgain(job, atMs, group.length)));
    atMs += everyMs;
  }
  return planned;
}

/** Cuts jobs into groups of 1, 2, 4 …, each of so many at most. */
function* inGroups(
  jobs: readonly JobRecord[],
  most: number,
): Generator<readonly JobRecord[]> {
  let size = 1;
  for (let from = 0; from < jobs.length;) {
    const group = jobs.slice(from, from + Math.min(size, most));
    yield group;
    from += group.length;
    size *= 2;
  }
}

function begunAgain(before: JobRecord, atMs: number, restartGroup: number) {
  const { record, verb } = givenBack(before, atMs);
  const restarts = (before.restarts ?? 0) + 1;
  return {
    before,
    next: {
      verb,
      record: { ...record, restartGroup, restarts, backsOff: true },
    },
  };
}

/**
 * Those among which is what killed the process: a job that was alone, else those that had begun last, if
 * any of them was begun under suspicion and nothing shows that the process outlived it.
 */
function suspectsOf(
  jobs: readonly JobRecord[],
  diedAtMs: number,
): readonly JobRecord[] {
  if (jobs.length === 1) return jobs;
  const begun = ({ startedAt, createdAt }: JobRecord) =>
    Date.parse(startedAt ?? createdAt);
  const last = Math.max(
    ...jobs.filter(({ restartGroup }) => restartGroup !== null).map(begun),
  );
  return diedAtMs - last < SURVIVED_MS
    ? jobs.filter((job) => begun(job) > last - TOGETHER_MS)
    : [];
}

function alone({ record, verb }: NextState): NextState {
  return { verb, record: { ...record, restartGroup: 1, restarts: 0 } };
}
