import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Moment } from "@/components/Moment.tsx";
import type { BackupPlan } from "@/lib/shared/backup_view.ts";
import type { FormState } from "@/lib/shared/form_state.ts";

const HINT = "Older ones of the schedule are deleted. Those made by hand stay.";

/** When backups are made by themselves, and how many of them are kept. */
export function BackupPlanForm(
  { plan, nowMs, form: { values, errors } }: {
    plan: BackupPlan;
    nowMs: number;
    form: FormState;
  },
): VNode {
  const id = "backups-keep";
  const { words, timeZone, nextAt, isPaused, keep, version } = plan;
  const sentence = `${words[0].toUpperCase()}${words.slice(1)}`;
  return (
    <>
      <p>
        {isPaused
          ? "The schedule is paused: backups are made by hand only."
          : (
            <>
              {sentence}, {timeZone}; next {nextAt === null
                ? "never"
                : <Moment at={nextAt} nowMs={nowMs} isAhead />}.
            </>
          )} <a href={`/schedules/${plan.id}`}>Change when</a>
      </p>
      <form
        class="project-form stack mt-4"
        method="post"
        action="/admin/backups"
      >
        <input type="hidden" name="action" value="keep" />
        <input type="hidden" name="version" value={version} />
        <FormTrouble
          message={values.action === "keep" ? errors[""] : undefined}
        />
        <FormField
          id={id}
          label="Backups that are kept"
          hint={HINT}
          error={errors.keep}
        >
          <input
            class="input input-short"
            id={id}
            name="keep"
            inputMode="numeric"
            autocomplete="off"
            value={values.keep ?? String(keep)}
            {...describe(id, errors.keep, HINT)}
          />
        </FormField>
        <div class="btn-row">
          <button class="btn" type="submit">Save</button>
        </div>
      </form>
    </>
  );
}
