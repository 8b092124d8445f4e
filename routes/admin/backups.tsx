import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { BackupPlanForm } from "@/components/backups/BackupPlanForm.tsx";
import { BackupTable } from "@/components/backups/BackupTable.tsx";
import { RestoreSteps } from "@/components/backups/RestoreSteps.tsx";
import { FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import {
  actOnBackups,
  BACKUP_DONE,
  loadBackups,
} from "@/lib/http/backup_page.ts";
import { readForm } from "@/lib/http/form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url, req }: Context<State>, form: FormState) {
  const [places, view] = await Promise.all([
    loadPlaces(state),
    loadBackups(state, req.signal),
  ]);
  const done = BACKUP_DONE[url.searchParams.get("done") ?? ""] ?? "";
  return { ...places, view, form, done };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    try {
      const done = await actOnBackups(ctx.state, form);
      return ctx.redirect(`/admin/backups?done=${done}`, 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/backups`: copies of the store: make, check, download, delete, and how one is put back. */
export default define.page<typeof handler>(function BackupsPage({ data }) {
  const { viewer, view, form, done, clock } = data;
  const { refusal, backups, plan, job, folder } = view;
  return (
    <AdminPage
      viewer={viewer}
      title="Backups"
      changes={["backup."]}
      lede="Copies of everything that is stored, each in one file and made while the server works."
      tools={refusal === null && (
        <form method="post" action="/admin/backups">
          <input type="hidden" name="action" value="make" />
          <button class="btn btn-primary" type="submit">Back up now</button>
        </form>
      )}
    >
      <p class="hint" role="status">{done}</p>
      {form.values.action !== "keep" && (
        <FormTrouble message={form.errors[""]} />
      )}
      {refusal !== null && (
        <div class="callout">
          <Icon name="alert" />
          <p>
            <strong>This server makes no backups.</strong> {refusal}
          </p>
        </div>
      )}
      {job?.state === "under way" && (
        <p>
          <span class="status">
            <span class="flow" aria-hidden="true" />
            <a href={`/jobs/${job.id}`}>A backup is being made</a>
          </span>
        </p>
      )}
      {job?.state === "failed" && (
        <div class="callout" data-kind="bad">
          <Icon name="alert" />
          <p>
            <strong>The last backup failed.</strong> {job.message}
          </p>
          <div class="btn-row">
            <a class="btn btn-small" href={`/jobs/${job.id}`}>Show the job</a>
          </div>
        </div>
      )}
      {backups.length > 0
        ? <BackupTable backups={backups} nowMs={clock.nowMs} />
        : refusal === null && (
          <div class="empty">
            <h2>No backups yet</h2>
            <p class="soft">
              {plan === null || plan.isPaused
                ? "None is made by itself. Make the first one now."
                : "The first one is made tonight, or now."}
            </p>
          </div>
        )}
      {plan !== null && (
        <section class="section" aria-labelledby="plan-title">
          <h2 id="plan-title">By themselves</h2>
          <BackupPlanForm plan={plan} nowMs={clock.nowMs} form={form} />
        </section>
      )}
      {refusal === null && (
        <section class="section" aria-labelledby="restore-title">
          <h2 id="restore-title">Put one back</h2>
          <RestoreSteps folder={folder} name={backups[0]?.name ?? null} />
        </section>
      )}
    </AdminPage>
  );
});
