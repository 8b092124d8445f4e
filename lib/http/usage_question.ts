/** What is asked of usage: `?from&to&bucket&timeZone&groupBy&series&rankBy&times` and values of
 * dimensions. */
import { type Caller, mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import { NONE } from "@/lib/shared/usage/usage_choice.ts";
import {
  type Bucket,
  bucketStarts,
  isTimeZone,
} from "@/lib/usage/usage_buckets.ts";
import {
  USAGE_DIMENSIONS,
  type UsageDimension,
  type UsageQuestion,
} from "@/lib/usage/usage_query.ts";
import { readMoment } from "./moment.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Buckets of one answer. */
const MAX_BUCKETS = 2_000;
/** Values of one dimension. */
const MAX_VALUES = 50;
const MAX_VALUE_CHARACTERS = 256;
const MAX_SERIES = 20;
const DEFAULT_SERIES = 8;
/** Dimensions of which a row may have no value; `none` asks for these. */
const MAY_BE_NONE: readonly UsageDimension[] = ["user", "key", "cache"];
const BUCKETS: readonly Bucket[] = ["minute", "hour", "day"];

const RANKS = ["requests", "cost", "tokens"] as const;
const TIMES = ["all", "totals"] as const;

/**
 * Reads a question. Without a span it is about the last 24 hours; without buckets they fit the span. Only
 * admins may ask about others: everybody else's question is about themselves.
 * @throws {AppError} 400 `invalid_request` that names the parameter
 */
export function readUsageQuestion(
  { searchParams }: URL,
  caller: Caller,
  nowMs: number,
): UsageQuestion {
  const toMs = readMoment("to", searchParams.get("to")) ?? nowMs;
  const fromMs = readMoment("from", searchParams.get("from")) ??
    toMs - DAY_MS;
  if (fromMs >= toMs) throw invalid("from", "must be before to");
  const timeZone = searchParams.get("timeZone") || "UTC";
  if (!isTimeZone(timeZone)) {
    throw invalid("timeZone", "must be an IANA time zone, as Europe/Berlin");
  }
  const bucket = readBucket(searchParams.get("bucket"), toMs - fromMs);
  const most = (toMs - fromMs) / shortest(bucket);
  if (
    most > MAX_BUCKETS + 1 ||
    bucketStarts(fromMs, toMs, bucket, timeZone).length > MAX_BUCKETS
  ) {
    throw invalid("bucket", `must make ${MAX_BUCKETS} buckets at most`);
  }
  const filters: UsageQuestion["filters"] = {};
  for (const dimension of USAGE_DIMENSIONS) {
    const values = searchParams.getAll(dimension).filter(Boolean);
    if (values.length === 0) continue;
    const isTooMuch = values.length > MAX_VALUES ||
      values.some((value) => value.length > MAX_VALUE_CHARACTERS);
    if (isTooMuch) throw invalid(dimension, "has too much in it");
    filters[dimension] = values.map((value) =>
      value === NONE && MAY_BE_NONE.includes(dimension) ? "" : value
    );
  }
  if (!mayActAs(caller, "admin")) filters.user = [caller.user];
  return {
    fromMs,
    toMs,
    bucket,
    timeZone,
    groupBy: readDimension(searchParams.get("groupBy")),
    filters,
    series: readSeries(searchParams.get("series")),
    rankBy: readChoice("rankBy", searchParams.get("rankBy"), RANKS),
    times: readChoice("times", searchParams.get("times"), TIMES),
  };
}

function readBucket(text: string | null, lengthMs: number): Bucket {
  if (!text) {
    if (lengthMs <= 3 * HOUR_MS) return "minute";
    return lengthMs <= 3 * DAY_MS ? "hour" : "day";
  }
  const bucket = BUCKETS.find((each) => each === text);
  if (bucket === undefined) {
    throw invalid("bucket", `must be one of ${BUCKETS}`);
  }
  return bucket;
}

function shortest(bucket: Bucket): number {
  // A day of summer time may have an hour less.
  return bucket === "minute"
    ? 60_000
    : bucket === "hour"
    ? HOUR_MS / 2
    : 22 * HOUR_MS;
}

function readDimension(text: string | null): UsageDimension | null {
  if (!text) return null;
  const dimension = USAGE_DIMENSIONS.find((each) => each === text);
  if (dimension === undefined) {
    throw invalid("groupBy", `must be one of ${USAGE_DIMENSIONS.join(", ")}`);
  }
  return dimension;
}

/** One of some words, the first of them unless told. */
function readChoice<Word extends string>(
  name: string,
  text: string | null,
  words: readonly Word[],
): Word {
  if (!text) return words[0];
  const word = words.find((each) => each === text);
  if (word === undefined) {
    throw invalid(name, `must be one of ${words.join(", ")}`);
  }
  return word;
}

function readSeries(text: string | null): number {
  if (!text) return DEFAULT_SERIES;
  const series = Number(text);
  if (!Number.isInteger(series) || series < 0 || series > MAX_SERIES) {
    throw invalid("series", `must be a whole number from 0 to ${MAX_SERIES}`);
  }
  return series;
}

function invalid(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path} ${message}`,
    errors: [{ path, message }],
  });
}
