/** What pages say of jobs. */
import { formatAhead } from "@/lib/shared/ago.ts";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import type { Job } from "@/lib/shared/wire.ts";
import type { BoundedCount } from "./job_board.ts";
import type { JobView, JobWait } from "./job_view.ts";

export const JOB_STATUS_WORDS: Record<Job["status"], string> = {
  queued: "Waiting",
  running: "Running",
  completed: "Done",
  dead: "Failed",
  cancelled: "Cancelled",
};

export const JOB_PRIORITY_WORDS: Record<Job["priority"], string> = {
  interactive: "Before others",
  normal: "Normal",
  bulk: "After others",
};

/** Below this level the time that is left cannot be told. */
const LEAST_LEVEL = 0.03;
const LEAST_ELAPSED_MS = 5_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** "about 14 min left", by how long it took so far; null where nothing can be said. */
export function timeLeft(
  { progress: { value }, startedAt }: Pick<JobView, "progress" | "startedAt">,
  nowMs: number,
): string | null {
  if (startedAt === null || value < LEAST_LEVEL || value >= 1) return null;
  const elapsedMs = nowMs - Date.parse(startedAt);
  if (elapsedMs < LEAST_ELAPSED_MS) return null;
  const leftMs = elapsedMs * (1 - value) / value;
  if (leftMs < MINUTE_MS) return "under a minute left";
  return leftMs < 2 * HOUR_MS
    ? `about ${Math.round(leftMs / MINUTE_MS)} min left`
    : `about ${Math.round(leftMs / HOUR_MS)} h left`;
}

/** How far it is: what the job says of it, or else a share. */
export function progressText(
  { value, message }: Job["progress"],
): string {
  if (message !== "") return message;
  return value === 0 ? "Begun" : `${Math.floor(value * 100)} %`;
}

/** Why it waits, and what comes next, both without a full stop; null: the time at which it begins. */
export function waitWords(
  wait: JobWait,
  { runAt, error, attempt, maxAttempts }: JobView,
  nowMs: number,
): { why: string; next: string | null } {
  const ahead = formatAhead(new Date(runAt), new Date(nowMs));
  switch (wait.why) {
    case "paused":
      return {
        why: "This kind of job is paused",
        next: "Until an admin lets it go on",
      };
    case "retry":
      return {
        why: error ?? "The last attempt failed",
        next: `Attempt ${attempt + 1} of ${maxAttempts} ${
          ahead === "over" ? "any moment" : soon(runAt, nowMs) ?? ahead
        }`,
      };
    case "later":
      return {
        why: ahead === "over" ? "Starts any moment" : `Starts ${ahead}`,
        next: null,
      };
    case "places":
      return {
        why: wait.places === 1
          ? "Another one of its kind goes on"
          : `All ${formatCount(wait.places)} places for its kind are taken`,
        next: inLine(wait.ahead),
      };
    case "turn":
      return { why: "Waits its turn", next: inLine(wait.ahead) };
  }
}

/** "in 12 s" for what is less than a minute away. */
function soon(runAt: string, nowMs: number): string | null {
  const seconds = Math.ceil((Date.parse(runAt) - nowMs) / 1_000);
  return seconds < 60 ? `in ${Math.max(1, seconds)} s` : null;
}

function inLine(ahead: number | null): string {
  if (ahead === null) return "Many are before it";
  return ahead === 0
    ? "Next in line"
    : `${formatPlural(ahead, "job")} before it`;
}

/** What is said aloud when a job has ended: "Export of …: done". */
export function endWords(
  { title, status, error }: Pick<JobView, "title" | "status" | "error">,
): string {
  const word = JOB_STATUS_WORDS[status].toLowerCase();
  return status === "dead" && error
    ? `${title}: ${word}. ${error}`
    : `${title}: ${word}`;
}

const UNITS = ["B", "kB", "MB", "GB"];

/** "1.2 MB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A count that was bounded: "200+". */
export function boundedCount({ count, isMore }: BoundedCount): string {
  return isMore ? `${formatCount(count)}+` : formatCount(count);
}
