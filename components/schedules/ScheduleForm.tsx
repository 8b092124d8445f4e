import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { ProjectSelect } from "@/components/tasks/TaskFields.tsx";
import WhenFields, { type WhenFieldsProps } from "@/islands/WhenFields.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Project, Schedule } from "@/lib/shared/wire.ts";

export interface ScheduleFormProps {
  /** The schedule that is changed; null: a new one. */
  schedule: Schedule | null;
  form: FormState;
  /** What a new one is known by when it is sent twice. */
  formKey: string;
  when: WhenFieldsProps;
  models: { id: string; label: string }[];
  projects: Pick<Project, "id" | "name">[];
  /** Kinds of jobs that the viewer may have begun. */
  kinds: { kind: string; about: string }[];
}

const INPUT_HINT = "JSON, as the kind wants it; empty for nothing.";

/** Everything of one schedule. It works without a script; see `RepeatChoice`. */
export function ScheduleForm(props: ScheduleFormProps): VNode {
  const { schedule, form: { values, errors }, formKey, when } = props;
  const missed = values.missed ?? schedule?.missed ?? "once";
  return (
    <form
      class="schedule-form stack"
      method="post"
      action={schedule === null
        ? "/schedules/new"
        : `/schedules/${schedule.id}`}
    >
      <input type="hidden" name="action" value="save" />
      {schedule === null
        ? <input type="hidden" name="key" value={formKey} />
        : <input type="hidden" name="version" value={schedule.version} />}
      <FormTrouble message={errors[""]} />
      <FormField id="schedule-name" label="Name" error={errors.name}>
        <input
          class="input"
          id="schedule-name"
          name="name"
          required
          autocomplete="off"
          value={values.name ?? schedule?.name ?? ""}
          {...describe("schedule-name", errors.name)}
        />
      </FormField>
      <WhatFields {...props} />
      <WhenFields {...when} />
      <fieldset class="field">
        <legend class="field-label">If a time is missed</legend>
        <label class="check">
          <input
            type="radio"
            name="missed"
            value="once"
            checked={missed === "once"}
          />
          <span>
            Run once afterwards, however many times were missed
          </span>
        </label>
        <label class="check">
          <input
            type="radio"
            name="missed"
            value="skip"
            checked={missed === "skip"}
          />
          <span>Leave it out and wait for the next time</span>
        </label>
      </fieldset>
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">
          {schedule === null ? "Make schedule" : "Save schedule"}
        </button>
        {schedule === null && <a class="btn" href="/schedules">Cancel</a>}
      </div>
    </form>
  );
}

function WhatFields(props: ScheduleFormProps): VNode {
  const { schedule, form: { values } } = props;
  const what = values.what ?? schedule?.target.type ?? "prompt";
  return (
    <>
      <fieldset class="field schedule-what">
        <legend class="field-label">What</legend>
        <div class="segments">
          <label>
            <input
              type="radio"
              name="what"
              value="prompt"
              checked={what === "prompt"}
            />
            Ask a prompt
          </label>
          <label>
            <input
              type="radio"
              name="what"
              value="job"
              checked={what === "job"}
            />
            Run a job
          </label>
        </div>
      </fieldset>
      <div class="schedule-part" data-what="prompt">
        <PromptFields {...props} />
      </div>
      <div class="schedule-part" data-what="job">
        <JobFields {...props} />
      </div>
    </>
  );
}

function PromptFields(
  { schedule, form: { values, errors }, models, projects }: ScheduleFormProps,
): VNode {
  const target = schedule?.target.type === "prompt" ? schedule.target : null;
  const thread = values.thread ?? target?.thread ?? "new";
  const model = values.model ?? target?.model ?? "";
  return (
    <div class="stack">
      <FormField id="schedule-prompt" label="Prompt" error={errors.prompt}>
        <textarea
          class="input"
          id="schedule-prompt"
          name="prompt"
          rows={5}
          {...describe("schedule-prompt", errors.prompt)}
        >
          {values.prompt ?? target?.prompt ?? ""}
        </textarea>
      </FormField>
      <fieldset class="field">
        <legend class="field-label">Where the answer goes</legend>
        <div class="segments">
          <label>
            <input
              type="radio"
              name="thread"
              value="new"
              checked={thread === "new"}
            />
            A new thread each time
          </label>
          <label>
            <input
              type="radio"
              name="thread"
              value="same"
              checked={thread === "same"}
            />
            One thread for all
          </label>
        </div>
      </fieldset>
      <div class="field-row">
        <FormField id="schedule-model" label="Model">
          <select class="select" id="schedule-model" name="model">
            <option value="">Default</option>
            {model !== "" && !models.some(({ id }) => id === model) && (
              <option value={model} selected>{model}</option>
            )}
            {models.map(({ id, label }) => (
              <option key={id} value={id} selected={id === model}>
                {label}
              </option>
            ))}
          </select>
        </FormField>
        <FormField id="schedule-project" label="Project">
          <ProjectSelect
            projects={projects}
            chosen={values.projectId ?? target?.projectId ?? null}
            id="schedule-project"
            name="projectId"
            none="No project"
          />
        </FormField>
      </div>
    </div>
  );
}

function JobFields(
  { schedule, form: { values, errors }, kinds }: ScheduleFormProps,
): VNode {
  const target = schedule?.target.type === "job" ? schedule.target : null;
  const kind = values.kind ?? target?.kind ?? "";
  const input = target === null || JSON.stringify(target.input) === "{}"
    ? ""
    : JSON.stringify(target.input, null, 2);
  return (
    <div class="stack">
      <FormField id="schedule-kind" label="Kind of job" error={errors.kind}>
        <select
          class="select"
          id="schedule-kind"
          name="kind"
          {...describe("schedule-kind", errors.kind)}
        >
          {kind !== "" && !kinds.some((each) => each.kind === kind) && (
            <option value={kind} selected>{kind}</option>
          )}
          {kinds.map((each) => (
            <option
              key={each.kind}
              value={each.kind}
              selected={each.kind === kind}
            >
              {each.about}
            </option>
          ))}
        </select>
      </FormField>
      <FormField
        id="schedule-input"
        label="Input"
        hint={INPUT_HINT}
        error={errors.input}
      >
        <textarea
          class="input mono"
          id="schedule-input"
          name="input"
          rows={3}
          spellcheck={false}
          {...describe("schedule-input", errors.input, INPUT_HINT)}
        >
          {values.input ?? input}
        </textarea>
      </FormField>
    </div>
  );
}
