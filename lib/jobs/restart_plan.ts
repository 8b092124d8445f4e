/**
 * What becomes of the jobs of a process that has died. One of them may have killed it, so they begin
 * again in growing groups, each a moment after the one before: whatever kills the next process is then
 * among the few that had just begun, and in the end alone. Only a job that was alone is charged.
 */
import { givenBack, type NextState, stateAfterCrash } from "./job_ends.ts";
import type { JobRecord } from "./job_record.ts";

/** Between the beginnings of two groups, in milliseconds. */
const GROUP_EVERY_MS = 1_000;

/** Whoever had begun no longer before the death than this may have caused it, in milliseconds. */
const JUST_BEGUN_MS = 2 * GROUP_EVERY_MS;

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
  if (jobs.length === 1) {
    return [{ before: jobs[0], next: stateAfterCrash(jobs[0], nowMs) }];
  }
  const hadJustBegun = ({ restartGroup, startedAt }: JobRecord) =>
    restartGroup !== null &&
    diedAtMs - Date.parse(startedAt ?? "") < JUST_BEGUN_MS;
  const recent = jobs.filter(hadJustBegun);
  const others = jobs.filter((job) => !hadJustBegun(job));
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

function alone({ record, verb }: NextState): NextState {
  return { verb, record: { ...record, restartGroup: 1 } };
}
