import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { AdminJobList } from "@/components/jobs/admin/AdminJobList.tsx";
import { JobReadings } from "@/components/jobs/admin/JobReadings.tsx";
import { KindTable } from "@/components/jobs/admin/KindTable.tsx";
import { WorkerTable } from "@/components/jobs/admin/WorkerTable.tsx";
import type { JobItemProps } from "@/components/jobs/JobItem.tsx";
import { Trouble } from "@/components/jobs/Trouble.tsx";
import { useClock } from "@/components/chat/use_clock.ts";
import { useJobActs } from "@/components/jobs/use_job_acts.ts";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { announcement } from "@/lib/shared/announce.ts";
import {
  adminJobsQuery,
  type AdminJobsView,
  JOB_HOURS,
} from "@/lib/shared/jobs/admin_jobs.ts";
import {
  countNewer,
  type JobNews,
  keepPlaces,
  newsOf,
  withNews,
} from "@/lib/shared/jobs/job_news.ts";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";

export interface AdminJobsProps {
  view: AdminJobsView;
  /** Where this page begins; null: with the newest job. */
  cursor: string | null;
  clock: Clock;
  /** What was just done, on the page before. */
  done: string;
}

/** The queue is read again so long after the last time at the earliest, in milliseconds. */
const READ_EVERY_MS = 2_000;

/** All jobs of a workspace and how they do, followed as they go on. */
export default function AdminJobs(props: AdminJobsProps): VNode {
  const { cursor, done } = props;
  const [view, setView] = useState(props.view);
  const [newer, setNewer] = useState(0);
  const newest = useRef(props.view);
  const { timeZone } = useClock(props.clock);
  const nowMs = useNow(view.nowMs);
  const { filter } = view;
  const here = `/admin/jobs${adminJobsQuery(filter, cursor)}`;
  const show = (next: AdminJobsView) => {
    newest.current = next;
    setView(next);
  };
  const hear = (news: JobNews) => {
    const { current } = newest;
    if (current.jobs.every(({ id }) => id !== news.jobId)) return;
    show({ ...current, jobs: current.jobs.map((job) => withNews(job, news)) });
  };
  useJobNews({
    channel: "admin:jobs",
    onNews: hear,
    everyMs: READ_EVERY_MS,
    read: async () => {
      const fresh = await readPage<AdminJobsView>(here);
      const { jobs } = newest.current;
      if (cursor === null) setNewer(countNewer(jobs, fresh.jobs));
      // An empty list has no places to keep.
      show({
        ...fresh,
        jobs: jobs.length === 0 ? fresh.jobs : keepPlaces(jobs, fresh.jobs),
      });
    },
  });
  const { busyIds, trouble, forget, act } = useJobActs((job) =>
    hear(newsOf(job))
  );
  const itemOf = (job: JobItemProps["job"]): JobItemProps => ({
    job,
    clock: { nowMs, timeZone },
    back: here,
    path: "/admin/jobs",
    readsOnly: false,
    isBusy: busyIds.includes(job.id),
    onAct: act,
  });
  return (
    <>
      <p class="hint job-note">{done}</p>
      <nav class="segments job-hours" aria-label="Span">
        {JOB_HOURS.map((hours) => (
          <a
            key={hours}
            href={adminJobsQuery({ ...filter, hours })}
            aria-current={hours === filter.hours ? "page" : undefined}
          >
            {hours === 1 ? "1 hour" : `${hours} hours`}
          </a>
        ))}
      </nav>
      <JobReadings view={view} nowMs={nowMs} />
      {view.kinds.length > 0 && (
        <section class="job-section" aria-labelledby="kinds">
          <div class="section-head">
            <h2 id="kinds">Kinds</h2>
          </div>
          <KindTable kinds={view.kinds} filter={filter} />
        </section>
      )}
      <section class="job-section" aria-labelledby="workers">
        <div class="section-head">
          <h2 id="workers">Workers</h2>
        </div>
        {view.workers.length === 0
          ? (
            <p class="soft">
              No process has said that it does jobs. What is asked for waits
              until one does.
            </p>
          )
          : <WorkerTable workers={view.workers} nowMs={nowMs} />}
      </section>
      <section class="job-section" aria-labelledby="list">
        <div class="section-head">
          <h2 id="list">Jobs</h2>
        </div>
        <AdminJobList
          view={view}
          cursor={cursor}
          newer={newer}
          itemOf={itemOf}
        />
      </section>
      <Trouble message={trouble} onClose={forget} />
      <p class="sr" role="status">{announcement.value || done}</p>
    </>
  );
}
