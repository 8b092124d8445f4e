import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Project, Thread } from "@/lib/shared/wire.ts";

export interface ProjectThreadsProps {
  project: Project;
  threads: Pick<Thread, "id" | "title" | "activeRunId">[];
  nextCursor: string | null;
  /** Whether these follow an earlier page. */
  isLater: boolean;
  /** Sent with the form, so that sending it twice makes one thread. */
  formKey: string;
}

/** The threads of a project, newest activity first, and a way to start one. */
export function ProjectThreads(
  { project, threads, nextCursor, isLater, formKey }: ProjectThreadsProps,
): VNode {
  return (
    <section class="mt-5" aria-labelledby="threads-title">
      <div class="section-head">
        <h2 id="threads-title">Threads</h2>
        <form class="push" method="post" action="/projects">
          <input type="hidden" name="action" value="thread" />
          <input type="hidden" name="id" value={project.id} />
          <input type="hidden" name="key" value={`thread ${formKey}`} />
          <button class="btn" type="submit">
            <Icon name="plus" small />
            Start a thread
          </button>
        </form>
      </div>
      {threads.length === 0 && !isLater && (
        <p class="soft">
          No threads yet. One that is started here begins with the project’s
          system prompt and model.
        </p>
      )}
      {threads.length > 0 && (
        <ul class="projects">
          {threads.map(({ id, title, activeRunId }) => (
            <li key={id}>
              <a class="project-thread" href={`/c/${id}`}>
                <span class="cut">{title}</span>
                {activeRunId !== null && (
                  <span class="status">
                    <span class="flow"></span>
                    writing
                  </span>
                )}
              </a>
            </li>
          ))}
        </ul>
      )}
      {(isLater || nextCursor !== null) && (
        <nav class="pager" aria-label="Pages of threads">
          {isLater && <a class="btn btn-small" href="?">Newest</a>}
          {nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`?${new URLSearchParams({ threads: nextCursor })}`}
            >
              Show more threads
            </a>
          )}
        </nav>
      )}
    </section>
  );
}
