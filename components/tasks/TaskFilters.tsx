import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { TASK_STATUS_WORDS, TASK_STATUSES } from "@/lib/shared/task_status.ts";
import type { Project } from "@/lib/shared/wire.ts";
import { ProjectSelect } from "./TaskFields.tsx";

/** Which tasks a page shows, as its address says. */
export interface TaskView {
  status: string;
  projectId: string;
  tag: string;
}

/** Path of `/tasks` with these filters; empty ones are left out. */
export function tasksPath(view: TaskView, cursor: string | null = null) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    if (value !== "") params.set(name, value);
  }
  if (cursor !== null) params.set("cursor", cursor);
  const query = params.toString();
  return query === "" ? "/tasks" : `/tasks?${query}`;
}

/**
 * The same as a link on `/tasks` itself: without the path, since the framework marks each link to the
 * page's own path as the current one.
 */
export function tasksLink(
  view: TaskView,
  cursor: string | null = null,
): string {
  return tasksPath(view, cursor).slice("/tasks".length) || "?";
}

export interface TaskFiltersProps {
  view: TaskView;
  projects: Pick<Project, "id" | "name">[];
  tags: string[];
}

const STATUS_CHOICES = [
  ["", "All"],
  ...TASK_STATUSES.map((status) => [status, TASK_STATUS_WORDS[status]]),
];

/** Status by links, project and tag by a form; both keep what the other has chosen. */
export function TaskFilters({ view, projects, tags }: TaskFiltersProps): VNode {
  return (
    <div class="toolbar">
      <nav class="segments" aria-label="Tasks by status">
        {STATUS_CHOICES.map(([status, label]) => (
          <a
            key={status}
            href={tasksLink({ ...view, status })}
            aria-current={status === view.status ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <form class="task-filter" action="/tasks" aria-label="Filter">
        {view.status !== "" && (
          <input type="hidden" name="status" value={view.status} />
        )}
        <label class="sr" for="filter-project">Project</label>
        <ProjectSelect
          projects={projects}
          chosen={view.projectId}
          id="filter-project"
          name="projectId"
          none="Any project"
        />
        <label class="sr" for="filter-tag">Tag</label>
        <input
          class="input"
          id="filter-tag"
          name="tag"
          list="tag-names"
          placeholder="Any tag"
          autocomplete="off"
          value={view.tag}
        />
        <datalist id="tag-names">
          {tags.map((tag) => <option key={tag} value={tag} />)}
        </datalist>
        <button class="btn" type="submit">Show</button>
      </form>
    </div>
  );
}

/** The end of the tag that is shown, behind one more press, since it cannot be undone. */
export function DeleteTag({ name }: { name: string }): VNode {
  return (
    <details class="task-more">
      <summary>
        <Icon name="right" small turnable />
        Delete this tag
      </summary>
      <form class="tag-end" method="post" action="/tasks">
        <input type="hidden" name="action" value="delete-tag" />
        <input type="hidden" name="tag" value={name} />
        <p class="hint" id="tag-end-hint">
          It leaves every task and thread at once; they stay. It cannot be
          undone.
        </p>
        <button
          class="btn btn-danger"
          type="submit"
          aria-describedby="tag-end-hint"
        >
          Delete tag “{name}”
        </button>
      </form>
    </details>
  );
}
