/** The forms of the pages of schedules, as they come without a script. */
import {
  newScheduleSchema,
  schedulePatchSchema,
} from "@/lib/schedules/schedule_input.ts";
import { AppError } from "@/lib/errors.ts";
import { readClock } from "@/lib/shared/clock.ts";
import {
  cronOf,
  FIRST_REPEAT,
  isRepeat,
  type RepeatFields,
} from "@/lib/shared/schedules/repeat.ts";
import type { State } from "@/utils.ts";
import { requireJobKind } from "./job_access.ts";
import { scheduleSpace } from "./schedule_access.ts";
import {
  acceptVersion,
  attemptForm,
  formKey,
  FormRefused,
  parseForm,
  withParameter,
} from "./task_form.ts";

/** Largest form: the longest prompt, percent-encoded. */
export const MAX_SCHEDULE_FORM_BYTES = 120_000;

/** Where a form may lead back to: the pages that hold it. */
const BACK = /^\/schedules(\/sch_[0-9A-Za-z]{22})?(\?[^\s\\#]*)?$/;

/** What was just done, by the query's `done`. */
export const SCHEDULE_DONE: Readonly<Record<string, string>> = {
  added: "Schedule made",
  saved: "Schedule saved",
  paused: "Schedule paused",
  resumed: "Schedule resumed",
  ran: "Schedule begun",
  deleted: "Schedule deleted",
};

/** What a form says of when. */
export function repeatIn(form: URLSearchParams): RepeatFields {
  const repeat = form.get("repeat") ?? "";
  const text = (name: keyof RepeatFields) =>
    form.get(name) ?? FIRST_REPEAT[name];
  return {
    repeat: isRepeat(repeat) ? repeat : "cron",
    time: text("time"),
    minute: text("minute"),
    weekday: text("weekday"),
    day: text("day"),
    cron: text("cron"),
  };
}

function inputIn(form: URLSearchParams): Record<string, unknown> {
  const text = (name: string) =>
    (form.get(name) ?? "").replaceAll("\r\n", "\n");
  const target = form.get("what") === "job"
    ? { type: "job", kind: text("kind"), input: jobInput(form) }
    : {
      type: "prompt",
      prompt: text("prompt"),
      model: text("model") || null,
      thread: text("thread") || "new",
      projectId: text("projectId") || null,
    };
  return {
    name: text("name"),
    cron: cronOf(repeatIn(form)),
    timeZone: text("timeZone") || readClock().timeZone,
    missed: text("missed") || "once",
    target,
  };
}

/** @throws {FormRefused} for a text that is no JSON */
function jobInput(form: URLSearchParams): unknown {
  const text = (form.get("input") ?? "").trim();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw refused(form, 400, {
      input: 'Must be JSON, such as {"range": "last-week"}',
    });
  }
}

function refused(
  form: URLSearchParams,
  status: number,
  errors: Record<string, string>,
): FormRefused {
  return new FormRefused(status, {
    values: Object.fromEntries(form),
    errors,
  });
}

/**
 * Makes or changes a schedule as a form says.
 * @param id of the one that is changed; null: a new one
 * @returns where to go next
 * @throws {FormRefused} when what was typed cannot be accepted
 */
export async function saveSchedule(
  state: State,
  form: URLSearchParams,
  id: string | null,
): Promise<string> {
  const { services: { schedules }, space } = state;
  const input = inputIn(form);
  if (id === null) {
    const wanted = checked(
      form,
      () => parseForm(newScheduleSchema, input, form),
    );
    return await attemptForm(form, async () => {
      requireTarget(state, wanted.target);
      const key = formKey(form, wanted);
      const made = await schedules.create(space, wanted, key);
      return `/schedules/${made.id}?done=added`;
    });
  }
  const patch = checked(
    form,
    () => parseForm(schedulePatchSchema, input, form),
  );
  return await attemptForm(form, async () => {
    const target = patch.target;
    if (target !== undefined) requireTarget(state, target);
    await schedules.update(
      await scheduleSpace(state, id),
      id,
      patch,
      acceptVersion(form),
    );
    return `/schedules/${id}?done=saved`;
  });
}

/**
 * Checks that a caller may have done what a schedule is to do.
 * @throws {AppError} as `requireJobKind`
 */
export function requireTarget(
  state: State,
  target: { type: "prompt" } | { type: "job"; kind: string; input: unknown },
): void {
  if (target.type === "job") {
    requireJobKind(state, target.kind, target.input);
  }
}

/** Errors of what is within the target stand under the field that says it. */
function checked<T>(form: URLSearchParams, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormRefused)) throw error;
    const { target, ...errors } = error.form.errors;
    if (target !== undefined) {
      errors[form.get("what") === "job" ? "kind" : "prompt"] = target;
    }
    throw new FormRefused(error.status, { ...error.form, errors });
  }
}

/**
 * Does what a button of a list or a page of schedules asks for.
 * @returns where to go next
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnSchedule(
  state: State,
  form: URLSearchParams,
): Promise<string> {
  const { services: { schedules } } = state;
  const id = form.get("id") ?? "";
  const space = await scheduleSpace(state, id);
  const there = form.get("back") ?? "";
  const back = BACK.test(there) ? there : "/schedules";
  const any = () => {};
  switch (form.get("action")) {
    case "pause":
      await schedules.update(space, id, { paused: true }, any);
      return withParameter(back, "done", "paused");
    case "resume":
      await schedules.update(space, id, { paused: false }, any);
      return withParameter(back, "done", "resumed");
    case "run":
      await schedules.run(space, id);
      return withParameter(back, "done", "ran");
    case "delete":
      await schedules.delete(space, id, acceptVersion(form));
      return withParameter("/schedules", "done", "deleted");
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
