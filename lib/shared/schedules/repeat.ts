/** How often something is done, as people choose it, and as cron text. */

export const REPEATS = [
  "hour",
  "day",
  "weekdays",
  "week",
  "month",
  "cron",
] as const;

export type Repeat = typeof REPEATS[number];

export const REPEAT_WORDS: Record<Repeat, string> = {
  hour: "Hourly",
  day: "Daily",
  weekdays: "Weekdays",
  week: "Weekly",
  month: "Monthly",
  cron: "Cron text",
};

/** Monday first; the places are those of cron, where Sunday is 0. */
export const WEEKDAYS = [
  [1, "Monday"],
  [2, "Tuesday"],
  [3, "Wednesday"],
  [4, "Thursday"],
  [5, "Friday"],
  [6, "Saturday"],
  [0, "Sunday"],
] as const;

/** What a form asks beside the repeat; each repeat reads what it needs of it. */
export interface RepeatFields {
  repeat: Repeat;
  /** `07:00`. */
  time: string;
  /** Minute of each hour, 0 to 59. */
  minute: string;
  /** 0 (Sunday) to 6. */
  weekday: string;
  /** Day of the month, 1 to 28, or `L`: the last. */
  day: string;
  cron: string;
}

export const FIRST_REPEAT: RepeatFields = {
  repeat: "weekdays",
  time: "07:00",
  minute: "0",
  weekday: "1",
  day: "1",
  cron: "",
};

export function isRepeat(text: string): text is Repeat {
  return REPEATS.some((repeat) => repeat === text);
}

/** The cron text of what was chosen; what is no time gives a text that the server refuses by name. */
export function cronOf(fields: RepeatFields): string {
  const { repeat, time, minute, weekday, day, cron } = fields;
  const [hour = "", past = ""] = time.split(":");
  const at = `${bare(past)} ${bare(hour)}`;
  switch (repeat) {
    case "hour":
      return `${bare(minute)} * * * *`;
    case "day":
      return `${at} * * *`;
    case "weekdays":
      return `${at} * * 1-5`;
    case "week":
      return `${at} * * ${weekday}`;
    case "month":
      return `${at} ${day} * *`;
    case "cron":
      return cron;
  }
}

/** Without zeros before it; an empty text stays one that nobody takes for a time. */
function bare(text: string): string {
  const digits = text.trim().replace(/^0+(?=\d)/, "");
  return digits === "" ? "?" : digits.replaceAll(/\s+/g, "");
}

/** What a person would have chosen for a cron text. */
export function repeatOf(cron: string): RepeatFields {
  const hourly = /^(\d+) \* \* \* \*$/.exec(cron);
  if (hourly !== null) {
    return { ...FIRST_REPEAT, repeat: "hour", minute: hourly[1], cron };
  }
  const daily = /^(\d+) (\d+) (\S+) \* (\S+)$/.exec(cron);
  if (daily !== null) {
    const [, minute, hour, day, weekday] = daily;
    const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
    const fields = { ...FIRST_REPEAT, time, cron };
    if (day === "*" && weekday === "*") return { ...fields, repeat: "day" };
    if (day === "*" && weekday === "1-5") {
      return { ...fields, repeat: "weekdays" };
    }
    if (day === "*" && /^[0-6]$/.test(weekday)) {
      return { ...fields, repeat: "week", weekday };
    }
    if (weekday === "*" && /^(L|[1-9]|1\d|2[0-8])$/.test(day)) {
      return { ...fields, repeat: "month", day };
    }
  }
  return { ...FIRST_REPEAT, repeat: "cron", cron };
}
