/** Processes that do jobs over one store, for tests. */
import * as z from "zod";
import type { Clock } from "@/lib/clock.ts";
import { StorageError } from "@/lib/errors.ts";
import { owned, type OwnedRow } from "@/lib/kv/fence.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { openStore } from "@/lib/kv/open.ts";
import { Reaper } from "@/lib/kv/reaper.ts";
import type { Store } from "@/lib/kv/store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { WrappedAtomic, WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import type { AttemptReport } from "../job_execution.ts";
import { JobRecovery } from "../job_recovery.ts";
import {
  type JobContext,
  type JobKind,
  JobKinds,
  type JobOutcome,
} from "../job_kind.ts";
import { JobStore } from "../job_store.ts";
import { Jobs } from "../jobs.ts";
import { JobWorker } from "../job_worker.ts";

export const SPACE = "wsp_a/usr_a";

/** A kind that does what a test says. */
export function kindOf(
  handle: (context: JobContext<unknown>) => Promise<JobOutcome>,
  more: Partial<JobKind> = {},
): JobKind {
  return {
    kind: "test.do",
    input: z.unknown(),
    describe: () => "Something to do",
    isPublic: true,
    priority: "normal",
    maxAttempts: 3,
    deadlineMs: 60_000,
    perProcess: 16,
    perWorkspace: 16,
    handle,
    ...more,
  };
}

export function registryOf(kinds: readonly JobKind[]): JobKinds {
  const registry = new JobKinds();
  for (const kind of kinds) registry.add(kind);
  return registry;
}

/** A store as some platforms have it: an enqueue fails the whole atomic. */
class QueuelessKv extends WrappedKv {
  override atomic(): Deno.AtomicOperation {
    return new QueuelessAtomic(this.inner.atomic());
  }
}

class QueuelessAtomic extends WrappedAtomic {
  override enqueue(): never {
    throw new TypeError("This store has no queues");
  }
}

/** One process of a store. */
export interface JobProcess extends AsyncDisposable {
  store: Store;
  owner: Owner;
  jobs: Jobs;
  jobStore: JobStore;
  worker: JobWorker;
  recovery: JobRecovery;
  /** What an incarnation owns, read now. */
  owned(incarnation: string): AsyncGenerator<OwnedRow>;
}

export interface JobProcessOptions {
  store?: Store;
  location?: string;
  /** False: as where the store has no queues. */
  usesQueue?: boolean;
  clock?: Clock;
  /** Jobs that it does at a time. */
  perProcess?: number;
  onAttempt?: (attempt: AttemptReport) => void;
  /** Whether it does jobs, or only asks for them. */
  isIdle?: boolean;
  /** Whether it leaves it to others to look after the dead. */
  isBlind?: boolean;
}

export async function jobProcess(
  kinds: readonly JobKind[],
  {
    store: given,
    location = ":memory:",
    usesQueue,
    isIdle,
    isBlind,
    clock,
    ...more
  }: JobProcessOptions = {},
): Promise<JobProcess> {
  const opened = given ?? await openStore({ location, clock });
  // Without queues it is as on a platform, where an enqueue fails all that is committed with it.
  const store: Store = usesQueue === false
    ? { ...opened, kind: "platform", kv: new QueuelessKv(opened.kv) }
    : opened;
  const owner = await Owner.start(store);
  const registry = registryOf(kinds);
  const jobStore = new JobStore(store);
  const log = silentLogger();
  const jobs: Jobs = new Jobs({
    store,
    jobs: jobStore,
    kinds: registry,
    owner,
    cancelHere: (job) => worker.cancel(job),
  });
  const worker = new JobWorker({
    store,
    jobs: jobStore,
    kinds: registry,
    owner,
    keepResult: (result) => jobs.keepResult(result),
    log,
    ...more,
  });
  const recovery = new JobRecovery({
    jobs: jobStore,
    owner,
    isHere: (job) => worker.has(job),
    log,
  });
  const reaper = new Reaper(store, {
    own: () => owner.incarnation.id,
    onFenced: (dead) => recovery.takeOver(dead),
    onOwning: (own) => recovery.adopt(own),
    onError: (error) => {
      // Who is on the way out leaves what it has begun to the next one; a store that is slow is asked again.
      if (!isStopping && !(error instanceof StorageError)) throw error;
    },
  });
  let isStopping = false;
  if (!isIdle) worker.start();
  if (!isBlind) reaper.start();
  return {
    store,
    owner,
    jobs,
    jobStore,
    worker,
    recovery,
    owned: (incarnation) => owned(store, incarnation, undefined),
    async [Symbol.asyncDispose]() {
      isStopping = true;
      await worker.stop(1_000);
      await reaper.stop();
      await owner.release(1_000);
      if (given === undefined) store.close();
    },
  };
}
