import { useSignal } from "@preact/signals";
import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { Page } from "@/components/Page.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { NewTask } from "@/components/tasks/NewTask.tsx";
import { TaskEditor } from "@/components/tasks/TaskEditor.tsx";
import {
  DeleteTag,
  TaskFilters,
  tasksLink,
  tasksPath,
} from "@/components/tasks/TaskFilters.tsx";
import TaskList from "@/islands/TaskList.tsx";
import { loadNavigation } from "@/lib/http/chat_page.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { actOnTask } from "@/lib/http/task_actions.ts";
import {
  backPath,
  FormRefused,
  MAX_TEXT_FORM_BYTES,
} from "@/lib/http/task_form.ts";
import {
  loadProjects,
  loadTagNames,
  loadTaskRows,
  readDeletedId,
  toTaskRows,
} from "@/lib/http/task_page.ts";
import { readTaskQuery } from "@/lib/http/task_query.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { newId } from "@/lib/shared/ids.ts";
import { define, type State } from "@/utils.ts";

/** What the page shows: the list, or one task to be changed. */
async function load(
  { state, url }: Context<State>,
  form: FormState,
  editId: string | null,
) {
  const { services, space } = state;
  const query = readTaskQuery(url);
  const [navigation, projects, tags, tag, list, edited] = await Promise.all([
    loadNavigation(state),
    loadProjects(state),
    loadTagNames(state),
    query.tag === undefined ? null : services.tags.find(space, query.tag),
    loadTaskRows(state, query, readPageQuery(url)),
    editId === null ? null : services.tasks.require(space, editId),
  ]);
  const view = {
    status: query.status ?? "",
    projectId: query.projectId ?? "",
    tag: query.tag ?? "",
  };
  return {
    navigation,
    projects,
    tags,
    tag: tag?.name ?? null,
    list,
    form,
    view,
    cursor: url.searchParams.get("cursor"),
    deletedId: readDeletedId(url, "tsk"),
    edited: edited === null ? null : (await toTaskRows(state, [edited]))[0],
    back: backPath(url.searchParams.get("back") ?? form.values.back ?? null),
    formKey: newId("req"),
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM, ctx.url.searchParams.get("edit")));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_TEXT_FORM_BYTES });
    try {
      return ctx.redirect(await actOnTask(ctx.state, form), 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const editId = form.get("action") === "save" ? form.get("id") : null;
      return page(await load(ctx, error.form, editId), {
        status: error.status,
      });
    }
  },
});

/** `/tasks`: what is to be done, found by status, project and tag. */
export default define.page<typeof handler>(function TasksPage({ data }) {
  const rows = useSignal(data.navigation.rows);
  const current = useSignal<string | null>(null);
  const { clock } = data.navigation;
  const { edited } = data;
  return (
    <Page
      rows={rows}
      current={current}
      clock={clock}
      viewer={data.navigation.viewer}
    >
      <Head>
        <title>
          {edited === null
            ? "Tasks · Freshet"
            : `${edited.task.title} · Freshet`}
        </title>
      </Head>
      <PageHead>
        {edited === null ? <span class="cut">Tasks</span> : (
          <>
            <a href={data.back}>Tasks</a>
            <span class="faint" aria-hidden="true">/</span>
            <span class="cut">{edited.task.title}</span>
          </>
        )}
      </PageHead>
      <div class="page">
        {edited === null ? <List data={data} /> : (
          <>
            <h1>Edit task</h1>
            <TaskEditor
              row={edited}
              form={data.form}
              projects={data.projects}
              back={data.back}
              clock={clock}
            />
          </>
        )}
      </div>
    </Page>
  );
});

type Data = Awaited<ReturnType<typeof load>>;

function List({ data }: { data: Data }) {
  const { view, cursor, list, projects, navigation } = data;
  const here = tasksPath(view, cursor);
  const readsOnly = navigation.viewer.role === "viewer";
  return (
    <>
      <h1>Tasks</h1>
      {!readsOnly && (
        <NewTask
          form={data.form}
          projects={projects}
          projectId={view.projectId || null}
          isInProject={false}
          back={tasksPath(view)}
          clock={navigation.clock}
          formKey={data.formKey}
        />
      )}
      <TaskFilters view={view} projects={projects} tags={data.tags} />
      {list.rows.length === 0 && (
        <Empty
          view={view}
          isLater={cursor !== null}
          readsOnly={readsOnly}
        />
      )}
      <TaskList
        rows={list.rows}
        readsOnly={readsOnly}
        clock={navigation.clock}
        back={here}
        isInProject={false}
        deletedId={data.deletedId}
      />
      {(cursor !== null || list.nextCursor !== null) && (
        <nav class="pager" aria-label="Pages of tasks">
          {cursor !== null && (
            <a class="btn btn-small" href={tasksLink(view)}>Newest</a>
          )}
          {list.nextCursor !== null && (
            <a
              class="btn btn-small"
              href={tasksLink(view, list.nextCursor)}
            >
              Show more
            </a>
          )}
        </nav>
      )}
      {data.tag !== null && <DeleteTag name={data.tag} />}
    </>
  );
}

function Empty(
  { view, isLater, readsOnly }: {
    view: Data["view"];
    isLater: boolean;
    readsOnly: boolean;
  },
) {
  const isFiltered = Object.values(view).some((value) => value !== "");
  if (isLater || isFiltered) {
    return (
      <div class="empty">
        <h2>No tasks here</h2>
        <p class="soft">
          {isLater
            ? "These are all there are."
            : "No task has this status, project and tag."}
        </p>
        <a class="btn" href="?">Show all tasks</a>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>Nothing to be done</h2>
      <p class="soft">
        {readsOnly
          ? "You have no tasks in this workspace."
          : "Add a task above, or make one from any message of a thread."}
      </p>
    </div>
  );
}
