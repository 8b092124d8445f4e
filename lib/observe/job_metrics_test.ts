import assert from "node:assert/strict";
import { jobProcess, kindOf, SPACE } from "@/lib/jobs/testing/job_rig.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { type KindCounts, measureJobs } from "./job_metrics.ts";
import { Metrics } from "./metrics.ts";

Deno.test("measureJobs: tells how many wait, and how long attempts took by what came of them", async () => {
  const metrics = new Metrics();
  let counts: KindCounts = {};
  const onAttempt = measureJobs(metrics, () => counts);
  const kind = kindOf(({ input }) => {
    if (input === "bad") throw new Error("Broken");
    return Promise.resolve({});
  }, { maxAttempts: 1 });
  await using process = await jobProcess([kind], { onAttempt });
  await process.jobs.enqueue(SPACE, { kind: "test.do", input: "good" });
  await process.jobs.enqueue(SPACE, { kind: "test.do", input: "bad" });
  const series = (outcome: string) =>
    `freshet_job_duration_seconds_count{kind="test.do",outcome="${outcome}"} 1\n`;
  await waitFor("both to be measured", () => {
    const text = metrics.text();
    return text.includes(series("completed")) && text.includes(series("dead"));
  });
  counts = { "test.do": { queued: 3, running: 1 } };
  const text = metrics.text();
  assert.ok(text.includes('freshet_jobs_waiting{kind="test.do"} 3\n'));
  assert.ok(text.includes('freshet_jobs_running{kind="test.do"} 1\n'));
});
