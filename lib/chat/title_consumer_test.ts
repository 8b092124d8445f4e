import assert from "node:assert/strict";
import { Consumers } from "@/lib/events/consumers.ts";
import { commit } from "@/lib/kv/commit.ts";
import { cursorKey, runKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { JobKinds } from "@/lib/jobs/job_kind.ts";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { Jobs } from "@/lib/jobs/jobs.ts";
import { ThreadTitle } from "@/lib/jobs/kinds/thread_title.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { TitleConsumer } from "./title_consumer.ts";

const WORKSPACE = "wsp_test";
/** A thread that has a title. */
const NAMED = "thr_named";

function event(type: string, data: Record<string, unknown>): OutboxEvent {
  return { type, at: 0, subject: newId("run"), data };
}

async function emit(store: Store, ...events: OutboxEvent[]): Promise<void> {
  const unit = new UnitOfWork()
    .guard(runKey(WORKSPACE, newId("run")), null, { v: 1 });
  for (const each of events) unit.event(WORKSPACE, each);
  assert.ok((await commit(store, unit)).ok);
}

/** Starts `processes` consumers on one store and resolves when the first has found its place. */
async function startConsumers(store: Store, processes = 1) {
  const jobStore = new JobStore(store);
  const kinds = new JobKinds();
  kinds.add(
    new ThreadTitle({
      afterAnswer: () => Promise.resolve(),
      isClosing: false,
    }),
  );
  const owner = await Owner.start(store);
  const jobs = new Jobs({
    store,
    jobs: jobStore,
    kinds,
    owner,
    cancelHere: () => false,
  });
  const all = Array.from({ length: processes }, () => {
    const consumers = new Consumers(store, silentLogger());
    consumers.add(
      new TitleConsumer({
        titles: { isWanted: (_, thread) => Promise.resolve(thread !== NAMED) },
        jobs,
        jobStore,
      }),
    );
    consumers.start();
    return consumers;
  });
  await waitFor("the cursor", async () => {
    const { value } = await get<{ sync?: unknown }>(store, cursorKey("titles"));
    return value !== null && value.sync === undefined;
  });
  return {
    /** Threads and runs that jobs were made for, in the order in which they were. */
    async told(): Promise<string[]> {
      const found = await jobs.list(WORKSPACE, {
        status: null,
        kind: "thread.title",
        before: null,
        limit: 100,
      });
      return found.map(({ input }) => {
        const { threadId, runId } = input as Record<string, string>;
        return `${threadId} ${runId}`;
      }).reverse();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((consumers) => consumers.stop()));
      await owner.release(1_000);
      store.close();
    },
  };
}

Deno.test("TitleConsumer: has a thread named for each completed answer, and for nothing else", async () => {
  const store = await openStore({ location: ":memory:" });
  await using rig = await startConsumers(store);
  const first = event("run.completed", { threadId: "thr_1" });
  const last = event("run.completed", { threadId: "thr_2" });
  await emit(
    store,
    event("run.started", { threadId: "thr_1" }),
    first,
    event("message.completed", { threadId: "thr_1" }),
    event("run.failed", { threadId: "thr_3" }),
    event("run.completed", { threadId: "thr_4", temporary: true }),
    event("run.completed", {}),
    event("run.completed", { threadId: NAMED }),
    event("run.completed", { threadId: "thr_1" }),
  );
  await emit(store, last);
  await waitFor("two jobs", async () => (await rig.told()).length >= 2);
  assert.deepEqual(await rig.told(), [
    `thr_1 ${first.subject}`,
    `thr_2 ${last.subject}`,
  ]);
});

Deno.test("TitleConsumer: of several processes one has a thread named", async () => {
  const store = await openStore({ location: ":memory:" });
  await using rig = await startConsumers(store, 3);
  const runs = Array.from(
    { length: 30 },
    (_, index) => event("run.completed", { threadId: `thr_${index}` }),
  );
  for (const each of runs) await emit(store, each);
  await waitFor(
    "all jobs",
    async () => (await rig.told()).length >= runs.length,
  );
  assert.deepEqual(
    (await rig.told()).toSorted(),
    runs.map(({ data, subject }) => `${data.threadId} ${subject}`).toSorted(),
  );
});
