import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { JobPreset } from "@/lib/shared/jobs/job_preset.ts";

const DIALOG = "new-job";

/** The button that offers what may be begun. It works without a script. */
export function NewJobButton(): VNode {
  return (
    <button class="btn" type="button" popovertarget={DIALOG}>
      <Icon name="plus" small />
      New job
    </button>
  );
}

/** What may be begun, each with its button, over the page. */
export function NewJobDialog(
  { presets }: { presets: readonly JobPreset[] },
): VNode {
  return (
    <div
      class="dialog job-dialog"
      id={DIALOG}
      popover="auto"
      role="dialog"
      aria-labelledby="new-job-title"
    >
      <h2 id="new-job-title">New job</h2>
      <ul class="job-presets">
        {presets.map(({ kind, title, text }) => (
          <li key={kind}>
            <div>
              <div class="job-name">{title}</div>
              <div class="job-sub">{text}</div>
            </div>
            <form method="post" action="/jobs">
              <input type="hidden" name="action" value="begin" />
              <input type="hidden" name="kind" value={kind} />
              <button
                class="btn btn-small"
                type="submit"
                aria-label={`Begin: ${title}`}
              >
                Begin
              </button>
            </form>
          </li>
        ))}
      </ul>
      <div class="btn-row">
        <button
          class="btn btn-quiet"
          type="button"
          popovertarget={DIALOG}
          popovertargetaction="hide"
        >
          Close
        </button>
      </div>
    </div>
  );
}
