import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { Confirm } from "@/components/Confirm.tsx";
import { Icon } from "@/components/Icon.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { ScheduleActs } from "@/components/schedules/ScheduleActs.tsx";
import { ScheduleForm } from "@/components/schedules/ScheduleForm.tsx";
import { sentence } from "@/components/schedules/ScheduleRow.tsx";
import ScheduleHistory from "@/islands/ScheduleHistory.tsx";
import ScheduleTimes from "@/islands/ScheduleTimes.tsx";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { scheduleSpace } from "@/lib/http/schedule_access.ts";
import {
  MAX_SCHEDULE_FORM_BYTES,
  saveSchedule,
  SCHEDULE_DONE,
} from "@/lib/http/schedule_form.ts";
import { loadScheduleForm } from "@/lib/http/schedule_page.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

/** Runs of a page of the history. */
const RUNS_PER_PAGE = 20;

function historyPath(id: string, cursor: string | null): string {
  const query = new URLSearchParams({ limit: `${RUNS_PER_PAGE}` });
  if (cursor !== null) query.set("cursor", cursor);
  return `/api/schedules/${id}/runs?${query}`;
}

async function load(ctx: Context<State>, form: FormState) {
  const { state, url, req } = ctx;
  const { schedules } = state.services;
  const id = ctx.params.schedule;
  const space = await scheduleSpace(state, id);
  const schedule = await schedules.require(space, id);
  const [places, fields, runs] = await Promise.all([
    loadPlaces(state),
    loadScheduleForm(state, schedule, form, req.signal),
    schedules.history(space, id, readPageQuery(url, RUNS_PER_PAGE)),
  ]);
  return {
    ...places,
    schedule,
    fields,
    runs,
    cursor: url.searchParams.get("cursor"),
    isRefused: form !== EMPTY_FORM,
    done: SCHEDULE_DONE[url.searchParams.get("done") ?? ""] ?? "",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, {
      maxBytes: MAX_SCHEDULE_FORM_BYTES,
    });
    try {
      const id = ctx.params.schedule;
      return ctx.redirect(await saveSchedule(ctx.state, form, id), 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/schedules/:id`: one schedule, when it is due and what became of it. */
export default define.page<typeof handler>(function SchedulePage({ data }) {
  const { viewer, clock, schedule, fields, runs, cursor, done } = data;
  const { id, name, words, timeZone, paused } = schedule;
  const readsOnly = viewer.role === "viewer";
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>{`${name} · Freshet`}</title>
      </Head>
      <PageHead>
        <a href="/schedules">Schedules</a>
        <span class="faint" aria-hidden="true">/</span>
        <span class="cut" aria-current="page">{name}</span>
      </PageHead>
      <div class="page">
        <div class="page-head">
          <div>
            <h1>{name}</h1>
            <p class="lede">{sentence(words)}, {timeZone}</p>
          </div>
          {!readsOnly && (
            <ScheduleActs schedule={schedule} back={`/schedules/${id}`} />
          )}
        </div>
        <p class="hint" role="status">{done}</p>
        {paused !== null && <Paused paused={paused} />}
        <section class="section" aria-labelledby="next-title">
          <div class="section-head">
            <h2 id="next-title">Next times</h2>
          </div>
          {paused === null
            ? (
              <ScheduleTimes
                times={schedule.nextTimes}
                timeZone={timeZone}
                clock={clock}
              />
            )
            : <p class="soft">None while it is paused.</p>}
        </section>
        <section class="section" aria-labelledby="history-title">
          <div class="section-head">
            <h2 id="history-title">History</h2>
          </div>
          <ScheduleHistory
            path={historyPath(id, cursor)}
            runs={runs}
            timeZone={timeZone}
            nowMs={clock.nowMs}
            isLater={cursor !== null}
          />
        </section>
        {!readsOnly && (
          <section class="section" aria-labelledby="change-title">
            <details class="schedule-change" open={data.isRefused}>
              <summary>
                <h2 id="change-title">Change it</h2>
                <Icon name="right" small turnable />
              </summary>
              <ScheduleForm {...fields} />
            </details>
            {!schedule.isProgram && (
              <Confirm
                label="Delete schedule"
                what="It begins nothing any more. The threads and jobs that came of it stay."
              >
                <form method="post" action="/schedules">
                  <input type="hidden" name="action" value="delete" />
                  <input type="hidden" name="id" value={id} />
                  <input
                    type="hidden"
                    name="version"
                    value={schedule.version}
                  />
                  <button class="btn btn-danger" type="submit">
                    Delete schedule
                  </button>
                </form>
              </Confirm>
            )}
          </section>
        )}
      </div>
    </PlacesPage>
  );
});

function Paused(
  { paused }: { paused: { by: "person" | "program"; reason: string } },
) {
  const isTrouble = paused.by === "program";
  return (
    <div class="callout" data-kind={isTrouble ? "warn" : undefined}>
      <Icon name="pause" />
      <p>
        <strong>
          {isTrouble
            ? "It was paused, since it could not go on."
            : "It is paused."}
        </strong>{" "}
        {paused.reason}{" "}
        Switched on again, it goes on with its next time; what passed meanwhile
        is left out.
      </p>
    </div>
  );
}
