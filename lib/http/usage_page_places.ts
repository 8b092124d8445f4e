/** The stretches of time that a page of usage shows, and what they are called. */
import type { ChartPlace } from "@/lib/shared/chart_parts.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import { type Bucket, bucketStarts } from "@/lib/usage/usage_buckets.ts";

type Unit = UsagePageView["unit"];

/** Up to so many days are shown as days, then weeks, then months. */
const MOST_DAYS = 92;
const MOST_WEEK_DAYS = 400;

export interface Places {
  unit: Unit;
  timeZone: string;
  /** Where each bucket of the report begins, milliseconds since 1970 UTC. */
  starts: number[];
  /** One for each bucket. */
  buckets: ChartPlace[];
  /** Of the large chart: one bucket each, or several. */
  places: ChartPlace[];
  /** Place of the large chart by the beginning of a bucket. */
  placeOf: ReadonlyMap<number, number>;
}

export interface PlacesSpan {
  fromMs: number;
  toMs: number;
  bucket: Bucket;
  timeZone: string;
}

/**
 * The places of a report.
 * @param firstMs the first bucket in which there is something, where those before are to be left out
 */
export function placesOf(
  { fromMs, toMs, bucket, timeZone }: PlacesSpan,
  firstMs: number | null,
): Places {
  const all = bucketStarts(fromMs, toMs, bucket, timeZone);
  const starts = firstMs === null
    ? all
    : all.filter((startMs) => startMs >= firstMs);
  const unit = unitOf(bucket, starts.length);
  const words = new PlaceWords(timeZone, starts);
  const placeOf = new Map<number, number>();
  const places: ChartPlace[] = [];
  let name = "";
  for (const startMs of starts) {
    const next = placeName(startMs, unit, timeZone);
    if (next !== name) places.push(words.place(startMs, unit));
    name = next;
    placeOf.set(startMs, places.length - 1);
  }
  const own = bucket === "hour" ? "hour" : "day";
  return {
    unit,
    timeZone,
    starts,
    buckets: starts.map((startMs) => words.place(startMs, own)),
    places,
    placeOf,
  };
}

function unitOf(bucket: Bucket, count: number): Unit {
  if (bucket !== "day") return "hour";
  if (count <= MOST_DAYS) return "day";
  return count <= MOST_WEEK_DAYS ? "week" : "month";
}

/** The same for all buckets of one place. */
function placeName(startMs: number, unit: Unit, timeZone: string): string {
  if (unit === "hour" || unit === "day") return String(startMs);
  const day = Temporal.Instant.fromEpochMilliseconds(startMs)
    .toZonedDateTimeISO(timeZone).toPlainDate();
  return unit === "month"
    ? `${day.year} ${day.month}`
    : `${day.yearOfWeek} ${day.weekOfYear}`;
}

/** What stretches of time are called; formatters are dear, so that they are made once. */
class PlaceWords {
  readonly #format: (
    atMs: number,
    options: Intl.DateTimeFormatOptions,
  ) => string;
  readonly #year: Intl.DateTimeFormatOptions;

  constructor(timeZone: string, starts: readonly number[]) {
    const formats = new Map<string, Intl.DateTimeFormat>();
    this.#format = (atMs, options) => {
      const name = JSON.stringify(options);
      let format = formats.get(name);
      if (format === undefined) {
        format = new Intl.DateTimeFormat("en-GB", { timeZone, ...options });
        formats.set(name, format);
      }
      return format.format(atMs).replaceAll(",", "");
    };
    const years = new Set(
      [starts[0], starts.at(-1)].filter((each) => each !== undefined)
        .map((atMs) => this.#format(atMs, { year: "numeric" })),
    );
    this.#year = years.size > 1 ? { year: "numeric" } : {};
  }

  place(atMs: number, unit: Unit): ChartPlace {
    const day = this.#format(atMs, {
      day: "numeric",
      month: "short",
      ...this.#year,
    });
    switch (unit) {
      case "hour": {
        const time = this.#format(atMs, {
          hour: "2-digit",
          minute: "2-digit",
          hourCycle: "h23",
        });
        return { label: time, title: `${day}, ${time}` };
      }
      case "day": {
        const weekday = this.#format(atMs, { weekday: "short" });
        const label = this.#format(atMs, { day: "numeric", month: "short" });
        return { label, title: `${weekday} ${day}` };
      }
      case "week":
        return { label: day, title: `Week of ${day}` };
      case "month": {
        const month = this.#format(atMs, { month: "short", year: "numeric" });
        return { label: month, title: month };
      }
    }
  }
}

/** A span of time by its days: `25 Oct to 23 Nov`. */
export function spanWords(
  { fromMs, toMs, timeZone }: Omit<PlacesSpan, "bucket">,
  options: { isHourly?: boolean; isLong?: boolean } = {},
): string {
  const { isHourly = false, isLong = false } = options;
  // What ends at midnight does not reach into the day that begins then.
  const lastMs = Math.max(fromMs, toMs - 1);
  const year = (atMs: number) =>
    new Intl.DateTimeFormat("en", { timeZone, year: "numeric" }).format(atMs);
  const showsYear = isLong || year(fromMs) !== year(lastMs) ||
    year(lastMs) !== year(Date.now());
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: isLong ? "long" : "short",
    year: showsYear ? "numeric" : undefined,
    ...isHourly ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : {},
  });
  const [from, to] = [fromMs, isHourly ? toMs : lastMs].map((atMs) =>
    format.format(atMs)
  );
  return from === to ? from : `${from} to ${to}`;
}
