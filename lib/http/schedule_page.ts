/** What the pages of schedules show, loaded. */
import { mayActAs } from "@/lib/auth/caller.ts";
import { isZoneName } from "@/lib/schedules/cron_times.ts";
import { readClock } from "@/lib/shared/clock.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import {
  cronOf,
  FIRST_REPEAT,
  isRepeat,
  type RepeatFields,
  repeatOf,
} from "@/lib/shared/schedules/repeat.ts";
import type { Schedule, SchedulePreview } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import { loadChatSetup } from "./chat_page.ts";
import { loadProjects } from "./task_page.ts";

const ALL: PageQuery = { limit: 200, cursor: null };

/** A page of somebody's schedules; with the first one those of the program, for who looks after it. */
export async function loadScheduleBoard(
  { services: { schedules }, caller, space }: State,
  query: PageQuery,
) {
  const seesPrograms = mayActAs(caller, "admin") && query.cursor === null;
  const [own, programs] = await Promise.all([
    schedules.list(space, query),
    seesPrograms ? schedules.list(caller.workspace, ALL) : null,
  ]);
  return {
    items: own.items,
    programs: programs?.items ?? [],
    nextCursor: own.nextCursor,
    nowMs: Date.now(),
  };
}

/** What the form of a schedule needs beside the schedule. */
export async function loadScheduleForm(
  state: State,
  schedule: Schedule | null,
  form: FormState,
  signal: AbortSignal,
) {
  const clock = readClock();
  const fields = fieldsOf(schedule, form);
  const zone = form.values.timeZone ?? schedule?.timeZone;
  const timeZone = zone !== undefined && isZoneName(zone)
    ? zone
    : clock.timeZone;
  const [setup, projects] = await Promise.all([
    loadChatSetup(state, signal),
    loadProjects(state),
  ]);
  return {
    schedule,
    form,
    formKey: newId("req"),
    models: setup.models.map(({ id, label }) => ({ id, label })),
    projects: projects.map(({ id, name }) => ({ id, name })),
    kinds: kindsFor(state),
    when: {
      fields,
      timeZone: zone ?? timeZone,
      hasZone: zone !== undefined,
      zones: Intl.supportedValuesOf("timeZone"),
      preview: previewOf(state, cronOf(fields), timeZone),
      errors: {
        cron: form.errors.cron,
        timeZone: form.errors.timeZone,
      },
      clock,
    },
  };
}

/** What was typed, else what is there. */
function fieldsOf(
  schedule: Schedule | null,
  { values }: FormState,
): RepeatFields {
  const there = schedule === null ? FIRST_REPEAT : repeatOf(schedule.cron);
  const repeat = values.repeat ?? "";
  return {
    repeat: isRepeat(repeat) ? repeat : there.repeat,
    time: values.time ?? there.time,
    minute: values.minute ?? there.minute,
    weekday: values.weekday ?? there.weekday,
    day: values.day ?? there.day,
    cron: values.cron ?? there.cron,
  };
}

function previewOf(
  { services: { schedules } }: State,
  cron: string,
  timeZone: string,
): SchedulePreview | null {
  try {
    return schedules.preview(cron, timeZone);
  } catch {
    // The field says what is wrong with it.
    return null;
  }
}

/** What kinds do, for a choice. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  "usage.report": "Mail a usage report",
  "retention.run": "Remove what is kept no longer",
  "search.rebuild": "Make the search index anew",
  "models.refresh": "Refresh the lists of models",
  "prices.import": "Import prices",
  "thread.export": "Export a thread",
  "workspace.export": "Export everything",
};

function kindsFor({ services: { jobKinds }, caller }: State) {
  const isAdmin = mayActAs(caller, "admin");
  return jobKinds.all.filter(({ isPublic, needs }) =>
    isPublic && (needs === undefined ||
      (isAdmin && (needs === "admin" || caller.isOperator)))
  ).map(({ kind }) => ({
    kind,
    about: KIND_WORDS[kind] === undefined
      ? kind
      : `${KIND_WORDS[kind]} (${kind})`,
  }));
}
