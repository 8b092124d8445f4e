import assert from "node:assert/strict";
import fc from "fast-check";
import { rounds } from "@/tests/support/size.ts";
import { CronError, readCron } from "./cron_text.ts";
import { CronTimes } from "./cron_times.ts";
import { cronWords } from "./cron_words.ts";

const WRONG: readonly [string, RegExp][] = [
  ["", /is empty/],
  ["* * * *", /5 fields .* has 4/],
  ["* * * * * * *", /has 7/],
  ["60 * * * *", /^The minute “60” is not from 0 to 59\.$/],
  ["* 24 * * *", /^The hour “24” is not from 0 to 23\.$/],
  ["* * 0 * *", /^The day of the month “0” is not from 1 to 31\.$/],
  ["* * * 13 *", /^The month “13” is not from 1 to 12, or JAN to DEC\.$/],
  [
    "* * * * 8",
    /^The day of the week “8” is not from 0 to 7, or SUN to SAT\.$/,
  ],
  ["* * * * MOON", /day of the week “MOON”/],
  ["1, * * * *", /minute “1,” has a comma too many/],
  ["5-1 * * * *", /minute “5-1” goes from 5 back to 1/],
  ["5/5 * * * *", /step without a range; write 5-59\/5/],
  ["*/0 * * * *", /no step from 1 to 60/],
  ["*/5/5 * * * *", /two steps/],
  ["1--2 * * * *", /no number, list or range/],
  ["-5 * * * *", /no number, list or range/],
  ["1.5 * * * *", /minute “1\.5”/],
  ["@reboot", /possible: @hourly, @daily/],
  ["* * * * * *", /once a minute/],
  ["*/20 0 7 * * *", /once a minute/],
  ["0,30 0 7 * * *", /once a minute/],
  ["0 0 31 2 *", /never comes/],
  [`${"1,".repeat(120)}1 * * * *`, /200 characters/],
  ["0 7 * * 1; rm -rf /", /has 8/],
  ["=1+1 7 * * 1", /minute “=1\+1”/],
];

Deno.test("cronTimes: what cannot be read is refused in a sentence that names the field", () => {
  for (const [text, message] of WRONG) {
    assert.throws(
      () => new CronTimes(text, "UTC"),
      (error) => error instanceof CronError && message.test(error.message),
      `“${text}”`,
    );
  }
  for (const zone of ["", "Mars/Olympus", "+01:00", "Europe/Berlin\n", "x y"]) {
    assert.throws(() => new CronTimes("@daily", zone), /time zone/);
  }
});

const WORDS: readonly [string, string][] = [
  ["0 7 * * 1", "every Monday at 07:00"],
  ["0 7 * * MON-FRI", "every weekday at 07:00"],
  ["30 7,19 * * *", "every day at 07:30 and 19:30"],
  ["@daily", "every day at 00:00"],
  ["@hourly", "every hour"],
  ["15 * * * *", "every hour at 15 minutes past"],
  ["* * * * *", "every minute"],
  ["*/15 * * * *", "every 15 minutes"],
  [
    "*/15 8-17 * * 1-5",
    "every 15 minutes from 08:00 to 17:59 on every weekday",
  ],
  ["0 */6 * * *", "every 6 hours"],
  ["0 0 1 * *", "on the 1st of the month at 00:00"],
  ["0 9 L * *", "on the last day of the month at 09:00"],
  ["0 9 * * 5#2", "on the second Friday of the month at 09:00"],
  ["0 9 * * FRIL", "on the last Friday of the month at 09:00"],
  ["0 9 1 1 *", "on the 1st of the month in January at 09:00"],
  ["0 9 13 * 5", "on the 13th of the month and on every Friday at 09:00"],
  ["0 9 * * 7,6", "every Saturday and Sunday at 09:00"],
  ["0 9 * * 3,1", "every Monday and Wednesday at 09:00"],
  ["30 0 7 * * 1", "every Monday at 07:00:30"],
  ["  0   7 * *  1 ", "every Monday at 07:00"],
];

Deno.test("cronWords: says what a cron text means", () => {
  for (const [text, words] of WORDS) {
    assert.equal(cronWords(readCron(text)), words, text);
  }
});

function iso(times: number[]): string[] {
  return times.map((at) => new Date(at).toISOString().slice(0, 16));
}

Deno.test("CronTimes: a clock that goes forward skips no daily time, one that goes back repeats none", () => {
  const daily = new CronTimes("30 2 * * *", "Europe/Berlin");
  // 29 March 2026 has no 02:30 there; 25 October has two.
  assert.deepEqual(iso(daily.upcoming(Date.parse("2026-03-28T12:00Z"), 2)), [
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ]);
  assert.deepEqual(iso(daily.upcoming(Date.parse("2026-10-24T12:00Z"), 2)), [
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
});

Deno.test("CronTimes: every half hour is every half hour, also when the clocks change", () => {
  const often = new CronTimes("*/30 * * * *", "Europe/Berlin");
  for (const day of ["2026-03-29", "2026-10-25"]) {
    const times = often.upcoming(Date.parse(`${day}T00:00Z`), 8);
    const gaps = times.slice(1).map((at, place) => at - times[place]);
    assert.deepEqual(new Set(gaps), new Set([30 * 60_000]), day);
  }
});

const fieldOf = (min: number, max: number) =>
  fc.oneof(
    fc.constant("*"),
    fc.integer({ min, max }).map(String),
    fc.integer({ min: 2, max: max - min }).map((step) => `*/${step}`),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map((
      [a, b],
    ) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  );

Deno.test("CronTimes.latest: is the last of the due times that stepping through them finds, in any zone and across clock changes", () => {
  fc.assert(
    fc.property(
      fc.tuple(fieldOf(0, 59), fieldOf(0, 23), fc.constant("*")),
      fc.constantFrom(
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "UTC",
      ),
      fc.constantFrom(
        "2026-03-29",
        "2026-10-25",
        "2026-03-08",
        "2026-11-01",
        "2026-10-04",
        "2026-07-01",
      ),
      fc.integer({ min: 0, max: 40 * 60 }),
      ([minute, hour, day], zone, date, minutes) => {
        const times = new CronTimes(`${minute} ${hour} ${day} * *`, zone);
        const from = Date.parse(`${date}T00:00:00Z`) - 6 * 3_600_000;
        const until = from + minutes * 60_000;
        const all: number[] = [];
        for (let at = times.next(from)!; at <= until; at = times.next(at)!) {
          assert.ok(all.length === 0 || at > all[all.length - 1]);
          all.push(at);
        }
        if (all.length === 0) return;
        assert.equal(times.latest(all[0], until), all.at(-1));
        assert.equal(times.count(all[0], until + 1), Math.min(all.length, 100));
      },
    ),
    { numRuns: rounds(20, 300) },
  );
});
