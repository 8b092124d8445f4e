import { useRef, useState } from "preact/hooks";
import { announce } from "@/lib/shared/announce.ts";
import { actOnJob, JobRefused } from "@/lib/shared/jobs/job_requests.ts";
import type { JobAction, JobView } from "@/lib/shared/jobs/job_view.ts";
import type { Job } from "@/lib/shared/wire.ts";

export interface JobActsState {
  busyIds: readonly string[];
  /** What did not work; null: all did. */
  trouble: string | null;
  forget: () => void;
  act: (job: JobView, action: JobAction) => void;
}

/** Cancels and retries in place. @param onDone told of the job as it is then */
export function useJobActs(onDone: (job: Job) => void): JobActsState {
  const [busyIds, setBusyIds] = useState<readonly string[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  // What is asked for now; the state above is only as new as the last rendering.
  const asked = useRef(new Set<string>());
  const act = async (job: JobView, action: JobAction) => {
    if (asked.current.has(job.id)) return;
    asked.current.add(job.id);
    setBusyIds([...asked.current]);
    try {
      const after = await actOnJob(job.id, action);
      setTrouble(null);
      if (action === "retry") announce(`${job.title}: begun again`);
      onDone(after);
    } catch (error) {
      if (!(error instanceof JobRefused)) throw error;
      setTrouble(error.message);
      announce(error.message);
    } finally {
      asked.current.delete(job.id);
      setBusyIds([...asked.current]);
      keepFocus(job.id);
    }
  };
  return {
    busyIds,
    trouble,
    forget: () => setTrouble(null),
    act: (job, action) => void act(job, action),
  };
}

/** The button that was pressed may be gone; whoever uses keys then goes on at the job's name. */
function keepFocus(id: string): void {
  requestAnimationFrame(() => {
    const { activeElement } = document;
    if (activeElement !== null && activeElement !== document.body) return;
    document.getElementById(id)?.querySelector<HTMLElement>("a, h1")?.focus();
  });
}
