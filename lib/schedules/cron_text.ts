/**
 * Cron texts, read with our own checks so that what is wrong names its field: minute, hour, day of the
 * month, month, day of the week, and before them at most one second (crontab(5), with the extensions `L`,
 * `W` and `#` of https://croner.56k.guru/usage/pattern/).
 */

/** What a field allows. */
export interface CronField {
  /** As it was written. */
  text: string;
  /** Values in rising order, Sunday as 0; null: it says something that is no list of values (`L`, `15W`). */
  values: readonly number[] | null;
  /** `*`: every value. */
  isEvery: boolean;
  /** Step of `*` + `/n`; 1 where there is none. */
  step: number;
}

/** A cron text that can be read. */
export interface CronText {
  /** With single spaces, as it is kept: `@daily` stays `@daily`. */
  text: string;
  /** Five or six fields, as the library reads them. */
  pattern: string;
  second: number;
  minute: CronField;
  hour: CronField;
  day: CronField;
  month: CronField;
  weekday: CronField;
}

/** A cron text that cannot be read; the message is a sentence for people. */
export class CronError extends Error {
  override readonly name = "CronError";
}

export const MAX_CRON_CHARACTERS = 200;

const NICKNAMES: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

interface Range {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
  /** What else one of its parts may be. */
  special?: RegExp;
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");

const SECOND: Range = { name: "second", min: 0, max: 59 };
const MINUTE: Range = { name: "minute", min: 0, max: 59 };
const HOUR: Range = { name: "hour", min: 0, max: 23 };
const DAY: Range = {
  name: "day of the month",
  min: 1,
  max: 31,
  special: /^(L|([1-9]|[12]\d|3[01])W)$/,
};
const MONTH: Range = { name: "month", min: 1, max: 12, names: MONTHS };
const WEEKDAY: Range = {
  name: "day of the week",
  min: 0,
  max: 7,
  names: WEEKDAYS,
  special: /^([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(#[1-5]|#L|L)$/,
};

/** @throws {CronError} that names the field which cannot be read */
export function readCron(text: string): CronText {
  const tidy = text.trim().replace(/\s+/g, " ");
  if (tidy === "") throw new CronError("The cron text is empty.");
  if (tidy.length > MAX_CRON_CHARACTERS) {
    throw new CronError(
      `The cron text has more than ${MAX_CRON_CHARACTERS} characters.`,
    );
  }
  const pattern = tidy.startsWith("@") ? fromNickname(tidy) : tidy;
  const parts = pattern.toUpperCase().split(" ");
  if (parts.length !== 5 && parts.length !== 6) {
    throw new CronError(
      `A cron text has 5 fields (minute, hour, day of the month, month, day of the week); this one has ${parts.length}.`,
    );
  }
  const second = parts.length === 6 ? readSecond(parts[0]) : 0;
  const [minute, hour, day, month, weekday] = parts.slice(-5);
  return {
    text: tidy,
    pattern: parts.join(" "),
    second,
    minute: readField(MINUTE, minute),
    hour: readField(HOUR, hour),
    day: readField(DAY, day),
    month: readField(MONTH, month),
    weekday: toWeekdays(readField(WEEKDAY, weekday)),
  };
}

function fromNickname(text: string): string {
  const pattern = NICKNAMES[text.toLowerCase()];
  if (pattern !== undefined) return pattern;
  throw new CronError(
    `“${text}” is no such word; possible: ${
      Object.keys(NICKNAMES).join(", ")
    }.`,
  );
}

/** One second in each minute: a schedule begins once a minute at most. */
function readSecond(text: string): number {
  const { values } = readField(SECOND, text);
  if (values?.length === 1) return values[0];
  throw new CronError(
    `The second “${text}” would begin more than once a minute, which is the most; give one second, such as 0, or leave the field out.`,
  );
}

function readField(range: Range, text: string): CronField {
  const values = new Set<number>();
  let isSpecial = false;
  for (const part of text.split(",")) {
    if (range.special?.test(part)) isSpecial = true;
    else for (const value of readPart(range, part, text)) values.add(value);
  }
  const step = /^\*\/(\d+)$/.exec(text);
  return {
    text,
    values: isSpecial ? null : [...values].sort((a, b) => a - b),
    isEvery: text === "*" || text === "*/1",
    step: step === null ? 1 : Number(step[1]),
  };
}

/** The values of `*`, `5`, `MON`, `1-5`, or one of these ranges with a step. */
function readPart(range: Range, part: string, whole: string): number[] {
  const [span, stepText, ...more] = part.split("/");
  if (part === "") throw wrong(range, whole, "has a comma too many");
  if (more.length > 0) throw wrong(range, whole, "has two steps");
  const step = stepText === undefined ? 1 : readStep(range, stepText, whole);
  const { min, max } = range;
  if (span === "*") return everyNth(min, range === WEEKDAY ? 6 : max, step);
  const ends = span.split("-");
  if (ends.length > 2 || ends.some((end) => end === "")) {
    throw wrong(range, whole, "is no number, list or range");
  }
  const [from, to = from] = ends.map((end) => readValue(range, end, whole));
  if (ends.length === 1 && stepText !== undefined) {
    throw wrong(
      range,
      whole,
      `has a step without a range; write ${from}-${max}/${stepText} or */${stepText}`,
    );
  }
  if (to < from) throw wrong(range, whole, `goes from ${from} back to ${to}`);
  return everyNth(from, to, step);
}

function readStep(range: Range, text: string, whole: string): number {
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  const most = range.max - range.min + 1;
  if (step >= 1 && step <= most) return step;
  throw wrong(range, whole, `has no step from 1 to ${most}`);
}

function readValue(range: Range, text: string, whole: string): number {
  const { min, max, names } = range;
  const place = names?.indexOf(text) ?? -1;
  // Months count from 1, days of the week from 0.
  if (place >= 0) return place + min;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  const also = names === undefined ? "" : `, or ${names[0]} to ${names.at(-1)}`;
  throw wrong(range, whole, `is not from ${min} to ${max}${also}`);
}

function everyNth(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

/** 7 is Sunday, as 0. */
function toWeekdays(field: CronField): CronField {
  if (field.values === null) return field;
  const days = new Set(field.values.map((day) => day % 7));
  return { ...field, values: [...days].sort((a, b) => a - b) };
}

function wrong({ name }: Range, text: string, what: string): CronError {
  return new CronError(`The ${name} “${text}” ${what}.`);
}
