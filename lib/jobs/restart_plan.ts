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
  const recent = suspectsOf(jobs, diedAtMs);
  const others = jobs.filter((job) => !recent.includes(job));
  const planned: { before: JobRecord; next: NextState }[] = [];
  if (recent.length === 1) {
    const next = stateAfterCrash(recent[0], nowMs);
    planned.push({ before: recent[0], next: alone(next) });
  } else others.unshift(...recent);
  const most = recent.length > 1
    ? Math.max(1, Math.floor(recent.length / 2))
    : Infinity;
  let size = 1;
  let from = 0;
  for (let turn = 0; from < others.length; turn += 1) {
    const group = others.slice(from, from + Math.min(size, most));
    for (const before of group) {
      const { record, verb } = givenBack(
        before,
        nowMs + turn * GROUP_EVERY_MS,
      );
      const restartGroup = group.length;
      planned.push({
        before,
        next: { verb, record: { ...record, restartGroup, backsOff: true } },
      });
    }
    from += group.length;
    size *= 2;
  }
  return planned;
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
  return { verb, record: { ...record, restartGroup: 1 } };
}
