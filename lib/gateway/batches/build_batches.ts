/** Builds batches from the services that their lines are asked of. */
import type { StoredCallers } from "@/lib/auth/stored_callers.ts";
import { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import type { Files } from "@/lib/files/files.ts";
import type { Consumers } from "@/lib/events/consumers.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import { batchRun } from "@/lib/jobs/kinds/batch_run.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { BatchJobEnds } from "./batch_job_ends.ts";
import { BatchRunner } from "./batch_runner.ts";
import { BatchStore, type WriterSource } from "./batch_store.ts";
import { Batches } from "./batches.ts";
import { LineCalls, type LineCallsParts } from "./line_calls.ts";

export interface BuildBatchesParts extends LineCallsParts {
  store: ConstructorParameters<typeof BatchStore>[0];
  owner: WriterSource;
  files: Files;
  jobStore: JobStore;
  jobs: Jobs;
  jobKinds: JobKinds;
  consumers: Consumers;
  storedCallers: StoredCallers;
  isPressed: () => boolean;
}

/** Services that the rest of the program is given. */
export interface BatchServices {
  batches: Batches;
}

export function buildBatches(parts: BuildBatchesParts): BatchServices {
  const { files, jobs, storedCallers: callers, owner, isPressed } = parts;
  const store = new BatchStore(parts.store, parts.jobStore);
  const batches = new Batches({
    store,
    files,
    jobs,
    requests: new IdempotencyStore(parts.store),
  });
  const runner = new BatchRunner({
    store,
    files,
    calls: new LineCalls(parts),
    callers,
    owner,
    isPressed,
  });
  parts.jobKinds.add(batchRun(runner, files));
  parts.consumers.add(new BatchJobEnds(batches));
  return { batches };
}
