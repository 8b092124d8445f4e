/** What a cron text means, in words: `every Monday at 07:00`. */
import type { CronField, CronText } from "./cron_text.ts";

const WEEKDAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Times that are listed one by one, at most. */
const MOST_TIMES = 6;

/** Without a capital and a full stop, to stand in a sentence. */
export function cronWords(cron: CronText): string {
  const times = timeWords(cron);
  const days = dayWords(cron);
  const months = monthWords(cron.month);
  if (times.isOften) {
    const limits = [days, months].filter((words) => words !== "");
    return [times.words, ...limits].join(" ");
  }
  const when = [days === "" ? "every day" : asEvery(days), months]
    .filter((words) => words !== "").join(" ");
  return `${when} at ${times.words}`;
}

/** `on Mondays` said at the beginning. */
function asEvery(days: string): string {
  return days.startsWith("on every ") ? days.slice("on ".length) : days;
}

function timeWords(
  { second, minute, hour }: CronText,
): { words: string; isOften: boolean } {
  const hours = hour.values ?? [];
  const minutes = minute.values ?? [];
  const isListed = !hour.isEvery && hour.step === 1 &&
    hours.length * minutes.length <= MOST_TIMES;
  if (isListed) {
    const times = hours.flatMap((h) => minutes.map((m) => clock(h, m, second)));
    return { words: and(times), isOften: false };
  }
  const atSecond = second === 0 ? "" : ` at second ${second}`;
  const within = hourWords(hour);
  if (minute.isEvery) {
    return { words: `every minute${atSecond}${within}`, isOften: true };
  }
  if (minute.step > 1) {
    const words = `every ${minute.step} minutes${atSecond}${within}`;
    return { words, isOften: true };
  }
  const past = minutes.length === 1 && minutes[0] === 0
    ? "on the hour"
    : `at ${and(minutes.map((m) => String(m)))} ${
      minutes.length === 1 && minutes[0] === 1 ? "minute" : "minutes"
    } past`;
  const each = hour.step > 1
    ? `every ${hour.step} hours`
    : hour.isEvery
    ? "every hour"
    : "";
  const words = each === ""
    ? `${past}${within}`
    : `${each}${past === "on the hour" ? "" : ` ${past}`}`;
  return { words: `${words}${atSecond}`, isOften: true };
}

function hourWords(hour: CronField): string {
  if (hour.isEvery) return "";
  if (hour.step > 1) return ` in every ${ordinal(hour.step)} hour`;
  const span = asSpan(hour.values ?? []);
  if (span !== null) {
    return ` from ${clock(span[0], 0)} to ${clock(span[1], 59)}`;
  }
  return ` in the hours ${and((hour.values ?? []).map((h) => clock(h, 0)))}`;
}

function dayWords({ day, weekday }: CronText): string {
  const byDate = day.isEvery ? "" : dateWords(day);
  const byWeekday = weekday.isEvery ? "" : weekdayWords(weekday);
  if (byDate === "" || byWeekday === "") return byDate + byWeekday;
  // Both: either suffices, as cron has always had it.
  return `${byDate} and ${byWeekday}`;
}

function dateWords(day: CronField): string {
  if (day.text === "L") return "on the last day of the month";
  if (day.values === null) return `on the days ${day.text} of the month`;
  if (day.step > 1) return `on every ${ordinal(day.step)} day of the month`;
  const span = asSpan(day.values);
  if (span !== null && day.values.length > 2) {
    return `on the ${ordinal(span[0])} to ${ordinal(span[1])} of the month`;
  }
  return `on the ${and(day.values.map(ordinal))} of the month`;
}

const ORDINAL_WORDS = ["first", "second", "third", "fourth", "fifth"];

function weekdayWords(weekday: CronField): string {
  const { values, text } = weekday;
  if (values === null) {
    const nth = /^(\w{3}|\d)(?:#([1-5])|#?L)$/.exec(text);
    if (nth === null) return `on the days ${text} of the week`;
    const name = WEEKDAYS.findIndex((day, place) =>
      day.slice(0, 3).toUpperCase() === nth[1] || String(place) === nth[1] ||
      (nth[1] === "7" && place === 0)
    );
    const which = nth[2] === undefined
      ? "last"
      : ORDINAL_WORDS[Number(nth[2]) - 1];
    return `on the ${which} ${WEEKDAYS[name]} of the month`;
  }
  if (values.length === 7) return "";
  if (values.join() === "1,2,3,4,5") return "on every weekday";
  if (values.join() === "0,6") return "on every Saturday and Sunday";
  return `on every ${and(mondayFirst(values).map((day) => WEEKDAYS[day]))}`;
}

function monthWords(month: CronField): string {
  if (month.isEvery || month.values?.length === 12) return "";
  if (month.step > 1) return `in every ${ordinal(month.step)} month`;
  return `in ${and((month.values ?? []).map((each) => MONTHS[each - 1]))}`;
}

function mondayFirst(days: readonly number[]): number[] {
  return [...days].sort((a, b) => (a + 6) % 7 - (b + 6) % 7);
}

/** First and last of values without a gap; null: there is one, or a single value. */
function asSpan(values: readonly number[]): [number, number] | null {
  const last = values[values.length - 1];
  return values.length > 1 && last - values[0] === values.length - 1
    ? [values[0], last]
    : null;
}

function clock(hour: number, minute: number, second = 0): string {
  const parts = second === 0 ? [hour, minute] : [hour, minute, second];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function and(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

function ordinal(number: number): string {
  const tens = number % 100;
  const ending = tens >= 11 && tens <= 13
    ? "th"
    : ["th", "st", "nd", "rd"][number % 10] ?? "th";
  return `${number}${ending}`;
}
