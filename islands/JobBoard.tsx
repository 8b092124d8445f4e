import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { FinishedJobs } from "@/components/jobs/FinishedJobs.tsx";
import type { JobItemProps } from "@/components/jobs/JobItem.tsx";
import { JobTabs } from "@/components/jobs/JobTabs.tsx";
import { rememberFocus } from "@/components/jobs/keep_focus.ts";
import { NowJobs } from "@/components/jobs/NowJobs.tsx";
import { Trouble } from "@/components/jobs/Trouble.tsx";
import { useClock } from "@/components/chat/use_clock.ts";
import { useJobActs } from "@/components/jobs/use_job_acts.ts";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { announce, announcement } from "@/lib/shared/announce.ts";
import {
  boardPath,
  type JobBoard as Board,
} from "@/lib/shared/jobs/job_board.ts";
import {
  countNewer,
  type JobNews,
  jobsOf,
  mapJobs,
  newsOf,
  withFresh,
  withNews,
} from "@/lib/shared/jobs/job_news.ts";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";
import { isOver } from "@/lib/shared/jobs/job_view.ts";
import { endWords } from "@/lib/shared/jobs/job_words.ts";

export interface JobBoardProps {
  board: Board;
  /** Where this page of finished jobs begins; null: with the newest. */
  cursor: string | null;
  readsOnly: boolean;
  /** Kinds that go on behind other things. */
  quietKinds: readonly string[];
  clock: Clock;
  /** What was just done, on the page before. */
  done: string;
}

/** Somebody's jobs, followed as they go on. */
export default function JobBoard(props: JobBoardProps): VNode {
  const { cursor, readsOnly, quietKinds, done } = props;
  const [board, setBoard] = useState(props.board);
  const [newer, setNewer] = useState(0);
  const newest = useRef(props.board);
  const { timeZone } = useClock(props.clock);
  const nowMs = useNow(board.nowMs);
  const show = (change: (board: Board) => Board) => {
    const giveFocusBack = rememberFocus();
    newest.current = change(newest.current);
    setBoard(newest.current);
    giveFocusBack();
  };
  const hear = (news: JobNews) => {
    const before = jobsOf(newest.current).find(({ id }) => id === news.jobId);
    if (before === undefined) return;
    show((board) => mapJobs(board, (job) => withNews(job, news)));
    const after = withNews(before, news);
    if (isOver(after) && !isOver(before)) announce(endWords(after));
  };
  const path = boardPath(board.tab, board.status, cursor);
  const read = async () => {
    const fresh = await readPage<Board>(path);
    if (cursor === null && fresh.tab === "finished") {
      setNewer(countNewer(jobsOf(newest.current), jobsOf(fresh)));
    }
    show((board) => withFresh(board, fresh));
  };
  useJobNews({ channel: "jobs", quietKinds, onNews: hear, read });
  const { busyIds, trouble, forget, act } = useJobActs((job) => {
    hear(newsOf(job));
  });
  const itemOf = (job: JobItemProps["job"]): JobItemProps => ({
    job,
    clock: { nowMs, timeZone },
    back: path,
    readsOnly,
    isBusy: busyIds.includes(job.id),
    onAct: act,
  });
  return (
    <>
      <JobTabs tab={board.tab} counts={board.counts} />
      <p class="hint job-note">{done}</p>
      {board.tab === "now"
        ? <NowJobs board={board} itemOf={itemOf} />
        : (
          <FinishedJobs
            board={board}
            cursor={cursor}
            newer={newer}
            itemOf={itemOf}
          />
        )}
      <Trouble message={trouble} onClose={forget} />
      <p class="sr" role="status">{announcement.value || done}</p>
    </>
  );
}
