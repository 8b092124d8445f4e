import type { VNode } from "preact";
import { describe, FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Project } from "@/lib/shared/wire.ts";
import { ProjectSelect, TaskFields } from "./TaskFields.tsx";

export interface NewTaskProps {
  form: FormState;
  projects: Pick<Project, "id" | "name">[];
  /** Project the task is for; on a project's own page there is no choice. */
  projectId: string | null;
  isInProject: boolean;
  back: string;
  clock: Clock;
  /** Sent with the form, so that sending it twice makes one task. */
  formKey: string;
}

/** One line that makes a task; the rest opens when it is wanted. */
export function NewTask(props: NewTaskProps): VNode {
  const { form, projects, projectId, isInProject, back, clock } = props;
  const { values, errors } = form;
  const isOpen = ["notes", "tags", "dueAt"].some((name) => name in errors) ||
    [values.notes, values.tags, values.due].some(Boolean);
  return (
    <form class="task-new" method="post" action="/tasks" aria-label="New task">
      <input type="hidden" name="action" value="add" />
      <input type="hidden" name="back" value={back} />
      <input type="hidden" name="key" value={props.formKey} />
      <FormTrouble message={errors[""]} />
      <div class="task-line" data-plain={isInProject ? "true" : undefined}>
        <label class="sr" for="new-title">Title</label>
        <input
          class="input"
          id="new-title"
          name="title"
          placeholder="What is to be done"
          autocomplete="off"
          required
          value={values.title}
          {...describe("new-title", errors.title)}
        />
        {isInProject
          ? <input type="hidden" name="projectId" value={projectId ?? ""} />
          : (
            <>
              <label class="sr" for="new-project">Project</label>
              <ProjectSelect
                projects={projects}
                chosen={values.projectId ?? projectId}
                id="new-project"
                name="projectId"
                none="No project"
              />
            </>
          )}
        <button class="btn btn-primary" type="submit">
          <Icon name="plus" small />
          Add task
        </button>
      </div>
      {errors.title && (
        <p class="field-error" id="new-title-error">
          <Icon name="alert" small />
          {errors.title}
        </p>
      )}
      <details class="task-more" open={isOpen}>
        <summary>
          <Icon name="right" small turnable />
          Notes, tags and due date
        </summary>
        <div class="stack">
          <TaskFields
            form={form}
            notes=""
            tags={[]}
            dueAt={null}
            clock={clock}
          />
        </div>
      </details>
    </form>
  );
}
