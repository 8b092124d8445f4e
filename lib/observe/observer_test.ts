import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";
import { Observer } from "./observer.ts";
import type { RequestRecord, RequestSource } from "./request_record.ts";
import { idBound } from "./request_time.ts";
import { facts } from "./testing/records.ts";

const NOW_MS = Date.UTC(2026, 2, 1);

function rig() {
  const metrics = new Metrics();
  const records: RequestRecord[] = [];
  const observer = new Observer({
    metrics,
    requestLog: { add: (_workspace, record) => void records.push(record) },
    tracing: null,
    now: () => NOW_MS,
  });
  const begin = (source: RequestSource | null = "v1") =>
    observer.begin({
      id: idBound(NOW_MS),
      workspace: "wsp_a",
      method: "POST",
      route: "/v1/chat/completions",
      source,
    });
  return { metrics, records, observer, begin };
}

Deno.test("Observer: one record when response and run are over, whichever is first", () => {
  for (const isRunFirst of [true, false]) {
    const { observer, records, begin } = rig();
    const trace = begin();
    trace.runBegan("run_1");
    const steps = [
      () => observer.runEnded(facts(), trace),
      () => void observer.leave(trace, 200),
    ];
    const [first, second] = isRunFirst ? steps : steps.toReversed();
    first();
    assert.equal(records.length, 0);
    second();
    assert.deepEqual(
      records.map(({ id, run, status, httpStatus }) => ({
        id,
        run,
        status,
        httpStatus,
      })),
      [{ id: trace.id, run: "run_1", status: "completed", httpStatus: 200 }],
    );
    assert.equal(observer.open.size, 0);
  }
});

Deno.test("Observer: a request that is refused is recorded with the reason", () => {
  const { observer, records, begin } = rig();
  const trace = begin();
  trace.model = "nobody";
  trace.error = { code: "model_not_found", message: "x".repeat(9_999) };
  observer.leave(trace, 404);
  const [{ status, httpStatus, model, error, usage }] = records;
  assert.deepEqual(
    [status, httpStatus, model, error?.code, usage],
    ["refused", 404, "nobody", "model_not_found", null],
  );
  assert.ok(error!.message.length < 1_000);
});

Deno.test("Observer: a request that comes to a run of another is recorded as attached", () => {
  const { observer, records, begin } = rig();
  const trace = begin();
  trace.run = "run_1";
  observer.leave(trace, 200);
  assert.deepEqual(
    records.map(({ status, run, costMicroUsd }) => [status, run, costMicroUsd]),
    [["attached", "run_1", null]],
  );
});

Deno.test("Observer: a request that asks no model is counted and not recorded", async () => {
  const { metrics, observer, records, begin } = rig();
  const trace = begin(null);
  const completed = Promise.resolve();
  observer.countRequest(trace, 200, completed);
  observer.leave(trace, 200);
  await completed;
  assert.deepEqual([records.length, observer.open.size], [0, 0]);
  assert.match(
    await metrics.text(),
    /http_request_duration_seconds_count\{[^}]*status="200"\} 1/,
  );
});

Deno.test("Observer: a run that another process goes on with is left to that one to record", () => {
  const { observer, records, begin } = rig();
  const trace = begin();
  trace.runBegan("run_1");
  observer.leave(trace, 200);
  trace.runLeft();
  assert.deepEqual([records.length, observer.open.size], [0, 0]);
});

Deno.test("Observer.runEnded: a run that was begun again without a request is recorded under its request", () => {
  const { observer, records } = rig();
  observer.runEnded(facts({ request: idBound(NOW_MS), epoch: 2 }), null);
  observer.runEnded(facts({ request: null }), null);
  assert.deepEqual(
    records.map(({ id, epoch, httpStatus }) => [id, epoch, httpStatus]),
    [[idBound(NOW_MS), 2, null]],
  );
});

Deno.test("Observer: metrics tell of the run's tokens, cost and pieces", async () => {
  const { metrics, observer, begin } = rig();
  const trace = begin();
  trace.runBegan("run_1");
  observer.leave(trace, 200);
  observer.runEnded(facts(), trace);
  const text = await metrics.text();
  for (
    const line of [
      'freshet_runs_total{source="v1",status="completed"} 1',
      'llm_tokens_total{kind="input",provider="fake",model="m1"} 3',
      'llm_tokens_total{kind="cached_input",provider="fake",model="m1"} 1',
      'llm_tokens_total{kind="output",provider="fake",model="m1"} 5',
      'llm_cost_usd_total{provider="fake",model="m1"} 2',
      'freshet_chunks_total{source="v1"} 4',
      'llm_time_to_first_token_seconds_sum{source="v1"} 0.01',
      'freshet_run_seconds_count{source="v1"} 1',
      'freshet_overhead_seconds_count{source="v1"} 1',
    ]
  ) assert.ok(text.split("\n").includes(line), `${line} is not in\n${text}`);
});

Deno.test("Observer: an unpriced run is counted as such and not as free", async () => {
  const { metrics, observer } = rig();
  observer.runEnded(facts({ costMicroUsd: null }), null);
  assert.match(await metrics.text(), /freshet_unpriced_runs_total\{.*\} 1/);
  assert.doesNotMatch(await metrics.text(), /llm_cost_usd_total\{/);
});

Deno.test("Observer: followers are counted until their streams have ended, in whatever way", async () => {
  const { observer } = rig();
  const [one, two] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  observer.countFollower(one.promise);
  observer.countFollower(two.promise);
  assert.equal(observer.followers, 2);
  one.resolve();
  two.reject(new Error("Gone"));
  await Promise.allSettled([one.promise, two.promise]);
  assert.equal(observer.followers, 0);
});
