import type { VNode } from "preact";
import type {
  JobBoard,
  JobSection,
  SectionName,
} from "@/lib/shared/jobs/job_board.ts";
import type { JobView } from "@/lib/shared/jobs/job_view.ts";
import { JobItem, type JobItemProps } from "./JobItem.tsx";

const TITLES: Record<SectionName, string> = {
  running: "Running",
  waiting: "Waiting",
  failed: "Failed",
  lately: "Done in the last hour",
  list: "Finished",
};

export interface NowJobsProps {
  board: JobBoard;
  itemOf: (job: JobView) => JobItemProps;
}

/** What goes on, what waits, what failed, and what has just been done. */
export function NowJobs({ board, itemOf }: NowJobsProps): VNode {
  const shown = board.sections.filter(({ jobs }) => jobs.length > 0);
  if (shown.length === 0) {
    return (
      <div class="empty">
        <h2>Nothing is going on</h2>
        <p class="soft">
          Exports, batches, reports and other work that takes a while shows up
          here while it goes on, whether or not you are looking.
        </p>
        {(board.counts.finished.count > 0 || board.counts.finished.isMore) && (
          <a class="btn" href="?tab=finished">Show finished jobs</a>
        )}
      </div>
    );
  }
  return (
    <>
      {shown.map((section) => (
        <Section key={section.name} section={section} itemOf={itemOf} />
      ))}
    </>
  );
}

function Section(
  { section, itemOf }: {
    section: JobSection;
    itemOf: NowJobsProps["itemOf"];
  },
): VNode {
  const { name, jobs, isCut } = section;
  const id = `jobs-${name}`;
  return (
    <section class="job-section" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{TITLES[name]}</h2>
        {name === "failed" && isCut && (
          <a href="?tab=finished&status=dead">All that failed</a>
        )}
      </div>
      <ul class="jobs">
        {jobs.map((job) => <JobItem key={job.id} {...itemOf(job)} />)}
      </ul>
      {isCut && name !== "failed" && (
        <p class="hint">
          The newest {jobs.length} are shown.
        </p>
      )}
    </section>
  );
}
