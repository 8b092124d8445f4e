/** Points as programs give them, and anomalies as they are told of them. */
import { invalidRequest } from "@/lib/errors.ts";
import type { Point } from "./series.ts";

/** A point that was given, checked. */
export interface GivenPoint extends Point {
  /** As it was given. */
  t: string | number;
  group: string | null;
}

/** From here on a number is in milliseconds since 1970 UTC, below it is in seconds: 1973 and 5138. */
const FIRST_MILLISECOND = 1e11;
/** No date is further from 1970, in milliseconds (ECMA-262 21.4.1.1). */
const LAST_DATE_MS = 8.64e15;
/** Larger values have squares that are no numbers. */
const LARGEST_VALUE = 1e100;
const MOST_GROUP_CHARACTERS = 200;
/** RFC 3339, or a day of UTC. */
const TIME =
  /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?$/;
/** Points after which a pause is offered. */
const PAUSE_EVERY = 2_000;

/**
 * Checks points. Members that are not known are ignored.
 * @throws {AppError} 400 `invalid_request` naming the first point that is wrong
 */
export function* readPoints(
  given: readonly unknown[],
): Generator<void, GivenPoint[]> {
  const points: GivenPoint[] = [];
  for (const [i, each] of given.entries()) {
    points.push(readPoint(each, `points.${i}`));
    if (i % PAUSE_EVERY === 0) yield;
  }
  return points;
}

function readPoint(given: unknown, path: string): GivenPoint {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw invalidRequest(path, "must be an object with t and v");
  }
  const { t, v, group = null } = given as Record<string, unknown>;
  const atMs = timeOf(t);
  if (atMs === null || typeof t !== "string" && typeof t !== "number") {
    throw invalidRequest(
      `${path}.t`,
      "must be a time such as 2026-11-21T14:00:00Z, or seconds or milliseconds since 1970",
    );
  }
  if (typeof v !== "number" || !(Math.abs(v) <= LARGEST_VALUE)) {
    throw invalidRequest(
      `${path}.v`,
      `must be a number from -1e100 to 1e100; leave the point out where there is none`,
    );
  }
  const isGroup = group === null ||
    typeof group === "string" && group.length <= MOST_GROUP_CHARACTERS;
  if (!isGroup) {
    throw invalidRequest(
      `${path}.group`,
      `must be a text of ${MOST_GROUP_CHARACTERS} characters at most`,
    );
  }
  return { t, atMs, value: v, group };
}

function timeOf(t: unknown): number | null {
  let atMs = NaN;
  if (typeof t === "string" && TIME.test(t)) {
    atMs = Date.parse(t.toUpperCase().replace(" ", "T"));
  } else if (typeof t === "number") {
    atMs = Math.abs(t) < FIRST_MILLISECOND ? t * 1_000 : t;
  }
  return Math.abs(atMs) <= LAST_DATE_MS ? atMs : null;
}

/** A time in the form in which a point gave its own. */
export function timeLike({ t, atMs: own }: GivenPoint, atMs: number) {
  if (typeof t === "string") return new Date(atMs).toISOString();
  return t === own ? atMs : atMs / 1_000;
}
