import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { useClock } from "@/components/chat/use_clock.ts";
import { JobActs } from "@/components/jobs/JobActs.tsx";
import { JobAttempts } from "@/components/jobs/JobAttempts.tsx";
import { JobFacts } from "@/components/jobs/JobFacts.tsx";
import { JobItem } from "@/components/jobs/JobItem.tsx";
import { JobJson } from "@/components/jobs/JobJson.tsx";
import { JobState, JobStatusWord } from "@/components/jobs/JobState.tsx";
import { Trouble } from "@/components/jobs/Trouble.tsx";
import { useJobActs } from "@/components/jobs/use_job_acts.ts";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import { announce, announcement } from "@/lib/shared/announce.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import type { JobDetail as Detail } from "@/lib/shared/jobs/job_detail.ts";
import { type JobNews, newsOf, withNews } from "@/lib/shared/jobs/job_news.ts";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";
import { isOver } from "@/lib/shared/jobs/job_view.ts";
import { endWords } from "@/lib/shared/jobs/job_words.ts";

export interface JobDetailProps {
  detail: Detail;
  clock: Clock;
  /** `jobs`, or `admin:jobs` for what is somebody else's. */
  channel: string;
  readsOnly: boolean;
  /** What was just done, on the page before. */
  done: string;
}

/** One job with all that is known of it, followed as it goes on. */
export default function JobDetail(props: JobDetailProps): VNode {
  const { channel, readsOnly, done } = props;
  const [detail, setDetail] = useState(props.detail);
  const newest = useRef(props.detail);
  const nowMs = useNow(detail.nowMs);
  const { timeZone } = useClock(props.clock);
  const { job, related } = detail;
  const path = `/jobs/${job.id}`;
  const show = (next: Detail) => {
    newest.current = next;
    setDetail(next);
  };
  const hear = (news: JobNews) => {
    const { current } = newest;
    const after = withNews(current.job, news);
    if (isOver(after) && !isOver(current.job)) announce(endWords(after));
    show({
      ...current,
      job: after,
      related: current.related.map((other) => withNews(other, news)),
    });
  };
  useJobNews({
    channel,
    onNews: hear,
    read: async () => show(await readPage<Detail>(path)),
  });
  const { busyIds, trouble, forget, act } = useJobActs((after) =>
    hear(newsOf(after))
  );
  const acts = { back: path, readsOnly, onAct: act };
  const isBusy = busyIds.includes(job.id);
  return (
    <>
      <div class="page-head" id={job.id}>
        <div>
          <h1 tabIndex={-1}>{job.title}</h1>
          <p class="lede">
            <JobStatusWord status={job.status} />
          </p>
        </div>
        <JobActs {...acts} job={job} isBusy={isBusy} isLoud />
      </div>
      <p class="hint job-note">{done}</p>
      <div class="job-now" data-status={job.status}>
        <JobState job={job} clock={{ nowMs, timeZone }} isNamed />
      </div>
      <JobFacts detail={detail} nowMs={nowMs} />
      <section class="job-section" aria-labelledby="job-attempts">
        <div class="section-head">
          <h2 id="job-attempts">Attempts</h2>
        </div>
        <JobAttempts detail={detail} clock={{ nowMs, timeZone }} />
      </section>
      {detail.resultText !== null && (
        <section class="job-section" aria-labelledby="job-result">
          <div class="section-head">
            <h2 id="job-result">Result</h2>
            <a href={`/api/jobs/${job.id}/result`} download={`${job.id}.json`}>
              Save as JSON
            </a>
          </div>
          <JobJson text={detail.resultText} label="Result as JSON" />
        </section>
      )}
      <section class="job-section" aria-labelledby="job-input">
        <div class="section-head">
          <h2 id="job-input">
            {detail.isForeign ? "What it is about" : "Input"}
          </h2>
        </div>
        {detail.inputText === null
          ? (
            <p class="soft">
              What {job.who ?? "somebody"}{" "}
              asked for and what came of it is theirs alone.
            </p>
          )
          : <JobJson text={detail.inputText} label="Input as JSON" />}
      </section>
      {related.length > 0 && (
        <section class="job-section" aria-labelledby="job-related">
          <div class="section-head">
            <h2 id="job-related">Belongs together</h2>
          </div>
          <ul class="jobs">
            {related.map((other) => (
              <JobItem
                key={other.id}
                {...acts}
                job={other}
                clock={{ nowMs, timeZone }}
                isBusy={busyIds.includes(other.id)}
              />
            ))}
          </ul>
        </section>
      )}
      <Trouble message={trouble} onClose={forget} />
      <p class="sr" role="status">{announcement.value || done}</p>
    </>
  );
}
