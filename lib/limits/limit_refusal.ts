/** How whoever asks is told that a limit is reached, and how much is left of it. */
import { AppError } from "@/lib/errors.ts";
import { formatCount } from "@/lib/shared/format.ts";
import { type EffectiveLimit, limitWords, type Measure } from "./policies.ts";
import { KIND_NAMES } from "./subjects.ts";

/** What is left of a limit, for headers. */
export interface LimitRest {
  readonly limit: EffectiveLimit;
  readonly remaining: number;
  /** Milliseconds until all of it is free again if nobody asks. */
  readonly resetMs: number;
}

/** "this key", "the group …": whom a limit counts, for the one who meets it. */
function whose({ subject, subjectKind }: EffectiveLimit): string {
  if (subjectKind === "user") return "you";
  if (subjectKind === "model") {
    return `the model “${subject.slice("model:".length)}”`;
  }
  return subjectKind === "group"
    ? "your group"
    : `this ${KIND_NAMES[subjectKind]}`;
}

function seconds(milliseconds: number): number {
  return Math.max(Math.ceil(milliseconds / 1_000), 1);
}

function inWords(wholeSeconds: number): string {
  if (wholeSeconds < 120) {
    return wholeSeconds === 1 ? "1 second" : `${wholeSeconds} seconds`;
  }
  const minutes = Math.ceil(wholeSeconds / 60);
  return minutes < 120
    ? `${minutes} minutes`
    : `${Math.ceil(minutes / 60)} hours`;
}

/**
 * 429 `rate_limit_exceeded`: which limit, and when to try again.
 * @param retryMs null: it never can be, since more is asked than the whole limit
 */
export function limitExceeded(
  limit: EffectiveLimit,
  amount: number,
  retryMs: number | null,
  headers: Record<string, string>,
): AppError {
  const { kind, policy } = limit;
  const whole = `${limitWords(limit)} for ${whose(limit)}`;
  const extra = {
    limit: {
      subject: limit.subject,
      policy: policy.name,
      field: kind.field,
      limit: limit.limit,
    },
  };
  if (retryMs === null) {
    const message = limit.limit === 0
      ? `The limit is ${whole}, so none can be made.`
      : `The limit is ${whole}, and this asks for up to ${
        formatCount(amount)
      }. Ask for less, or set a lower bound for the answer.`;
    return new AppError({
      status: 429,
      code: "rate_limit_exceeded",
      message,
      headers,
      extra,
    });
  }
  const retryAfter = seconds(retryMs);
  const message = kind.measure === "runs"
    ? `The limit of ${whole} is reached. Try again when one of them has ended.`
    : `The limit of ${whole} is reached. Try again in ${inWords(retryAfter)}.`;
  return new AppError({
    status: 429,
    code: "rate_limit_exceeded",
    message,
    retryable: true,
    headers: { ...headers, "retry-after": String(retryAfter) },
    extra: { ...extra, retryAfter },
  });
}

/** A duration as OpenAI's API has it: `6m0s`, `1.5s`, `20ms`. */
export function resetText(milliseconds: number): string {
  const whole = Math.ceil(milliseconds);
  if (whole < 1_000) return `${whole}ms`;
  if (whole < 60_000) return `${Math.ceil(whole / 10) / 100}s`;
  const all = Math.ceil(whole / 1_000);
  const hours = Math.floor(all / 3_600);
  const minutes = Math.floor(all % 3_600 / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${all % 60}s`;
}

/**
 * `x-ratelimit-…` as OpenAI's API has them
 * (https://platform.openai.com/docs/guides/rate-limits): of several limits on the same thing the one of
 * which least is left.
 */
export function rateHeaders(
  rests: readonly LimitRest[],
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const measure of ["requests", "tokens"] satisfies Measure[]) {
    let least: LimitRest | null = null;
    for (const rest of rests) {
      if (rest.limit.kind.measure !== measure) continue;
      if (least === null || rest.remaining < least.remaining) least = rest;
    }
    if (least === null) continue;
    headers[`x-ratelimit-limit-${measure}`] = String(least.limit.limit);
    headers[`x-ratelimit-remaining-${measure}`] = String(
      Math.floor(least.remaining),
    );
    headers[`x-ratelimit-reset-${measure}`] = resetText(least.resetMs);
  }
  return headers;
}
