import assert from "node:assert/strict";
import type { CursorRecord } from "@/lib/events/consumer.ts";
import { Consumers } from "@/lib/events/consumers.ts";
import { cursorKey, jobKey } from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { quantileOf } from "./job_count.ts";
import { JobCounter } from "./job_counter.ts";
import { JobRefusal } from "./job_kind.ts";
import { sweepEndedJobs } from "./job_retention.ts";
import { JobStatistics } from "./job_statistics.ts";
import {
  type JobProcess,
  jobProcess,
  kindOf,
  registryOf,
  SPACE,
} from "./testing/job_rig.ts";

const WORKSPACE = "wsp_a";
const DAY_MS = 24 * 60 * 60 * 1_000;

const KINDS = [
  kindOf(({ input }) => {
    if (input === "bad") throw new JobRefusal("Not like this");
    return Promise.resolve({});
  }),
  kindOf(() => Promise.resolve({}), { kind: "test.other", perProcess: 1 }),
];

function counting({ store }: JobProcess): Consumers {
  const consumers = new Consumers(store, silentLogger());
  consumers.add(new JobCounter(store));
  consumers.start();
  return consumers;
}

Deno.test("JobStatistics: says how many jobs of each kind wait, run and ended, of a workspace alone", async () => {
  await using asking = await jobProcess(KINDS, { isIdle: true });
  const statistics = new JobStatistics(asking.store, registryOf(KINDS));
  const consumers = counting(asking);
  await waitFor("the counter to have begun", async () => {
    const { value } = await asking.store.kv.get<CursorRecord>(
      cursorKey("job-counts"),
    );
    return value !== null && value.sync === undefined;
  });
  for (const input of ["good", "good", "bad"]) {
    await asking.jobs.enqueue(SPACE, { kind: "test.do", input });
  }
  await asking.jobs.enqueue(SPACE, {
    kind: "test.other",
    input: null,
    runAt: Date.now() + 3_600_000,
  });
  await asking.jobs.enqueue("wsp_b/usr_b", { kind: "test.do", input: 1 });
  const waiting = await waitFor("five to be counted", async () => {
    const { total } = await statistics.allCounts();
    return total.queued === 5 && await statistics.counts(WORKSPACE);
  });
  assert.equal(waiting.kinds["test.do"].queued, 3);
  assert.equal(waiting.kinds["test.other"].queued, 1);
  const oldest = await statistics.oldestWaiting(WORKSPACE);
  assert.equal(oldest?.kind, "test.do");

  const doing = await jobProcess(KINDS, { store: asking.store });
  const ended = await waitFor("the ends to be counted", async () => {
    const { total } = await statistics.counts(WORKSPACE);
    return total.dead === 1 && total.completed === 2 && total;
  });
  assert.deepEqual(ended, {
    queued: 1,
    running: 0,
    completed: 2,
    dead: 1,
    cancelled: 0,
  });
  assert.equal(await statistics.oldestWaiting(WORKSPACE), null);
  const { total, minutes } = await statistics.rates(
    WORKSPACE,
    Date.now() - 60_000,
  );
  assert.equal(total.queued, 4);
  assert.equal(total.started, 3);
  assert.equal(total.completed, 2);
  assert.equal(total.dead, 1);
  assert.ok(total.waitedMs!.p50 <= total.waitedMs!.p95);
  assert.ok(total.tookMs !== null);
  assert.equal(minutes.reduce((sum, { queued }) => sum + queued, 0), 4);
  const [worker] = await statistics.workers(WORKSPACE);
  assert.equal(worker.places, 32);

  const [dead] = await asking.jobStore.list(WORKSPACE, {
    status: "dead",
    kind: null,
    before: null,
    limit: 1,
  });
  await asking.jobs.retry(dead.space, dead.id);
  await waitFor("it to be dead once more", async () => {
    const again = await statistics.rates(WORKSPACE, Date.now() - 60_000);
    return again.total.dead === 2;
  });
  assert.equal((await statistics.counts(WORKSPACE)).total.dead, 1);
  await doing[Symbol.asyncDispose]();
  await consumers.stop();
});

Deno.test("JobCounter: counts what was there before it looked, each job once", async () => {
  await using asking = await jobProcess(KINDS, { isIdle: true });
  const statistics = new JobStatistics(asking.store, registryOf(KINDS));
  for (let input = 0; input < 20; input += 1) {
    await asking.jobs.enqueue(SPACE, { kind: "test.do", input });
  }
  const doing = await jobProcess(KINDS, { store: asking.store });
  const { job } = await asking.jobs.enqueue(SPACE, {
    kind: "test.do",
    input: "bad",
  });
  await waitFor(
    "the last one",
    async () => (await asking.jobs.get(SPACE, job.id)).status === "dead",
  );
  await doing[Symbol.asyncDispose]();
  await asking.jobs.enqueue(SPACE, { kind: "test.do", input: 1 });
  await asking.jobs.enqueue(SPACE, {
    kind: "test.do",
    input: 2,
    runAt: Date.now() + 3_600_000,
  });
  const consumers = counting(asking);
  await asking.jobs.enqueue(SPACE, { kind: "test.do", input: 3 });
  const total = await waitFor("all to be counted", async () => {
    const { total } = await statistics.counts(WORKSPACE);
    return total.queued === 3 && total.dead === 1 && total;
  });
  assert.equal(total.completed, 20);
  // Nothing is counted twice afterwards.
  await asking.jobs.cancel(
    SPACE,
    (await asking.jobs.list(SPACE, {
      status: "queued",
      kind: null,
      before: null,
      limit: 1,
    }))[0].id,
  );
  const after = await waitFor("the cancelled one", async () => {
    const { total } = await statistics.counts(WORKSPACE);
    return total.cancelled === 1 && total;
  });
  assert.equal(after.queued, 2);
  await consumers.stop();
});

Deno.test("JobCounter: counts a job no longer once it is removed, also where its record was erased before", async () => {
  await using rig = await jobProcess(KINDS);
  const { store, jobs } = rig;
  const statistics = new JobStatistics(store, registryOf(KINDS));
  const consumers = counting(rig);
  const ids: string[] = [];
  for (const input of [1, 2]) {
    const { job } = await jobs.enqueue(SPACE, { kind: "test.do", input });
    ids.push(job.id);
  }
  await waitFor("both to be counted", async () => {
    const { total } = await statistics.counts(WORKSPACE);
    return total.completed === 2;
  });
  await store.kv.delete(jobKey(SPACE, ids[0]));
  const later: Store = Object.assign(Object.create(store), {
    clock: { ...store.clock, now: () => Date.now() + 31 * DAY_MS },
  });
  assert.equal(await sweepEndedJobs(later, AbortSignal.timeout(10_000)), 2);
  await waitFor("neither to be counted", async () => {
    const { total } = await statistics.counts(WORKSPACE);
    return total.completed === 0;
  });
  const listed = store.kv.list({ prefix: [WORKSPACE, "ji"] });
  assert.deepEqual(await Array.fromAsync(listed), []);
  await consumers.stop();
});

Deno.test("quantileOf: names the bound that a share of all stays under", () => {
  const counts = Array(18).fill(0);
  assert.equal(quantileOf(counts, 0.5), null);
  counts[1] = 90;
  counts[5] = 10;
  assert.equal(quantileOf(counts, 0.5), 5);
  assert.equal(quantileOf(counts, 0.9), 5);
  assert.equal(quantileOf(counts, 0.95), 100);
});
