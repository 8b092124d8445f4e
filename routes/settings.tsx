import { useSignal } from "@preact/signals";
import { page } from "fresh";
import { Head } from "fresh/runtime";
import { KeysTable } from "@/components/KeysTable.tsx";
import { Page } from "@/components/Page.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import AppearanceForm from "@/islands/AppearanceForm.tsx";
import { loadNavigation } from "@/lib/http/chat_page.ts";
import { readForm } from "@/lib/http/form.ts";
import {
  type Appearance,
  APPEARANCE_COOKIES,
  appearanceCookie,
  toAppearance,
} from "@/lib/shared/appearance.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    return page({
      ...await loadNavigation(ctx.state),
      appearance: ctx.state.appearance,
    });
  },
  /** The form without JavaScript. */
  async POST(ctx) {
    const form = await readForm(ctx.req);
    const appearance = toAppearance((name) => form.get(name));
    const response = ctx.redirect("/settings", 303);
    const isSecure = ctx.url.protocol === "https:";
    for (const name of Object.keys(appearance) as (keyof Appearance)[]) {
      response.headers.append(
        "set-cookie",
        appearanceCookie(APPEARANCE_COOKIES[name], appearance[name], isSecure),
      );
    }
    return response;
  },
});

/** `/settings`: what the viewer can choose. */
export default define.page<typeof handler>(function Settings({ data }) {
  const rows = useSignal(data.rows);
  const current = useSignal<string | null>(null);
  return (
    <Page rows={rows} current={current} clock={data.clock}>
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
            <a class="row" href="#appearance">
              <span class="cut">Appearance</span>
            </a>
            <a class="row" href="#keys">
              <span class="cut">Keys</span>
            </a>
          </nav>
          <div>
            <section id="appearance" aria-labelledby="appearance-title">
              <h2 id="appearance-title">Appearance</h2>
              <div class="mt-2">
                <AppearanceForm appearance={data.appearance} />
              </div>
            </section>
            <section id="keys" aria-labelledby="keys-title">
              <h2 id="keys-title">Keys</h2>
              <p class="hint mt-2">
                On the page of a thread. On a Mac, Cmd stands for Ctrl.
              </p>
              <div class="mt-4">
                <KeysTable />
              </div>
            </section>
          </div>
        </div>
      </div>
    </Page>
  );
});
