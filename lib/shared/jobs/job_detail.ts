/** The page of one job, as the server makes it and the browser keeps it up to date. */
import type { Job } from "@/lib/shared/wire.ts";
import type { JobView } from "./job_view.ts";

export interface JobDetail
  extends Pick<Job, "attempts" | "correlationId" | "dedupKey"> {
  job: JobView;
  /** What went in, as JSON; null: the viewer may not see it. */
  inputText: string | null;
  /** What came out, as JSON, as much as a page shows; null: nothing has, or as above. */
  resultText: string | null;
  /** Jobs that belong together with it, oldest first. */
  related: JobView[];
  /** Whether it is another person's, so that what it is about is not shown. */
  isForeign: boolean;
  /** Time of the server when it was made, milliseconds since 1970 UTC. */
  nowMs: number;
}
