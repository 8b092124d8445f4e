/** A process of a simulated world of jobs: the queue of the program over its own way to the store. */
import { Consumers } from "@/lib/events/consumers.ts";
import { JobCounter } from "@/lib/jobs/job_counter.ts";
import { JobRecovery } from "@/lib/jobs/job_recovery.ts";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { JobWorker } from "@/lib/jobs/job_worker.ts";
import { Jobs } from "@/lib/jobs/jobs.ts";
import { Doorbells } from "@/lib/kv/doorbell.ts";
import { Inbox } from "@/lib/kv/inbox.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { Reaper } from "@/lib/kv/reaper.ts";
import type { Store } from "@/lib/kv/store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { simulatedKinds } from "./job_kinds.ts";

const FINAL_WRITES_MS = 2_000;

export interface JobSimProcess {
  jobs: Jobs;
  jobStore: JobStore;
  /** Goes down as a process does that is asked to. */
  drain(): Promise<void>;
}

/** Begins a process. @throws {StorageError} when the store does not let it */
export async function startJobSimProcess(
  store: Store,
  kill: () => void,
): Promise<JobSimProcess> {
  const log = silentLogger();
  const owner = await Owner.start(store);
  const kinds = simulatedKinds(store, kill);
  const jobStore = new JobStore(store);
  const jobs: Jobs = new Jobs({
    store,
    jobs: jobStore,
    kinds,
    owner,
    cancelHere: (job) => worker.cancel(job),
  });
  const worker = new JobWorker({
    store,
    jobs: jobStore,
    kinds,
    owner,
    keepResult: (result) => jobs.keepResult(result),
    log,
  });
  const recovery = new JobRecovery({
    jobs: jobStore,
    owner,
    isHere: (job) => worker.has(job),
    log,
  });
  const consumers = new Consumers(store, log);
  consumers.add(new JobCounter(store));
  consumers.start();
  watchInbox(store, owner, worker);
  const reaper = new Reaper(store, {
    own: () => owner.incarnation.id,
    onFenced: (dead) => recovery.takeOver(dead),
    onOwning: (own) => recovery.adopt(own),
    onError: () => {},
  });
  reaper.start();
  worker.start();
  return {
    jobs,
    jobStore,
    async drain() {
      await Promise.all([
        worker.stop(FINAL_WRITES_MS),
        reaper.stop(),
        consumers.stop(),
      ]);
      await owner.release(FINAL_WRITES_MS);
    },
  };
}

function watchInbox(store: Store, owner: Owner, worker: JobWorker): void {
  const doorbells = new Doorbells(store);
  let inbox: Inbox | null = null;
  const watch = (incarnation: Incarnation) => {
    inbox?.stop();
    inbox = new Inbox(store, doorbells, incarnation, {
      handle: ({ id }) => void worker.heed(id),
      isWanted: () => worker.running > 0,
    });
    inbox.start();
  };
  watch(owner.incarnation);
  owner.subscribe(watch);
  owner.onRelease(() => inbox?.stop());
}
