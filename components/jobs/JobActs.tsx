import type { VNode } from "preact";
import {
  isOver,
  type JobAction,
  type JobView,
  mayCancel,
  mayRetry,
  retryWord,
} from "@/lib/shared/jobs/job_view.ts";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";

export interface JobActsProps {
  job: JobView;
  /** Page to come back to from a form. */
  back: string;
  /** Whether the viewer only reads. */
  readsOnly: boolean;
  isBusy: boolean;
  /** Whether each button has a border. */
  isLoud?: boolean;
  /** Where its forms are sent; `/jobs` unless told. */
  path?: string;
  onAct?: (job: JobView, action: JobAction) => void;
}

/** What one can do about a job. Each button is a form, so that it works before any script, or without. */
export function JobActs(props: JobActsProps): VNode {
  const { job, readsOnly } = props;
  const { download, href, title } = job;
  return (
    <div class="btn-row job-acts">
      {download !== null && (
        <a
          class="btn btn-small"
          href={download.href}
          download={download.name}
          aria-label={`Download ${download.name}, ${
            formatBytes(download.bytes)
          }`}
        >
          Download
        </a>
      )}
      {isOver(job) && download === null && href !== null && (
        <a class="btn btn-small" href={href} aria-label={`Open: ${title}`}>
          Open
        </a>
      )}
      {!readsOnly && mayRetry(job) && (
        <ActForm {...props} act="retry" word={retryWord(job)} />
      )}
      {!readsOnly && mayCancel(job) && (
        <ActForm {...props} act="cancel" word="Cancel" />
      )}
    </div>
  );
}

function ActForm(
  { job, back, path = "/jobs", act, word, isBusy, isLoud = false, onAct }:
    & JobActsProps
    & { act: JobAction; word: string },
): VNode {
  const isQuiet = !isLoud && !isOver(job);
  return (
    <form
      method="post"
      action={path}
      onSubmit={(event) => {
        if (onAct === undefined) return;
        event.preventDefault();
        onAct(job, act);
      }}
    >
      <input type="hidden" name="action" value={act} />
      <input type="hidden" name="id" value={job.id} />
      <input type="hidden" name="back" value={back} />
      <button
        class={`btn btn-small${isQuiet ? " btn-quiet" : ""}`}
        type="submit"
        aria-label={`${word}: ${job.title}`}
        aria-busy={isBusy ? "true" : undefined}
      >
        {word}
      </button>
    </form>
  );
}
