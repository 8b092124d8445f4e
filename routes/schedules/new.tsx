import { page } from "fresh";
import { Head } from "fresh/runtime";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { ScheduleForm } from "@/components/schedules/ScheduleForm.tsx";
import { readForm } from "@/lib/http/form.ts";
import {
  MAX_SCHEDULE_FORM_BYTES,
  saveSchedule,
} from "@/lib/http/schedule_form.ts";
import { loadScheduleForm } from "@/lib/http/schedule_page.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load(state: State, form: FormState, signal: AbortSignal) {
  const [places, fields] = await Promise.all([
    loadPlaces(state),
    loadScheduleForm(state, null, form, signal),
  ]);
  return { ...places, fields };
}

export const handler = define.handlers({
  async GET({ state, req }) {
    return page(await load(state, EMPTY_FORM, req.signal));
  },
  async POST(ctx) {
    const { state, req } = ctx;
    const form = await readForm(req, { maxBytes: MAX_SCHEDULE_FORM_BYTES });
    try {
      return ctx.redirect(await saveSchedule(state, form, null), 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(state, error.form, req.signal), {
        status: error.status,
      });
    }
  },
});

/** `/schedules/new`: a schedule that is not there yet. */
export default define.page<typeof handler>(function NewSchedulePage({ data }) {
  return (
    <PlacesPage viewer={data.viewer}>
      <Head>
        <title>New schedule · Freshet</title>
      </Head>
      <PageHead>
        <a href="/schedules">Schedules</a>
        <span class="faint" aria-hidden="true">/</span>
        <span class="cut" aria-current="page">New</span>
      </PageHead>
      <div class="page">
        <h1>New schedule</h1>
        <ScheduleForm {...data.fields} />
      </div>
    </PlacesPage>
  );
});
