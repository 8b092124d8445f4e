import { useSignal } from "@preact/signals";
import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import { Page } from "@/components/Page.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { ColorChoice } from "@/components/projects/ColorChoice.tsx";
import { Swatch } from "@/components/projects/Swatch.tsx";
import { loadNavigation } from "@/lib/http/chat_page.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { actOnProject } from "@/lib/http/project_actions.ts";
import { FormRefused, MAX_TEXT_FORM_BYTES } from "@/lib/http/task_form.ts";
import { readDeletedId } from "@/lib/http/task_page.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { newId } from "@/lib/shared/ids.ts";
import { PROJECT_COLORS } from "@/lib/shared/project_colors.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url }: Context<State>, form: FormState) {
  const [navigation, list] = await Promise.all([
    loadNavigation(state),
    state.services.projects.list(state.space, readPageQuery(url)),
  ]);
  return {
    navigation,
    list,
    form,
    isFirstPage: !url.searchParams.has("cursor"),
    deletedId: readDeletedId(url, "prj"),
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

/** `/projects`: all projects, and a form that makes one. */
export default define.page<typeof handler>(function ProjectsPage({ data }) {
  const rows = useSignal(data.navigation.rows);
  const current = useSignal<string | null>(null);
  const { list, deletedId } = data;
  return (
    <Page
      rows={rows}
      current={current}
      clock={data.navigation.clock}
      viewer={data.navigation.viewer}
    >
      <Head>
        <title>Projects · Freshet</title>
      </Head>
      <PageHead>
        <span class="cut">Projects</span>
      </PageHead>
      <div class="page">
        <div class="page-head">
          <div>
            <h1>Projects</h1>
            <p class="lede">
              A project keeps threads and tasks of one concern together. Its
              threads begin with its system prompt and its model.
            </p>
          </div>
        </div>
        {list.items.length === 0 && (
          <div class="empty">
            <h2>{data.isFirstPage ? "No projects yet" : "No more projects"}</h2>
            <p class="soft">
              {!data.isFirstPage
                ? "These are all there are."
                : data.navigation.viewer.role === "viewer"
                ? "You have none in this workspace."
                : "Name the first one below."}
            </p>
          </div>
        )}
        {list.items.length > 0 && (
          <ul class="projects">
            {list.items.map((project) => (
              <li key={project.id}>
                <a class="project" href={`/projects/${project.id}`}>
                  <Swatch color={project.color} />
                  <span class="project-name cut">{project.name}</span>
                  <span class="project-model cut">{project.defaultModel}</span>
                </a>
              </li>
            ))}
          </ul>
        )}
        {(list.nextCursor !== null || !data.isFirstPage) && (
          <nav class="pager" aria-label="Pages of projects">
            {!data.isFirstPage && (
              <a class="btn btn-small" href="/projects">Newest</a>
            )}
            {list.nextCursor !== null && (
              <a
                class="btn btn-small"
                href={`/projects?cursor=${list.nextCursor}`}
              >
                Show more
              </a>
            )}
          </nav>
        )}
        <NewProject
          form={data.form}
          formKey={data.formKey}
          color={PROJECT_COLORS[list.items.length % PROJECT_COLORS.length]}
        />
        {deletedId !== null && <UndoDelete id={deletedId} />}
      </div>
    </Page>
  );
});

function NewProject(
  { form: { values, errors }, formKey, color }: {
    form: FormState;
    formKey: string;
    /** The one that is offered first, another one for each project. */
    color: string;
  },
) {
  return (
    <section class="section" aria-labelledby="new-project">
      <h2 id="new-project">New project</h2>
      <form class="project-form stack" method="post" action="/projects">
        <input type="hidden" name="action" value="add" />
        <input type="hidden" name="key" value={formKey} />
        <FormTrouble message={errors[""]} />
        <FormField id="project-name" label="Name" error={errors.name}>
          <input
            class="input"
            id="project-name"
            name="name"
            required
            autocomplete="off"
            value={values.name}
            {...describe("project-name", errors.name)}
          />
        </FormField>
        <ColorChoice color={values.color || color} />
        <div class="btn-row">
          <button class="btn btn-primary" type="submit">
            <Icon name="plus" small />
            Create project
          </button>
        </div>
      </form>
    </section>
  );
}

function UndoDelete({ id }: { id: string }) {
  return (
    <div class="toast toast-place" role="status">
      Project deleted
      <form method="post" action="/projects">
        <input type="hidden" name="action" value="restore" />
        <input type="hidden" name="id" value={id} />
        <button class="btn" type="submit">Undo</button>
      </form>
    </div>
  );
}
