import { useSignal } from "@preact/signals";
import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { Page } from "@/components/Page.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { ProjectSettings } from "@/components/projects/ProjectSettings.tsx";
import { ProjectThreads } from "@/components/projects/ProjectThreads.tsx";
import { Swatch } from "@/components/projects/Swatch.tsx";
import { ProjectDocuments } from "@/components/documents/ProjectDocuments.tsx";
import { NewTask } from "@/components/tasks/NewTask.tsx";
import { tasksPath } from "@/components/tasks/TaskFilters.tsx";
import TaskList from "@/islands/TaskList.tsx";
import { UNARCHIVED } from "@/lib/chat/thread_input.ts";
import { loadChatSetup, loadNavigation } from "@/lib/http/chat_page.ts";
import { readForm } from "@/lib/http/form.ts";
import { MAX_LIMIT } from "@/lib/http/page_query.ts";
import { actOnProject } from "@/lib/http/project_actions.ts";
import { FormRefused, MAX_TEXT_FORM_BYTES } from "@/lib/http/task_form.ts";
import { loadTaskRows, readDeletedId } from "@/lib/http/task_page.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { newId } from "@/lib/shared/ids.ts";
import { define, type State } from "@/utils.ts";

/** Tasks, and threads, on one page. */
const ROWS_PER_PAGE = 50;

async function load(ctx: Context<State>, form: FormState) {
  const { state, url } = ctx;
  const { services, space } = state;
  const projectId = ctx.params.project;
  const threadCursor = url.searchParams.get("threads");
  const [
    project,
    navigation,
    { models },
    list,
    threads,
    documents,
    allDocuments,
  ] = await Promise.all([
    services.projects.require(space, projectId),
    loadNavigation(state),
    loadChatSetup(state, ctx.req.signal),
    loadTaskRows(state, { projectId }, { limit: ROWS_PER_PAGE, cursor: null }),
    services.threads.list(space, {
      limit: ROWS_PER_PAGE,
      cursor: threadCursor,
    }, { ...UNARCHIVED, projectId }),
    services.documents.listOfProject(space, projectId),
    services.documents.list(space, { limit: MAX_LIMIT, cursor: null }),
  ]);
  return {
    project,
    navigation,
    models,
    list,
    threads,
    documents,
    otherDocuments: allDocuments.items.filter((document) =>
      document.projectId === null
    ),
    isLater: threadCursor !== null,
    form,
    isSaved: url.searchParams.has("saved"),
    deletedId: readDeletedId(url, "tsk"),
    formKey: newId("req"),
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_TEXT_FORM_BYTES });
    try {
      return ctx.redirect(await actOnProject(ctx.state, form), 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/projects/:id`: a project's tasks, and what its threads begin with. */
export default define.page<typeof handler>(function ProjectPage({ data }) {
  const rows = useSignal(data.navigation.rows);
  const current = useSignal<string | null>(null);
  const { project, list, navigation: { clock } } = data;
  const here = `/projects/${project.id}`;
  return (
    <Page
      rows={rows}
      current={current}
      clock={clock}
      viewer={data.navigation.viewer}
    >
      <Head>
        <title>{`${project.name} · Freshet`}</title>
      </Head>
      <PageHead>
        <a href="/projects">Projects</a>
        <span class="faint" aria-hidden="true">/</span>
        <span class="cut">{project.name}</span>
      </PageHead>
      <div class="page">
        <h1 class="project-title">
          <Swatch color={project.color} />
          {project.name}
        </h1>
        <ProjectThreads
          project={project}
          threads={data.threads.items}
          nextCursor={data.threads.nextCursor}
          isLater={data.isLater}
          formKey={data.formKey}
        />
        <section class="section" aria-labelledby="tasks-title">
          <h2 id="tasks-title">Tasks</h2>
          {data.navigation.viewer.role !== "viewer" && (
            <NewTask
              form={EMPTY_FORM}
              projects={[]}
              projectId={project.id}
              isInProject
              back={here}
              clock={clock}
              formKey={data.formKey}
            />
          )}
          <TaskList
            rows={list.rows}
            readsOnly={data.navigation.viewer.role === "viewer"}
            clock={clock}
            back={here}
            isInProject
            deletedId={data.deletedId}
          />
          {list.nextCursor !== null && (
            <p class="pager">
              <a
                class="btn btn-small"
                href={tasksPath(
                  { status: "", projectId: project.id, tag: "" },
                  list.nextCursor,
                )}
              >
                Show more
              </a>
            </p>
          )}
        </section>
        <ProjectDocuments
          project={project}
          documents={data.documents}
          others={data.otherDocuments}
          readsOnly={data.navigation.viewer.role === "viewer"}
        />
        <section
          class="section"
          id="project-settings"
          aria-labelledby="settings-title"
        >
          <h2 id="settings-title">Project settings</h2>
          <ProjectSettings
            project={project}
            form={data.form}
            models={data.models}
            isSaved={data.isSaved}
          />
        </section>
      </div>
    </Page>
  );
});
