import assert from "node:assert/strict";
import { waitFor } from "@/tests/support/wait.ts";
import { JobDelay } from "./job_kind.ts";
import { jobProcess, kindOf, SPACE } from "./testing/job_rig.ts";

Deno.test("JobDelay: a job comes back when its kind says, and only a failure is charged", async () => {
  const attempts: number[] = [];
  const kind = kindOf(({ attempt }) => {
    attempts.push(attempt);
    if (attempts.length === 1) throw new JobDelay("No place is free", 5, false);
    if (attempts.length === 2) throw new JobDelay("Asked to wait", 5, true);
    return Promise.resolve({});
  });
  await using process = await jobProcess([kind]);
  const { job } = await process.jobs.enqueue(SPACE, {
    kind: "test.do",
    input: null,
  });
  const ended = await waitFor("the end", async () => {
    const now = await process.jobs.get(SPACE, job.id);
    return now.status === "completed" && now;
  });
  assert.deepEqual(attempts, [1, 1, 2]);
  assert.deepEqual(ended.attempts.map(({ error }) => error), [
    "Asked to wait",
    null,
  ]);
});

Deno.test("JobDelay: the last attempt that is charged is the end", async () => {
  const kind = kindOf(() => {
    throw new JobDelay("Asked to wait", 0, true);
  }, { maxAttempts: 2 });
  await using process = await jobProcess([kind]);
  const { job } = await process.jobs.enqueue(SPACE, {
    kind: "test.do",
    input: null,
  });
  const ended = await waitFor("the end", async () => {
    const now = await process.jobs.get(SPACE, job.id);
    return now.status === "dead" && now;
  });
  assert.equal(ended.attempts.length, 2);
});
