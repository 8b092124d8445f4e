import assert from "node:assert/strict";
import { jobProcess, kindOf, SPACE } from "@/lib/jobs/testing/job_rig.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { type KindCounts, measureJobs } from "./job_metrics.ts";
import { Metrics } from "./metrics.ts";

Deno.test("measureJobs: tells how many wait, and how long attempts took by what came of them", async () => {
  const metrics = new Metrics();
  let counts: KindCounts = {};
  const onAttempt = measureJobs(metrics, () => counts, () => 0.5);
  const kind = kindOf(({ input }) => {
    if (input === "bad") throw new Error("Broken");
    return Promise.resolve({});
  }, { maxAttempts: 1 });
  await using process = await jobProcess([kind], { onAttempt });
  await process.jobs.enqueue(SPACE, { kind: "test.do", input: "good" });
  await process.jobs.enqueue(SPACE, { kind: "test.do", input: "bad" });
  const series = (outcome: string) =>
    `job_duration_seconds_count{kind="test.do",outcome="${outcome}"} 1\n`;
  await waitFor("both to be measured", async () => {
    const text = await metrics.text();
    return text.includes(series("completed")) && text.includes(series("dead"));
  });
  counts = {
    "test.do": { queued: 3, running: 1 },
    "test.other": { queued: 2, running: 0 },
  };
  const text = await metrics.text();
  for (
    const line of [
      "jobs_waiting 5",
      "worker_busy_ratio 0.5",
      'freshet_kind_jobs_waiting{kind="test.do"} 3',
      'freshet_kind_jobs_running{kind="test.do"} 1',
    ]
  ) assert.ok(text.includes(`\n${line}\n`), line);
});
