import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";

/** The lines of one metric. */
async function linesOf(
  metrics: Metrics,
  name: string,
): Promise<string[]> {
  return (await metrics.text()).split("\n").filter((line) =>
    line.includes(name) && !line.startsWith("#")
  );
}

Deno.test("Metrics.text: a metric has its help, its type and a line for each series", async () => {
  const metrics = new Metrics();
  const runs = metrics.counter("freshet_runs_total", "Runs\nthat \\ ended", [
    "status",
  ]);
  runs.of("completed").add();
  runs.of("completed").add(2);
  runs.of("failed").add();
  assert.equal(
    await metrics.text(),
    "# HELP freshet_runs_total Runs\\nthat \\\\ ended\n" +
      "# TYPE freshet_runs_total counter\n" +
      'freshet_runs_total{status="completed"} 3\n' +
      'freshet_runs_total{status="failed"} 1\n',
  );
});

Deno.test("Metrics.text: quotes, backslashes and line breaks in labels are escaped", async () => {
  const metrics = new Metrics();
  metrics.counter("freshet_x_total", "x", ["model"]).of('a"b\\c\nd').add();
  assert.deepEqual(await linesOf(metrics, "freshet_x_total"), [
    'freshet_x_total{model="a\\"b\\\\c\\nd"} 1',
  ]);
});

Deno.test("Metrics.histogram: buckets count everything up to their bound", async () => {
  const metrics = new Metrics();
  const seconds = metrics.histogram("freshet_x_seconds", "x", [0.1, 1]).of();
  for (const value of [0.0625, 0.1, 0.5, 3]) seconds.observe(value);
  assert.deepEqual(await linesOf(metrics, "freshet_x_seconds"), [
    'freshet_x_seconds_bucket{le="0.1"} 2',
    'freshet_x_seconds_bucket{le="1"} 3',
    'freshet_x_seconds_bucket{le="+Inf"} 4',
    `freshet_x_seconds_sum ${0.0625 + 0.1 + 0.5 + 3}`,
    "freshet_x_seconds_count 4",
  ]);
});

Deno.test("Metrics.gauge: is read when the metrics are", async () => {
  const metrics = new Metrics();
  let value = 1;
  metrics.gauge("freshet_now", "x", () => value);
  metrics.gauge("freshet_each", "x", () => [[["a"], value], [["b"], 5]], [
    "of",
  ]);
  value = 7;
  assert.deepEqual(await linesOf(metrics, "freshet_now"), ["freshet_now 7"]);
  assert.deepEqual(await linesOf(metrics, "freshet_each"), [
    'freshet_each{of="a"} 7',
    'freshet_each{of="b"} 5',
  ]);
});

Deno.test("Metrics.text: one that cannot be read leaves the others", async () => {
  const metrics = new Metrics();
  metrics.gauge("freshet_broken", "x", () => {
    throw new Error("Broken");
  });
  metrics.gauge("freshet_whole", "x", () => 1);
  assert.doesNotMatch(await metrics.text(), /freshet_broken/);
  assert.deepEqual(await linesOf(metrics, "freshet_whole"), [
    "freshet_whole 1",
  ]);
});

Deno.test("Metrics.counter: made-up labels end in one series and not in memory", async () => {
  const metrics = new Metrics();
  const tokens = metrics.counter("llm_tokens_total", "x", ["model"]);
  for (let number = 0; number < 1_000; number += 1) {
    tokens.of(`model-${number}`).add();
  }
  const lines = await linesOf(metrics, "llm_tokens_total");
  assert.ok(lines.length <= 201, `${lines.length} series`);
  const other = lines.find((line) => line.includes('model="other"'))!;
  assert.equal(Number(other.split(" ")[1]), 1_000 - (lines.length - 1));
});

Deno.test("Metrics.gauge: readers of many series are bounded too", async () => {
  const metrics = new Metrics();
  metrics.gauge("freshet_each", "x", function* () {
    for (let number = 0;; number += 1) yield [[String(number)], number];
  }, ["of"]);
  assert.equal((await linesOf(metrics, "freshet_each")).length, 200);
});

Deno.test("Metrics: a name that is taken, or is none, is refused", () => {
  const metrics = new Metrics();
  metrics.gauge("freshet_x", "x", () => 1);
  assert.throws(() => metrics.counter("freshet_x", "x"), /"freshet_x"/);
  assert.throws(() => metrics.counter("no name", "x"), /Invalid metric name/);
});

Deno.test("Metrics.of: another number of labels than the metric has is refused", () => {
  const runs = new Metrics().counter("freshet_x_total", "x", ["a", "b"]);
  assert.throws(() => runs.of("only one"), TypeError);
});
