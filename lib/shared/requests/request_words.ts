/** Requests in words. */
import type { RequestDetail, RequestRow } from "./request_view.ts";

export type RequestTone = "good" | "warn" | "bad" | undefined;

/** The state of a request as a word, with its tone and its icon. */
export interface RequestWord {
  word: string;
  tone: RequestTone;
  icon: "check" | "retry" | "alert" | "stop" | "right" | null;
}

/** `icon` is null for what runs: it has the line of flow. */
export function stateWord(
  { status, path, cache, httpStatus }: Pick<
    RequestRow,
    "status" | "path" | "cache" | "httpStatus"
  >,
): RequestWord {
  switch (status) {
    case "queued":
    case "running":
      return { word: "Running", tone: undefined, icon: null };
    case "completed":
      if (cache?.startsWith("hit")) {
        return { word: "From cache", tone: "good", icon: "check" };
      }
      if (cache === "joined") {
        return { word: "Joined", tone: "good", icon: "check" };
      }
      if (path === "first") {
        return { word: "Completed", tone: "good", icon: "check" };
      }
      return path === "retried"
        ? { word: "Tried again", tone: "warn", icon: "retry" }
        : { word: "Fell back", tone: "warn", icon: "retry" };
    case "cancelled":
      return { word: "Stopped", tone: undefined, icon: "stop" };
    case "attached":
      return { word: "Attached", tone: undefined, icon: "right" };
    case "refused":
      return { word: `Refused, ${httpStatus}`, tone: "bad", icon: "alert" };
    case "interrupted":
      return { word: "Broken off", tone: "bad", icon: "alert" };
    default:
      return { word: "Failed", tone: "bad", icon: "alert" };
  }
}

/** `4 ms`, `840 ms`, `6.31 s`, `12.4 s`, `2 min 5 s`. */
export function formatSpan(milliseconds: number): string {
  const { figure, unit } = spanParts(milliseconds);
  return `${figure} ${unit}`;
}

/** The same in two parts, where the unit is set apart. */
export function spanParts(ms: number): { figure: string; unit: string } {
  if (ms < 0.95) return { figure: ms < 0.05 ? "0" : ms.toFixed(1), unit: "ms" };
  if (ms < 999.5) return { figure: String(Math.round(ms)), unit: "ms" };
  const seconds = ms / 1_000;
  if (seconds < 9.995) return { figure: seconds.toFixed(2), unit: "s" };
  if (seconds < 99.95) return { figure: seconds.toFixed(1), unit: "s" };
  const whole = Math.round(seconds);
  return { figure: `${Math.floor(whole / 60)} min ${whole % 60}`, unit: "s" };
}

/** A request in one sentence: what was tried, and what came of it. */
export function sentenceOf(request: RequestDetail): string {
  const { status, attempts, cache, httpStatus, path, provider } = request;
  const failures = attempts.filter(({ outcome }) => outcome === "failed");
  const before = failures.length === 0 || status === "failed"
    ? ""
    : `${
      failures.length === 1 ? "Failed once" : `Failed ${failures.length} times`
    }, ${
      path === "fell-back" ? `fell back to ${provider}` : "tried again"
    }, then `;
  switch (status) {
    case "queued":
    case "running":
      return "Goes on. What is known of it by now is below.";
    case "completed":
      if (cache?.startsWith("hit")) {
        return "Answered from the cache; no model was asked.";
      }
      if (cache === "joined") {
        return "Joined an answer to the same question that was on its way.";
      }
      return before === ""
        ? `Completed at the first try${provider ? ` by ${provider}` : ""}.`
        : `${before}completed.`;
    case "cancelled":
      return before === ""
        ? "Stopped before its end; what had arrived was kept and billed."
        : `${before}stopped.`;
    case "attached":
      return "Attached to the run of an earlier request; that one has the tokens and the cost.";
    case "interrupted":
      return "Broken off when its process ended; it goes on only if asked.";
    case "refused":
      return `Refused with ${httpStatus} before a model was asked.`;
    default:
      return failures.length > 1
        ? `Failed after ${failures.length} tries.`
        : "Failed; no other try was left.";
  }
}

/** What became of a try, in words. */
export function tryWord(outcome: string, error: string | null): string {
  switch (outcome) {
    case "completed":
      return "Completed";
    case "cancelled":
      return "Stopped";
    case "running":
      return "Running";
    default:
      return error === null ? "Failed" : codeWords(error);
  }
}

/** A code such as `provider_timeout` as words: `Provider timeout`. */
export function codeWords(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What the cache had to do with it. */
export function cacheWords(cache: string): string {
  switch (cache) {
    case "hit-l1":
      return "hit in memory";
    case "hit-l2":
      return "hit in the store";
    case "joined":
      return "joined an answer on its way";
    case "bypass":
      return "not asked";
    default:
      return cache;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** A formatter costs more than all that it formats. */
function formatIn(
  timeZone: string,
  kind: "clock" | "day",
): Intl.DateTimeFormat {
  const name = `${kind} ${timeZone}`;
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(
      "en-GB",
      kind === "day" ? { timeZone, day: "numeric", month: "short" } : {
        timeZone,
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        fractionalSecondDigits: 3,
        hourCycle: "h23",
      },
    );
    formats.set(name, format);
  }
  return format;
}

/** Time of day to the millisecond, with its day where that is not today's. */
export function formatClock(
  at: string,
  { nowMs, timeZone }: { nowMs: number; timeZone: string },
): string {
  const moment = new Date(at);
  const clock = formatIn(timeZone, "clock").format(moment);
  const days = formatIn(timeZone, "day");
  const day = days.format(moment);
  return day === days.format(new Date(nowMs)) ? clock : `${day}, ${clock}`;
}
