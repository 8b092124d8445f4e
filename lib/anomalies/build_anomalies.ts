/** What looks for what is not as usual. */
import type { Files } from "@/lib/files/files.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import { AnomalyDetect } from "@/lib/jobs/kinds/anomaly_detect.ts";

export interface AnomalyParts {
  files: Files;
  jobKinds: JobKinds;
}

export function buildAnomalies({ files, jobKinds }: AnomalyParts): void {
  jobKinds.add(new AnomalyDetect(files));
}
