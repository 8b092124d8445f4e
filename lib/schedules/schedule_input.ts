/** What a caller may ask of a schedule, checked. */
import * as z from "zod";
import { CronError, MAX_CRON_CHARACTERS, readCron } from "./cron_text.ts";
import { cronTimes, isZoneName } from "./cron_times.ts";

export const MAX_SCHEDULE_NAME_CHARACTERS = 100;

/** Longest prompt of a schedule, in UTF-16 code units; the record fits into one value of the store. */
export const MAX_PROMPT_CHARACTERS = 10_000;

const MAX_MODEL_CHARACTERS = 200;
const MAX_KIND_CHARACTERS = 60;

const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9A-Za-z]{22}$`), {
    error: `must be an id that begins with ${prefix}_`,
  });

const name = z.string().trim()
  .min(1, { error: "must not be empty" })
  .max(MAX_SCHEDULE_NAME_CHARACTERS, {
    error: `must have at most ${MAX_SCHEDULE_NAME_CHARACTERS} characters`,
  });

const cron = z.string().max(2 * MAX_CRON_CHARACTERS).superRefine(
  (text, context) => {
    try {
      // Whether it is ever due shows in any zone.
      cronTimes(text, "UTC");
    } catch (error) {
      if (!(error instanceof CronError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  },
).transform((text) => readCron(text).text);

const timeZone = z.string().refine(isZoneName, {
  error: "must be the name of a time zone, such as Europe/Berlin or UTC",
});

const missed = z.enum(["skip", "once"], {
  error: "must be skip or once",
});

const promptTarget = z.strictObject({
  type: z.literal("prompt"),
  prompt: z.string()
    .refine((text) => text.trim() !== "", { error: "must not be empty" })
    .max(MAX_PROMPT_CHARACTERS, {
      error: `must have at most ${
        MAX_PROMPT_CHARACTERS.toLocaleString("en")
      } characters`,
    }),
  model: z.string().min(1).max(MAX_MODEL_CHARACTERS).nullable().default(null),
  thread: z.enum(["new", "same"], { error: "must be new or same" })
    .default("new"),
  projectId: id("prj").nullable().default(null),
});

const jobTarget = z.strictObject({
  type: z.literal("job"),
  kind: z.string().min(1).max(MAX_KIND_CHARACTERS),
  input: z.unknown().default({}),
});

const target = z.discriminatedUnion("type", [promptTarget, jobTarget], {
  error: "must be a prompt or a job",
});

export const newScheduleSchema = z.strictObject({
  name,
  cron,
  timeZone: timeZone.optional(),
  missed: missed.default("once"),
  target,
  paused: z.boolean().default(false),
});

export const schedulePatchSchema = z.strictObject({
  name: name.optional(),
  cron: cron.optional(),
  timeZone: timeZone.optional(),
  missed: missed.optional(),
  target: target.optional(),
  paused: z.boolean().optional(),
});

/** A schedule that is wanted. Without a time zone it is in that of the server. */
export type NewSchedule = z.output<typeof newScheduleSchema>;
export type SchedulePatch = z.output<typeof schedulePatchSchema>;
