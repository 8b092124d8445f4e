/** From when to when a page of usage looks, in the viewer's time zone. */
import type { UsageChoice } from "@/lib/shared/usage/usage_choice.ts";

/** Milliseconds since 1970 UTC; the end is not part of it. */
export interface Span {
  fromMs: number;
  toMs: number;
}

export interface PageSpan extends Span {
  bucket: "hour" | "day";
  /** The equal span before it, as far as this one has gone; null: there is none. */
  before: Span | null;
}

/** What "all" reaches back to; rows are counted by the day for ever. */
const ALL_YEARS = 5;
const MAX_CUSTOM_DAYS = 366 * ALL_YEARS;
/** Up to so many days are shown by the hour. */
const HOURLY_DAYS = 2;
const HOURS = 24;
const DAYS = { "7d": 7, "30d": 30, "90d": 90 } as const;

/** The span of a choice; what is not over ends now. */
export function spanOf(choice: UsageChoice, nowMs: number): PageSpan {
  const { range, timeZone } = choice;
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs)
    .toZonedDateTimeISO(timeZone);
  if (range === "24h") {
    const from = now.round({ smallestUnit: "hour", roundingMode: "floor" })
      .subtract({ hours: HOURS - 1 });
    const back = { hours: HOURS };
    return {
      fromMs: from.epochMilliseconds,
      toMs: nowMs,
      bucket: "hour",
      before: {
        fromMs: from.subtract(back).epochMilliseconds,
        toMs: now.subtract(back).epochMilliseconds,
      },
    };
  }
  if (range === "all") {
    const from = now.startOfDay().subtract({ years: ALL_YEARS });
    return {
      fromMs: from.epochMilliseconds,
      toMs: nowMs,
      bucket: "day",
      before: null,
    };
  }
  return range === "custom"
    ? customSpan(choice, now)
    : lastDays(now, DAYS[range]);
}

function lastDays(now: Temporal.ZonedDateTime, days: number): PageSpan {
  const from = now.startOfDay().subtract({ days: days - 1 });
  return {
    fromMs: from.epochMilliseconds,
    toMs: now.epochMilliseconds,
    bucket: "day",
    before: {
      fromMs: from.subtract({ days }).epochMilliseconds,
      toMs: now.subtract({ days }).epochMilliseconds,
    },
  };
}

function customSpan(
  { fromDay, toDay, timeZone }: UsageChoice,
  now: Temporal.ZonedDateTime,
): PageSpan {
  const today = now.toPlainDate();
  const dayOf = (text: string | null) => {
    const day = text === null ? today : Temporal.PlainDate.from(text);
    return Temporal.PlainDate.compare(day, today) > 0 ? today : day;
  };
  const last = dayOf(toDay);
  const earliest = last.subtract({ days: MAX_CUSTOM_DAYS - 1 });
  const wanted = dayOf(fromDay);
  const first = Temporal.PlainDate.compare(wanted, earliest) < 0
    ? earliest
    : wanted;
  const days = first.until(last, { largestUnit: "days" }).days + 1;
  const from = first.toZonedDateTime(timeZone);
  const end = last.add({ days: 1 }).toZonedDateTime(timeZone);
  const to = Temporal.ZonedDateTime.compare(end, now) > 0 ? now : end;
  return {
    fromMs: from.epochMilliseconds,
    toMs: to.epochMilliseconds,
    bucket: days <= HOURLY_DAYS ? "hour" : "day",
    before: {
      fromMs: from.subtract({ days }).epochMilliseconds,
      toMs: to.subtract({ days }).epochMilliseconds,
    },
  };
}
