import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { Trouble } from "@/components/jobs/Trouble.tsx";
import { useJobNews } from "@/components/jobs/use_job_news.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import type { ScheduleAction } from "@/components/schedules/ScheduleActs.tsx";
import { ScheduleRow } from "@/components/schedules/ScheduleRow.tsx";
import { announce, announcement } from "@/lib/shared/announce.ts";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";
import { changeSchedule } from "@/lib/shared/schedules/schedule_requests.ts";
import type { Schedule } from "@/lib/shared/wire.ts";

/** What the page shows, and reads again. */
export interface ScheduleBoardData {
  items: Schedule[];
  /** Schedules of the program itself, for who looks after it. */
  programs: Schedule[];
  nextCursor: string | null;
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
}

export interface ScheduleBoardProps {
  board: ScheduleBoardData;
  /** Path and query of this page. */
  path: string;
  readsOnly: boolean;
  /** What was just done, on the page before. */
  done: string;
}

const WORDS: Record<ScheduleAction, string> = {
  pause: "Schedule paused",
  resume: "Schedule resumed",
  run: "Schedule begun",
};

/** Somebody's schedules, which change as they are due. */
export default function ScheduleBoard(props: ScheduleBoardProps): VNode {
  const { path, readsOnly, done } = props;
  const [board, setBoard] = useState(props.board);
  const [busyId, setBusyId] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const nowMs = useNow(board.nowMs);
  const read = async () => setBoard(await readPage<ScheduleBoardData>(path));
  useJobNews({ channel: "schedules", onNews: () => {}, read });
  // What became of them: their jobs tell.
  useJobNews({ channel: "jobs", onNews: () => {}, read, everyMs: 2_000 });
  const act = async (id: string, action: ScheduleAction) => {
    setBusyId(id);
    setTrouble(null);
    try {
      await changeSchedule(id, action);
      announce(WORDS[action]);
      await read();
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
    setBusyId(null);
  };
  const rowOf = (schedule: Schedule) => (
    <ScheduleRow
      key={schedule.id}
      schedule={schedule}
      nowMs={nowMs}
      readsOnly={readsOnly}
      isBusy={busyId === schedule.id}
      onAct={(id, action) => void act(id, action)}
    />
  );
  return (
    <>
      <p class="hint job-note">{done}</p>
      {board.items.length > 0 && (
        <ul class="jobs schedules">{board.items.map(rowOf)}</ul>
      )}
      {board.programs.length > 0 && (
        <section class="section" aria-labelledby="programs-title">
          <div class="section-head">
            <h2 id="programs-title">Of the program itself</h2>
          </div>
          <ul class="jobs schedules">{board.programs.map(rowOf)}</ul>
        </section>
      )}
      <Trouble message={trouble} onClose={() => setTrouble(null)} />
      <p class="sr" role="status">{announcement.value || done}</p>
    </>
  );
}
