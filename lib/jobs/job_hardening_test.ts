/** What goes wrong with jobs, and what must not follow from it; on both ways of waking. */
import assert from "node:assert/strict";
import { fence } from "@/lib/kv/fence.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { waitFor } from "@/tests/support/wait.ts";
import type { JobContext, JobOutcome } from "./job_kind.ts";
import { endJobs } from "./end_jobs.ts";
import { OverdueJobs } from "./job_overdue.ts";
import { JobQueues } from "./job_queues.ts";
import { sweepEndedJobs } from "./job_retention.ts";
import {
  type JobProcess,
  jobProcess,
  kindOf,
  registryOf,
  SPACE,
} from "./testing/job_rig.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const HOUR_MS = 60 * 60 * 1_000;

async function until(
  { jobs }: JobProcess,
  id: string,
  status: Job["status"],
): Promise<Job> {
  return await waitFor(`the job to be ${status}`, async () => {
    const job = await jobs.get(SPACE, id);
    return job.status === status && job;
  });
}

/** Goes on until it is told to end. */
function untilAborted({ signal }: JobContext<unknown>): Promise<JobOutcome> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

const ask = async ({ jobs }: JobProcess, more = {}) =>
  (await jobs.enqueue(SPACE, { kind: "test.do", input: null, ...more })).job;

/** A wall clock that can be set. */
function settableClock() {
  let offsetMs = 0;
  return {
    clock: {
      now: () => Date.now() + offsetMs,
      monotonic: () => performance.now(),
      after(delayMs: number, callback: () => void) {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
    },
    set: (ms: number) => {
      offsetMs = ms;
    },
  };
}

async function withFile(
  test: (location: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/jobs.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const usesQueue of [true, false]) {
  const path = usesQueue ? "with the store's queue" : "without a queue";
  const processOf = (
    kinds: Parameters<typeof jobProcess>[0],
    options: Parameters<typeof jobProcess>[1] = {},
  ) => jobProcess(kinds, { ...options, usesQueue });

  Deno.test(`jobs ${path}: one that another process does is cancelled from here`, async () => {
    await withFile(async (location) => {
      await using asking = await processOf([kindOf(untilAborted)], {
        location,
        isIdle: true,
      });
      await using _doing = await processOf([kindOf(untilAborted)], {
        location,
      });
      const job = await ask(asking);
      await until(asking, job.id, "running");
      const { status, attempts } = await asking.jobs.cancel(SPACE, job.id);
      assert.equal(status, "cancelled");
      assert.equal(attempts.length, 1);
    });
  });

  Deno.test(`jobs ${path}: a process that was taken for dead ends what it does, and it is done once elsewhere`, async () => {
    const told: unknown[] = [];
    let begun = 0;
    const kind = kindOf(async (context) => {
      begun += 1;
      if (begun > 1) return { result: "in time" };
      await untilAborted(context).catch((error) => told.push(error));
      return { result: "late" };
    });
    await using first = await processOf([kind]);
    const job = await ask(first);
    await until(first, job.id, "running");
    const { id } = first.owner.incarnation;
    await using second = await jobProcess([kind], { store: first.store });
    assert.equal(await fence(first.store, id), true);
    await second.recovery.takeOver({
      id,
      owned: () => second.owned(id),
    });
    // The renewal of its lane shows the process that it counts no more.
    await first.owner.incarnation.lane.renew().catch(() => {});
    const ended = await until(second, job.id, "completed");
    await waitFor("the first one to be told", () => told.length === 1);
    assert.equal(ended.result, "in time");
    assert.deepEqual(ended.attempts.map(({ error }) => error), [
      "Its process ended in the middle of it",
      null,
    ]);
  });

  Deno.test(`jobs ${path}: one that was cancelled before its process died is over, not begun again`, async () => {
    await using first = await processOf([kindOf(untilAborted)]);
    const job = await ask(first);
    await until(first, job.id, "running");
    const { id } = first.owner.incarnation;
    await using second = await jobProcess([kindOf(untilAborted)], {
      store: first.store,
      isIdle: true,
    });
    const loaded = await second.jobStore.load(SPACE, job.id);
    assert.equal(await fence(first.store, id), true);
    assert.equal(
      await second.jobStore.requestEnd(loaded!, "cancelled"),
      true,
    );
    await second.recovery.takeOver({ id, owned: () => second.owned(id) });
    assert.equal(
      (await second.jobs.get(SPACE, job.id)).status,
      "cancelled",
    );
  });

  Deno.test(`jobs ${path}: one that was claimed by a commit nobody heard of is done all the same`, async () => {
    let begun = 0;
    const kind = kindOf(() => {
      begun += 1;
      return Promise.resolve({});
    });
    await using process = await processOf([kind], { isIdle: true });
    const job = await ask(process);
    const [due] = await process.jobStore.due({
      priority: 1,
      workspace: "wsp_a",
      kind: "test.do",
    }, 1);
    await new JobQueues(process.store).claim([due], process.owner.incarnation);
    await process.recovery.adopt({
      id: process.owner.incarnation.id,
      owned: () => process.owned(process.owner.incarnation.id),
    });
    process.worker.start();
    const ended = await until(process, job.id, "completed");
    assert.equal(begun, 1);
    assert.equal(ended.attempt, 1);
  });

  Deno.test(`jobs ${path}: a handler that hears nothing is left behind at its deadline, and what it does later does not count`, async () => {
    const late = Promise.withResolvers<void>();
    const kind = kindOf(async () => {
      await late.promise;
      return { result: "late" };
    }, { deadlineMs: 50, maxAttempts: 1 });
    await using process = await processOf([kind]);
    const job = await ask(process);
    const dead = await until(process, job.id, "dead");
    late.resolve();
    assert.equal(dead.error, "It took longer than it may");
    assert.equal(dead.result, null);
  });

  Deno.test(`jobs ${path}: a process whose timer has failed is told by another that a job takes too long`, async () => {
    await using doing = await processOf([
      kindOf(untilAborted, { deadlineMs: HOUR_MS, maxAttempts: 1 }),
    ]);
    const job = await ask(doing);
    await until(doing, job.id, "running");
    let monotonicMs = 0;
    const clock = { ...settableClock().clock, monotonic: () => monotonicMs };
    const overdue = new OverdueJobs(
      { ...doing.store, clock },
      doing.jobStore,
      registryOf([kindOf(untilAborted, { deadlineMs: 1_000 })]),
    );
    const { signal } = new AbortController();
    assert.equal(await overdue.sweep(signal), 0);
    monotonicMs = 9_000;
    assert.equal(await overdue.sweep(signal), 0);
    monotonicMs = 12_000;
    assert.equal(await overdue.sweep(signal), 1);
    await doing.worker.heed(job.id);
    const dead = await until(doing, job.id, "dead");
    assert.equal(dead.error, "It took longer than it may");
  });

  Deno.test(`jobs ${path}: a job that outlasts eight processes is charged with an attempt`, async () => {
    const attempts: number[] = [];
    const kind = kindOf((context) => {
      attempts.push(context.attempt);
      return untilAborted(context);
    }, { maxAttempts: 2 });
    await using asking = await processOf([kind], { isIdle: true });
    const job = await ask(asking);
    for (let count = 1; count <= 10; count += 1) {
      const process = await processOf([kind], { store: asking.store });
      await waitFor("it to begin", () => attempts.length === count);
      await process[Symbol.asyncDispose]();
    }
    assert.deepEqual(attempts, [...Array(9).fill(1), 2]);
    const { attempts: over } = await asking.jobs.get(SPACE, job.id);
    assert.equal(over.length, 1);
  });

  Deno.test(`jobs ${path}: the lower priorities leave places to who waits for an answer`, async () => {
    const begun: string[] = [];
    const kind = (name: string) =>
      kindOf((context) => {
        begun.push(context.input as string);
        return untilAborted(context);
      }, { kind: name, perProcess: 99, perWorkspace: 99 });
    await using process = await processOf([kind("test.do")], {
      perProcess: 8,
    });
    for (let count = 0; count < 12; count += 1) {
      await ask(process, { input: "bulk", priority: "bulk" });
    }
    await waitFor("the bulk to begin", () => begun.length >= 6);
    for (let count = 0; count < 12; count += 1) {
      await ask(process, { input: "normal", priority: "normal" });
    }
    await waitFor("the normal one to begin", () => begun.length >= 7);
    await ask(process, { input: "interactive", priority: "interactive" });
    await waitFor("the last place to be taken", () => begun.length === 8);
    assert.deepEqual(begun, [
      ...Array(6).fill("bulk"),
      "normal",
      "interactive",
    ]);
  });

  Deno.test(`jobs ${path}: who has less of the places of all processes is served first`, async () => {
    const begun: string[] = [];
    const kind = kindOf((context) => {
      begun.push(context.space);
      return untilAborted(context);
    });
    await withFile(async (location) => {
      await using first = await processOf([kind], { location, perProcess: 8 });
      for (let count = 0; count < 20; count += 1) {
        await first.jobs.enqueue("wsp_a/usr_a", {
          kind: "test.do",
          input: null,
        });
      }
      await waitFor("one process to be full", () => begun.length === 7);
      await waitFor("that to be told", async () => {
        const rows = await Array.fromAsync(
          first.store.kv.list<{ running: unknown[] }>({
            prefix: ["sys", "jw"],
          }),
        );
        return rows.some(({ value }) => value.running.length > 0);
      });
      for (let count = 0; count < 20; count += 1) {
        await first.jobs.enqueue("wsp_b/usr_b", {
          kind: "test.do",
          input: null,
        });
      }
      await using second = await processOf([kind], {
        location,
        perProcess: 8,
        isIdle: true,
      });
      begun.length = 0;
      await second.worker.hearOthers();
      second.worker.start();
      await waitFor("the other to be full", () => begun.length === 7);
      assert.deepEqual(begun, Array(7).fill("wsp_b/usr_b"));
    });
  });

  Deno.test(`jobs ${path}: a paused kind waits, in its workspace alone, and begins when it is resumed`, async () => {
    const done: string[] = [];
    const kind = kindOf(({ space }) => {
      done.push(space);
      return Promise.resolve({});
    });
    await using process = await processOf([kind], { isIdle: true });
    await process.jobStore.pauseKind("wsp_a", "test.do");
    process.worker.start();
    const job = await ask(process);
    await process.jobs.enqueue("wsp_b/usr_b", { kind: "test.do", input: 1 });
    await waitFor("the other workspace", () => done.length === 1);
    assert.deepEqual(done, ["wsp_b/usr_b"]);
    assert.equal((await process.jobs.get(SPACE, job.id)).status, "queued");
    await process.jobStore.resumeKind("wsp_a", "test.do");
    await until(process, job.id, "completed");
  });

  Deno.test(`jobs ${path}: one is not begun again while another with its key goes on`, async () => {
    const kind = kindOf(({ input }) => {
      if (input === "bad") throw new Error("Broken");
      return Promise.resolve({});
    }, { maxAttempts: 1 });
    await using process = await processOf([kind]);
    const dead = await ask(process, { input: "bad", dedupKey: "nightly" });
    await until(process, dead.id, "dead");
    const other = await ask(process, {
      dedupKey: "nightly",
      runAt: Date.now() + HOUR_MS,
    });
    await assert.rejects(process.jobs.retry(SPACE, dead.id), {
      status: 409,
      code: "job_repeated",
    });
    await process.jobs.cancel(SPACE, other.id);
    const again = await process.jobs.retry(SPACE, dead.id);
    assert.equal(again.dedupKey, "nightly");
    assert.equal(
      (await process.jobs.enqueue(SPACE, {
        kind: "test.do",
        input: 1,
        dedupKey: "nightly",
      })).isNew,
      again.status !== "queued",
    );
  });

  Deno.test(`jobs ${path}: what has ended is kept for thirty days, and nothing of it after that`, async () => {
    const { clock, set } = settableClock();
    const kind = kindOf(({ input }) =>
      Promise.resolve({ result: input === "large" ? "x".repeat(99_999) : 1 })
    );
    await using process = await processOf([kind], { clock });
    const jobs = [
      await ask(process, { input: "large", dedupKey: "once" }),
      await ask(process, { input: "small" }),
      await ask(process, { runAt: Date.now() + 60 * DAY_MS }),
    ];
    for (const { id } of jobs.slice(0, 2)) {
      await until(process, id, "completed");
    }
    const { signal } = new AbortController();
    set(29 * DAY_MS);
    assert.equal(await sweepEndedJobs(process.store, signal), 0);
    // Begun again, it is kept from its new end on.
    await process.jobs.retry(SPACE, jobs[1].id);
    await until(process, jobs[1].id, "completed");
    set(31 * DAY_MS);
    assert.equal(await sweepEndedJobs(process.store, signal), 1);
    await assert.rejects(process.jobs.get(SPACE, jobs[0].id), {
      code: "not_found",
    });
    assert.equal(
      (await process.jobs.get(SPACE, jobs[1].id)).status,
      "completed",
    );
    const rows = await Array.fromAsync(process.store.kv.list({ prefix: [] }));
    const left = rows.filter(({ key }) =>
      key.includes(jobs[0].id) && key[1] !== "e"
    );
    assert.deepEqual(left, []);
    // The parts of its result have lost their name, and go with the next sweep of such parts.
    assert.equal(rows.filter(({ key }) => key[1] === "bo").length, 1);
  });

  Deno.test(`jobs ${path}: a clock that is set back holds up nobody who only waits for another attempt`, async () => {
    const { clock, set } = settableClock();
    let tries = 0;
    const kind = kindOf(() => {
      tries += 1;
      if (tries === 1) {
        set(-HOUR_MS);
        throw new Error("Broken");
      }
      return Promise.resolve({});
    });
    await using process = await processOf([kind], { clock });
    const asked = await ask(process, { runAt: Date.now() + 10 * HOUR_MS });
    const job = await ask(process);
    await until(process, job.id, "completed");
    assert.equal((await process.jobs.get(SPACE, asked.id)).status, "queued");
    set(10 * HOUR_MS + 1_000);
    await until(process, asked.id, "completed");
  });
}

Deno.test("endJobs: what waits is cancelled, what runs is told to end, and a key that is left behind is free", async () => {
  await using process = await jobProcess([kindOf(untilAborted)], {
    perProcess: 1,
  });
  const wanted = { kind: "test.do", input: null, dedupKey: "once" };
  const { job: running } = await process.jobs.enqueue(SPACE, wanted);
  await until(process, running.id, "running");
  const waiting = await ask(process);
  const { signal } = new AbortController();
  assert.equal(await endJobs(process.jobStore, SPACE, null, signal), 1);
  assert.equal(
    (await process.jobs.get(SPACE, waiting.id)).status,
    "cancelled",
  );
  await process.worker.heed(running.id);
  await until(process, running.id, "cancelled");
  assert.equal(await endJobs(process.jobStore, SPACE, null, signal), 0);
  // As an erasure leaves it.
  await process.worker.stop(1_000);
  const { job: left } = await process.jobs.enqueue(SPACE, wanted);
  await process.store.kv.delete([SPACE, "j", left.id]);
  assert.equal((await process.jobs.enqueue(SPACE, wanted)).isNew, true);
});
