import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import DueField from "@/islands/DueField.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { MAX_TASK_TAGS } from "@/lib/shared/tag_names.ts";
import type { Project } from "@/lib/shared/wire.ts";

export interface ProjectSelectProps {
  projects: Pick<Project, "id" | "name">[];
  chosen: string | null;
  id: string;
  name: string;
  /** Words for no choice. */
  none: string;
}

/** One of the projects, or none. */
export function ProjectSelect(
  { projects, chosen, id, name, none }: ProjectSelectProps,
): VNode {
  return (
    <select class="select" id={id} name={name}>
      <option value="">{none}</option>
      {projects.map((project) => (
        <option
          key={project.id}
          value={project.id}
          selected={project.id === chosen}
        >
          {project.name}
        </option>
      ))}
    </select>
  );
}

export interface TaskFieldsProps {
  form: FormState;
  /** Values of the task that is edited. */
  notes: string;
  tags: string[];
  dueAt: string | null;
  clock: Clock;
}

const TAGS_HINT = `Parted by commas, at most ${MAX_TASK_TAGS}.`;

/** Notes, tags and due date, as new and edited tasks have them. */
export function TaskFields(
  { form: { values, errors }, notes, tags, dueAt, clock }: TaskFieldsProps,
): VNode {
  return (
    <>
      <FormField id="task-notes" label="Notes" error={errors.notes}>
        <textarea
          class="input"
          id="task-notes"
          name="notes"
          rows={4}
          {...describe("task-notes", errors.notes)}
        >
          {values.notes ?? notes}
        </textarea>
      </FormField>
      <div class="field-row">
        <FormField
          id="task-tags"
          label="Tags"
          hint={TAGS_HINT}
          error={errors.tags}
        >
          <input
            class="input"
            id="task-tags"
            name="tags"
            autocomplete="off"
            value={values.tags ?? tags.join(", ")}
            {...describe("task-tags", errors.tags, TAGS_HINT)}
          />
        </FormField>
        <DueField
          dueAt={dueAt}
          typed={values.due}
          error={errors.dueAt}
          clock={clock}
        />
      </div>
    </>
  );
}
