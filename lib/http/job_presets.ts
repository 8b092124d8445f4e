/** Jobs that a person begins from the page of jobs: those that take no words. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { AppError } from "@/lib/errors.ts";
import type { JobPreset } from "@/lib/shared/jobs/job_preset.ts";
import type { State } from "@/utils.ts";
import { mayBegin } from "./job_access.ts";

interface Preset extends JobPreset {
  input: unknown;
  /** Whether it makes sense here; always unless told. */
  isHere?: (state: State) => boolean;
}

const PRESETS: readonly Preset[] = [
  {
    kind: "workspace.export",
    input: {},
    title: "Export all you have here",
    text: "Threads, projects and tasks of yours, as one archive.",
  },
  {
    kind: "search.rebuild",
    input: { scope: "own" },
    title: "Make your search index anew",
    text: "For when a search misses what is there.",
  },
  {
    kind: "usage.report",
    input: { range: "last-7-days", recipients: "me" },
    title: "Mail a report of what was used",
    text: "The last 7 days of the workspace, to you.",
    isHere: ({ services: { mailer } }) => mailer.isOn,
  },
  {
    kind: "members.export",
    input: {},
    title: "Export what everyone has",
    text: "All that people have in the workspace, as one archive.",
    isHere: ({ caller: { mode } }) => mode !== "local",
  },
  {
    kind: "models.refresh",
    input: {},
    title: "Ask providers for their models",
    text: "For when a new model is not offered yet.",
  },
  {
    kind: "retention.run",
    input: {},
    title: "Remove what is kept no longer",
    text: "What a sweep would remove by and by.",
  },
];

function presetsFor(state: State): Preset[] {
  return PRESETS.filter(({ kind, isHere }) =>
    mayBegin(state, kind) && (isHere?.(state) ?? true)
  );
}

/** What the caller may begin. */
export function jobPresets(state: State): JobPreset[] {
  return presetsFor(state).map(({ kind, title, text }) => ({
    kind,
    title,
    text,
  }));
}

/**
 * Begins a job, or finds the one that goes on already.
 * @returns its id
 * @throws {AppError} 400 `invalid_request` for what is not offered
 */
export async function beginPreset(state: State, kind: string): Promise<string> {
  const preset = presetsFor(state).find((each) => each.kind === kind);
  if (preset === undefined) {
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "This job is not offered here.",
    });
  }
  const { services: { jobs }, caller, space } = state;
  const { job } = await jobs.enqueue(space, {
    kind,
    input: preset.input,
    dedupKey: "begun on the page of jobs",
    askedBy: storedCaller(caller),
  });
  return job.id;
}
