/** Words for schedules, alike on the server and in the browser. */
import type { Schedule, ScheduleRun } from "@/lib/shared/wire.ts";
import { formatPlural } from "@/lib/shared/format.ts";

/** `Mon 23 Nov, 07:00`, with the year where it is another one. */
export function formatTime(
  at: string,
  timeZone: string,
  nowMs: number,
): string {
  const moment = new Date(at);
  const yearOf = (date: Date) =>
    new Intl.DateTimeFormat("en", { timeZone, year: "numeric" }).format(date);
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: yearOf(moment) === yearOf(new Date(nowMs)) ? undefined : "numeric",
  }).format(moment).replace(",", "");
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(moment);
  return `${parts}, ${time}`;
}

/** What a run came to, in a word or two, and whether that is good or bad. */
export function runWords(
  run: Pick<ScheduleRun, "kind" | "status">,
): { words: string; tone: "good" | "bad" | "warn" | null } {
  switch (run.kind) {
    case "missed":
      return { words: "Missed", tone: "warn" };
    case "crowded":
      return { words: "Passed over", tone: "warn" };
  }
  switch (run.status) {
    case "completed":
      return { words: "Done", tone: "good" };
    case "dead":
      return { words: "Failed", tone: "bad" };
    case "cancelled":
      return { words: "Cancelled", tone: null };
    case "running":
      return { words: "Running", tone: null };
    case "queued":
      return { words: "Waiting", tone: null };
    case null:
      return { words: "Kept no longer", tone: null };
  }
}

/** What more there is to say of a run; empty: nothing. */
export function runNote({ kind, missed, error, status }: ScheduleRun): string {
  const times = missed >= 100
    ? "100 times or more"
    : formatPlural(missed, "time");
  if (kind === "crowded") return "Ten jobs of it were waiting already.";
  if (kind === "missed") {
    return `Nothing could begin: ${times} passed, and they are left out.`;
  }
  const notes = [
    kind === "manual" ? "Run by hand." : "",
    missed > 0 ? `Stands for ${times} that passed before it, too.` : "",
    status === "dead" && error !== null ? error : "",
  ];
  return notes.filter((note) => note !== "").join(" ");
}

/** What a schedule does, in a word or two. */
export function targetWords({ target }: Pick<Schedule, "target">): string {
  if (target.type === "job") return target.kind;
  return target.thread === "same" ? "Prompt, one thread" : "Prompt";
}
