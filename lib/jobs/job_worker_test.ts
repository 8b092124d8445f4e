import assert from "node:assert/strict";
import * as z from "zod";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { JobRefusal } from "./job_kind.ts";
import {
  type JobProcess,
  jobProcess,
  kindOf,
  SPACE,
} from "./testing/job_rig.ts";

/** The job once it is in a status. */
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

for (const usesQueue of [true, false]) {
  const path = usesQueue ? "with the store's queue" : "without a queue";
  const processOf = (
    kinds: Parameters<typeof jobProcess>[0],
    options: Parameters<typeof jobProcess>[1] = {},
  ) => jobProcess(kinds, { ...options, usesQueue });
  const start = (
    handle: Parameters<typeof kindOf>[0],
    more: Parameters<typeof kindOf>[1] = {},
  ) => processOf([kindOf(handle, more)]);

  Deno.test(`jobs ${path}: a job is done once, and its result kept`, async () => {
    const done: unknown[] = [];
    await using process = await start(({ input, id, attempt }) => {
      done.push([input, id, attempt]);
      return Promise.resolve({ result: { sum: 3 } });
    });
    const { job, isNew } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: { a: 1 },
      correlationId: "req_1",
    });
    assert.equal(isNew, true);
    const ended = await until(process, job.id, "completed");
    assert.deepEqual(done, [[{ a: 1 }, job.id, 1]]);
    assert.deepEqual(ended.result, { sum: 3 });
    assert.equal(ended.progress.value, 1);
    assert.equal(ended.attempts.length, 1);
    assert.equal(ended.correlationId, "req_1");
  });

  Deno.test(`jobs ${path}: one that fails is tried again after a pause, and dies with every error kept`, async () => {
    let tries = 0;
    await using process = await start(() => {
      tries += 1;
      throw new Error(`Broken ${tries}`);
    }, { maxAttempts: 2 });
    const { job } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
    });
    const dead = await until(process, job.id, "dead");
    assert.equal(tries, 2);
    assert.equal(dead.error, "Broken 2");
    assert.deepEqual(
      dead.attempts.map(({ error }) => error),
      ["Broken 1", "Broken 2"],
    );
    const again = await process.jobs.retry(SPACE, job.id);
    assert.equal(again.status, "queued");
    await waitFor("another attempt", () => tries === 3);
  });

  Deno.test(`jobs ${path}: what no attempt can mend is tried once`, async () => {
    await using process = await start(() => {
      throw new JobRefusal("There is no such thread");
    });
    const { job } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
    });
    const dead = await until(process, job.id, "dead");
    assert.equal(dead.attempt, 1);
    assert.equal(dead.error, "There is no such thread");
  });

  Deno.test(`jobs ${path}: a delayed job waits for its time`, async () => {
    let doneAt = 0;
    await using process = await start(() => {
      doneAt = Date.now();
      return Promise.resolve({});
    });
    const runAt = Date.now() + 300;
    const { job } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
      runAt,
    });
    await until(process, job.id, "completed");
    assert.ok(doneAt >= runAt, `${runAt - doneAt} ms too early`);
  });

  Deno.test(`jobs ${path}: a job that is being done is cancelled, one that waits never begins`, async () => {
    const aborted: string[] = [];
    await using process = await start(async ({ signal, id }) => {
      await new Promise<void>((resolve) =>
        signal.addEventListener("abort", () => resolve())
      );
      aborted.push(id);
      throw signal.reason;
    }, { perProcess: 1 });
    const [first, second] = await Promise.all(
      [1, 2].map((input) =>
        process.jobs.enqueue(SPACE, { kind: "test.do", input })
      ),
    );
    const running = await waitFor("one of them to run", async () => {
      const all = await Promise.all(
        [first, second].map(({ job }) => process.jobs.get(SPACE, job.id)),
      );
      return all.find(({ status }) => status === "running");
    });
    const waiting = [first.job, second.job]
      .find(({ id }) => id !== running.id)!;
    assert.equal(
      (await process.jobs.cancel(SPACE, waiting.id)).status,
      "cancelled",
    );
    const cancelled = await process.jobs.cancel(SPACE, running.id);
    assert.equal(cancelled.status, "cancelled");
    assert.deepEqual(aborted, [running.id]);
    assert.deepEqual(
      await process.jobs.cancel(SPACE, running.id),
      cancelled,
    );
  });

  Deno.test(`jobs ${path}: the same key finds the job that is not over, and makes another when it is`, async () => {
    const gate = Promise.withResolvers<void>();
    await using process = await processOf([kindOf(async () => {
      await gate.promise;
      return {};
    })]);
    const wanted = { kind: "test.do", input: null, dedupKey: "nightly" };
    const made = await Promise.all(
      Array.from({ length: 8 }, () => process.jobs.enqueue(SPACE, wanted)),
    );
    assert.equal(made.filter(({ isNew }) => isNew).length, 1);
    assert.equal(new Set(made.map(({ job }) => job.id)).size, 1);
    gate.resolve();
    await until(process, made[0].job.id, "completed");
    const other = await process.jobs.enqueue(SPACE, wanted);
    assert.equal(other.isNew, true);
    assert.notEqual(other.job.id, made[0].job.id);
  });

  Deno.test(`jobs ${path}: input of another shape is refused, and so is an unknown kind`, async () => {
    await using process = await processOf([
      kindOf(() => Promise.resolve({}), { input: z.object({ n: z.number() }) }),
    ]);
    await assert.rejects(
      process.jobs.enqueue(SPACE, { kind: "test.do", input: { n: "1" } }),
      { status: 400, code: "invalid_request" },
    );
    await assert.rejects(
      process.jobs.enqueue(SPACE, { kind: "no.such", input: {} }),
      { status: 400, code: "unknown_job_kind" },
    );
  });

  Deno.test(`jobs ${path}: progress only rises, and is seen while the job goes on`, async () => {
    const gate = Promise.withResolvers<void>();
    await using process = await processOf([kindOf(async ({ progress }) => {
      progress(0.5, "Half");
      progress(0.2, "Back?");
      await gate.promise;
      return {};
    })]);
    const { job } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
    });
    const seen = await waitFor("progress", async () => {
      const { progress } = await process.jobs.get(SPACE, job.id);
      return progress.value > 0 && progress;
    });
    assert.deepEqual(seen, { value: 0.5, message: "Back?" });
    gate.resolve();
    await until(process, job.id, "completed");
  });

  Deno.test(`jobs ${path}: a large result goes into a blob and comes back whole`, async () => {
    const text = "x".repeat(200_000);
    await using process = await processOf([
      kindOf(() => Promise.resolve({ result: { text } })),
    ]);
    const { job } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
    });
    const ended = await until(process, job.id, "completed");
    assert.deepEqual(ended.result, { text });
  });

  Deno.test(`jobs ${path}: what a job changes counts with its end, or not at all`, async () => {
    const key = ["wsp_a", "test", "effect"];
    await using process = await processOf([
      kindOf(({ attempt }) => {
        const effects = new UnitOfWork()
          // The first attempt expects what is not there.
          .guard(key, attempt === 1 ? "00000000000000000001" : null, {
            v: 1,
            attempt,
          });
        return Promise.resolve({ effects });
      }),
    ]);
    const { job } = await process.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
    });
    const ended = await until(process, job.id, "completed");
    assert.equal(ended.attempt, 2);
    const { value } = await process.store.kv.get<{ attempt: number }>(key);
    assert.equal(value?.attempt, 2);
  });

  Deno.test(`jobs ${path}: workspaces are served in turn, whatever backlog one of them has`, async () => {
    const order: string[] = [];
    const kind = kindOf(({ space }) => {
      order.push(space);
      return Promise.resolve({});
    }, { perProcess: 1 });
    await using asking = await processOf([kind], { isIdle: true });
    for (let count = 0; count < 20; count += 1) {
      await asking.jobs.enqueue("wsp_a/usr_a", {
        kind: "test.do",
        input: count,
      });
    }
    await asking.jobs.enqueue("wsp_b/usr_b", { kind: "test.do", input: null });
    await using _doing = await processOf([kind], { store: asking.store });
    await waitFor("all of them", () => order.length === 21);
    assert.ok(order.indexOf("wsp_b/usr_b") <= 1, order.join(" "));
  });

  Deno.test(`jobs ${path}: no more at a time than the kind allows, in a process and in a workspace`, async () => {
    let now = 0;
    let most = 0;
    const kind = kindOf(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return {};
    }, { perProcess: 8, perWorkspace: 3 });
    await using process = await processOf([kind]);
    const made = await Promise.all(
      Array.from(
        { length: 20 },
        (_, input) => process.jobs.enqueue(SPACE, { kind: "test.do", input }),
      ),
    );
    for (const { job } of made) await until(process, job.id, "completed");
    assert.equal(most, 3);
  });

  Deno.test(`jobs ${path}: two processes do each job once`, async () => {
    const done: string[] = [];
    const kind = kindOf(({ id }) => {
      done.push(id);
      return Promise.resolve({});
    });
    const folder = await Deno.makeTempDir();
    const location = `${folder}/jobs.db`;
    try {
      await using first = await processOf([kind], { location });
      await using _second = await processOf([kind], { location });
      const made = await Promise.all(
        Array.from(
          { length: 100 },
          (_, input) => first.jobs.enqueue(SPACE, { kind: "test.do", input }),
        ),
      );
      for (const { job } of made) await until(first, job.id, "completed");
      assert.equal(done.length, 100);
      assert.equal(new Set(done).size, 100);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test(`jobs ${path}: a process that stops gives back what it was doing, without a charge`, async () => {
    const attempts: number[] = [];
    const gate = Promise.withResolvers<void>();
    const kind = kindOf(async ({ attempt, signal }) => {
      attempts.push(attempt);
      const aborted = new Promise<void>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
      await Promise.race([gate.promise, aborted]);
      return {};
    });
    const asking = await processOf([kind], { isIdle: true });
    const first = await processOf([kind], { store: asking.store });
    const { job } = await asking.jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
    });
    await waitFor("the first attempt", () => attempts.length === 1);
    await first[Symbol.asyncDispose]();
    const second = await processOf([kind], { store: asking.store });
    await waitFor("the second", () => attempts.length === 2);
    gate.resolve();
    const ended = await until(asking, job.id, "completed");
    assert.deepEqual(attempts, [1, 1]);
    assert.equal(ended.attempts.length, 1);
    await second[Symbol.asyncDispose]();
    await asking[Symbol.asyncDispose]();
  });
}
