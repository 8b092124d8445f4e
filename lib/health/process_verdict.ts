/** What is wrong with processes as such: gone without a word, taking no work, of several builds. */
import { formatAgo } from "@/lib/shared/ago.ts";
import type { HealthFinding } from "@/lib/shared/wire.ts";
import type { ProcessHealth } from "./health_history.ts";

const MINUTE_MS = 60_000;
/** A process that is gone is news for so long. */
const GONE_NEWS_MS = 60 * MINUTE_MS;
/** How long processes of an old and a new build may run side by side, while one replaces the other. */
const ROLLOUT_MS = 10 * MINUTE_MS;
/** Characters of an id by which people tell processes apart. */
const NAME_CHARACTERS = 6;

/** What people call a process: its machine, and the end of its id. */
export function processName(
  { id, host }: Pick<ProcessHealth, "id" | "host">,
): string {
  const short = id.slice(-NAME_CHARACTERS);
  return host === "" ? short : `${host} ${short}`;
}

export function judgeProcesses(
  processes: readonly ProcessHealth[],
  nowMs: number,
): HealthFinding[] {
  return [
    ...processes.flatMap((process) => judgeReadiness(process)),
    ...judgeGone(processes, nowMs),
    ...judgeBuilds(processes, nowMs),
  ];
}

function judgeReadiness(process: ProcessHealth): HealthFinding[] {
  const { id, state, unready } = process;
  if (state !== "up" || unready.length === 0) return [];
  const name = processName(process);
  return [{
    id: `unready-${id}`,
    level: "critical",
    title: `Process ${name} takes no new work: ${unready.join("; ")}`,
    next:
      "New requests are refused until that is over, or go to other processes. See “Readiness” below, and the log of the process.",
    href: null,
  }];
}

/** All that have gone of late, the last one by its name. */
function judgeGone(
  processes: readonly ProcessHealth[],
  nowMs: number,
): HealthFinding[] {
  const gone = processes.filter(({ state, seenAt }) =>
    state === "gone" && nowMs - seenAt < GONE_NEWS_MS
  ).sort((a, b) => b.seenAt - a.seenAt);
  if (gone.length === 0) return [];
  const [last] = gone;
  const ago = formatAgo(new Date(last.seenAt), new Date(nowMs));
  const name = processName(last);
  const heard = ago === "just now" ? "less than a minute ago" : ago;
  return [{
    id: `gone-${last.id}`,
    level: "warning",
    title: gone.length === 1
      ? `Process ${name} is gone; it was heard of last ${heard}`
      : `${gone.length} processes are gone within the last hour; ${name} was heard of last ${heard}`,
    next:
      "Whatever goes without a word was killed, hangs, or does not reach the store. Other processes go on with what it had begun. See its log, and start it again where nothing does so by itself.",
    href: null,
  }];
}

function judgeBuilds(
  processes: readonly ProcessHealth[],
  nowMs: number,
): HealthFinding[] {
  const old = processes.filter(({ state, startedAt, build }) =>
    state === "up" && build !== null && nowMs - startedAt > ROLLOUT_MS
  );
  const builds = new Set(old.map(({ build }) => build));
  if (builds.size < 2) return [];
  return [{
    id: "builds",
    level: "warning",
    title:
      `Processes of ${builds.size} different builds have run side by side for more than 10 minutes`,
    next:
      "A new version has not reached all of them. See the builds under “Every process”, and restart those of the old one.",
    href: null,
  }];
}
