import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { readForm } from "@/lib/http/form.ts";
import type { SectionAnswer } from "@/lib/http/settings/section.ts";
import { SETTINGS_SECTIONS } from "@/lib/http/settings/sections.ts";
import { FormRefused, MAX_TEXT_FORM_BYTES } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define, type State } from "@/utils.ts";

function shownSections(state: State) {
  return SETTINGS_SECTIONS.filter(({ isShown }) => isShown?.(state) ?? true);
}

/** @param answered the section whose form was sent, with what it was answered */
async function load(
  ctx: Context<State>,
  answered: { id: string; answer: SectionAnswer } | null,
) {
  const [{ viewer }, sections] = await Promise.all([
    loadPlaces(ctx.state),
    Promise.all(
      shownSections(ctx.state).map(async (section) => ({
        id: section.id,
        title: section.title,
        parts: await section.load(
          ctx,
          answered?.id === section.id ? answered.answer : null,
        ),
      })),
    ),
  ]);
  return { viewer, sections };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, null));
  },
  /** The forms of the sections; the one that names no section is that of the appearance. */
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_TEXT_FORM_BYTES });
    const id = form.get("section") ?? "appearance";
    const section = shownSections(ctx.state).find((one) => one.id === id);
    if (section?.act === undefined) return ctx.redirect("/settings", 303);
    let answer: SectionAnswer;
    try {
      const answered = await section.act(ctx, form);
      if (answered instanceof Response) return answered;
      answer = answered;
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const action = form.get("action") ?? "";
      answer = { status: error.status, action, form: error.form };
    }
    return page(await load(ctx, { id, answer }), { status: answer.status });
  },
});

/** `/settings`: what the viewer can choose. */
export default define.page<typeof handler>(function Settings({ data }) {
  return (
    <PlacesPage viewer={data.viewer}>
      <Head>
        <title>Settings · Freshet</title>
      </Head>
      <PageHead>
        <span class="cut">Settings</span>
      </PageHead>
      <div class="page">
        <h1>Settings</h1>
        <div class="settings mt-5">
          <nav class="settings-nav" aria-label="Settings">
            {data.sections.map(({ id, title }) => (
              <a class="row" key={id} href={`#${id}`}>
                <span class="cut">{title}</span>
              </a>
            ))}
          </nav>
          <div>
            {data.sections.map(({ id, title, parts }) => (
              <section key={id} id={id} aria-labelledby={`${id}-title`}>
                <div class="section-head">
                  <h2 id={`${id}-title`}>{title}</h2>
                  {parts.tools && <div class="push">{parts.tools()}</div>}
                </div>
                {parts.body()}
              </section>
            ))}
          </div>
        </div>
      </div>
    </PlacesPage>
  );
});
