/** Lengths of time in which usage is shown, as the viewer's time zone has them. */

/** How long each of them is. */
export type Bucket = "minute" | "hour" | "day";

const MINUTE_MS = 60_000;

/** Whether a name is one of a time zone (IANA) that this server knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Where the buckets of a span of time begin, oldest first: the first at its beginning, each other one at
 * a full minute, hour or day of the time zone, summer time or not. Milliseconds since 1970 UTC.
 */
export function bucketStarts(
  fromMs: number,
  toMs: number,
  bucket: Bucket,
  timeZone: string,
): number[] {
  const starts = [fromMs];
  for (
    let next = nextStart(fromMs, bucket, timeZone);
    next < toMs;
    next = nextStart(next, bucket, timeZone)
  ) starts.push(next);
  return starts;
}

/** The first beginning of a bucket after a moment. */
function nextStart(atMs: number, bucket: Bucket, timeZone: string): number {
  if (bucket === "minute") return atMs - atMs % MINUTE_MS + MINUTE_MS;
  const at = Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(timeZone);
  const next = bucket === "day"
    ? at.toPlainDate().add({ days: 1 }).toZonedDateTime({ timeZone })
    : at.round({ smallestUnit: "hour", roundingMode: "floor" })
      .add({ hours: 1 });
  return next.epochMilliseconds;
}

/** The beginning of the bucket that a moment is in. */
export function startOfBucket(
  atMs: number,
  bucket: Bucket,
  timeZone: string,
): number {
  if (bucket === "minute") return atMs - atMs % MINUTE_MS;
  const at = Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(timeZone);
  return bucket === "day"
    ? at.startOfDay().epochMilliseconds
    : at.round({ smallestUnit: "hour", roundingMode: "floor" })
      .epochMilliseconds;
}
