import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { TaskRow } from "@/lib/shared/task_rows.ts";
import {
  isTaskStatus,
  TASK_STATUS_WORDS,
  TASK_STATUSES,
} from "@/lib/shared/task_status.ts";
import type { Project } from "@/lib/shared/wire.ts";
import { ProjectSelect, TaskFields } from "./TaskFields.tsx";

export interface TaskEditorProps {
  row: TaskRow;
  form: FormState;
  projects: Pick<Project, "id" | "name">[];
  back: string;
  clock: Clock;
}

/** Everything of one task, to be changed. */
export function TaskEditor(
  { row: { task, thread }, form, projects, back, clock }: TaskEditorProps,
): VNode {
  const { values, errors } = form;
  const typed = values.status ?? null;
  const chosen = isTaskStatus(typed) ? typed : task.status;
  return (
    <form class="task-editor stack" method="post" action="/tasks">
      <input type="hidden" name="action" value="save" />
      <input type="hidden" name="id" value={task.id} />
      <input type="hidden" name="version" value={task.version} />
      <input type="hidden" name="back" value={back} />
      <FormTrouble message={errors[""]} />
      <FormField id="task-title" label="Title" error={errors.title}>
        <input
          class="input"
          id="task-title"
          name="title"
          required
          autocomplete="off"
          value={values.title ?? task.title}
          {...describe("task-title", errors.title)}
        />
      </FormField>
      <div class="field-row">
        <fieldset class="field">
          <legend class="field-label">Status</legend>
          <div class="segments">
            {TASK_STATUSES.map((status) => (
              <label key={status}>
                <input
                  type="radio"
                  name="status"
                  value={status}
                  checked={status === chosen}
                />
                {TASK_STATUS_WORDS[status]}
              </label>
            ))}
          </div>
        </fieldset>
        <FormField id="task-project" label="Project">
          <ProjectSelect
            projects={projects}
            chosen={values.projectId ?? task.projectId}
            id="task-project"
            name="projectId"
            none="No project"
          />
        </FormField>
      </div>
      <TaskFields
        form={form}
        notes={task.notes}
        tags={task.tags}
        dueAt={task.dueAt}
        clock={clock}
      />
      {thread !== null && (
        <p class="hint">
          Made from the thread <a href={`/c/${thread.id}`}>{thread.title}</a>.
        </p>
      )}
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Save task</button>
        <a class="btn" href={back}>Cancel</a>
      </div>
    </form>
  );
}
