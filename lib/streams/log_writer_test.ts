import assert from "node:assert/strict";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import { logPages, runLog } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import type { PlacedEvent } from "./live_run.ts";
import { joinSlices, readLogPages, readSegments } from "./log_reader.ts";
import { LogWriter } from "./log_writer.ts";

const WORKSPACE = "wsp_1";

async function rig() {
  const test = await openTestStore();
  const incarnation = await startIncarnation(test.store);
  const writer = new LogWriter(incarnation.lane, test.clock);
  const open = (run: string, isLazy = false) => {
    const log = writer.open({ space: WORKSPACE, run, epoch: 1, isLazy });
    let seq = -1;
    const chunk = (content: string): PlacedEvent => ({
      position: { epoch: 1, seq: seq += 1 },
      event: { event: "chunk", data: { content } },
    });
    return {
      log,
      chunk,
      append: (content: string) => log.append(chunk(content)),
    };
  };
  const count = async (selector: Deno.KvListSelector) =>
    (await Array.fromAsync(list(test.calm, selector))).length;
  return {
    ...test,
    incarnation,
    lane: incarnation.lane,
    open,
    pages: () => count(logPages(incarnation.id)),
    segments: (run: string) => count(runLog(WORKSPACE, run)),
    /** Lets time go on, and everything that is due in it happen. */
    async pass(ms: number) {
      const until = test.clock.monotonic() + ms;
      while (test.clock.monotonic() < until) {
        test.clock.advance(Math.min(10, until - test.clock.monotonic()));
        for (let turns = 0; turns < 4; turns += 1) {
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }
    },
    async text(run: string) {
      const segments = await readSegments(
        test.calm,
        { space: WORKSPACE, run, epoch: 1 },
        -1,
      );
      const left = await readLogPages(test.calm, incarnation.id);
      const events = joinSlices(1, segments, left.slices.get(run) ?? []);
      return events.map(({ event }) =>
        event.event === "chunk" ? event.data.content : ""
      ).join("");
    },
  };
}

Deno.test("LogWriter: events of many runs are durable after one flush, in one batch", async () => {
  using test = await rig();
  const runs = Array.from({ length: 50 }, (_, index) => test.open(`r${index}`));
  const before = test.faults.commits;
  for (const run of runs) run.append("text ");
  await test.pass(70);
  assert.equal(test.faults.commits - before, 1);
  assert.equal(await test.segments("r7"), 0, "no run has a row of its own yet");
  assert.equal(await test.text("r7"), "text ");
});

Deno.test("LogWriter: after two seconds a run has a segment, and its pages are given back", async () => {
  using test = await rig();
  const run = test.open("r");
  for (let tick = 0; tick < 45; tick += 1) {
    run.append(`${tick} `);
    await test.pass(50);
  }
  assert.ok(await test.segments("r") >= 1);
  assert.ok(await test.pages() < 20, `${await test.pages()} pages are left`);
  const whole = Array.from({ length: 45 }, (_, tick) => `${tick} `).join("");
  assert.equal(await test.text("r"), whole);
});

Deno.test("LogWriter: while another process follows, every flush is a segment", async () => {
  using test = await rig();
  const run = test.open("r");
  run.append("a");
  await test.pass(70);
  assert.equal(await test.segments("r"), 0);
  run.log.followFor(1_000);
  await test.pass(70);
  assert.equal(await test.segments("r"), 1, "what was only in pages comes too");
  run.append("b");
  await test.pass(70);
  assert.equal(await test.segments("r"), 2);
});

Deno.test("LogWriter: a lazy run is written once a second, a short piece of it into pages", async () => {
  using test = await rig();
  const run = test.open("r", true);
  const before = test.faults.commits;
  for (let tick = 0; tick < 18; tick += 1) {
    run.append(`${tick} `);
    await test.pass(50);
  }
  assert.equal(test.faults.commits, before);
  await test.pass(300);
  assert.equal(await test.pages(), 1);
  assert.equal(await test.segments("r"), 0);
  const whole = Array.from({ length: 18 }, (_, tick) => `${tick} `).join("");
  assert.equal(await test.text("r"), whole);
});

Deno.test("LogWriter: a long piece of a lazy run is written as a segment at once", async () => {
  using test = await rig();
  const run = test.open("r", true);
  run.append("x".repeat(18_000));
  await test.pass(1_200);
  assert.equal(await test.segments("r"), 1);
  assert.equal(await test.pages(), 0);
  assert.equal((await test.text("r")).length, 18_000);
});

Deno.test("LogWriter: a lazy run that another process follows is written at every flush", async () => {
  using test = await rig();
  const run = test.open("r", true);
  run.append("a");
  run.log.followFor(1_000);
  await test.pass(70);
  run.append("b");
  await test.pass(70);
  assert.equal(await test.segments("r"), 2);
});

Deno.test("LogWriter: a lazy run never gets further ahead of the store than any other", async () => {
  using test = await rig();
  const run = test.open("r", true);
  for (let tick = 0; tick < 60; tick += 1) {
    run.append("x");
    await test.pass(50);
    const isReady = await Promise.race([
      Promise.resolve(run.log.ready(new AbortController().signal))
        .then(() => true),
      test.pass(20).then(() => false),
    ]);
    assert.ok(isReady, `after ${tick} events`);
  }
});

Deno.test("LogWriter: what an ended run had in pages stays there until its end is stored", async () => {
  using test = await rig();
  const ending = test.open("ending");
  const other = test.open("other");
  ending.append("kept ");
  await test.pass(70);
  const sets = ending.log.end(ending.chunk("last"));
  for (let tick = 0; tick < 60; tick += 1) {
    other.append("x");
    await test.pass(50);
  }
  assert.equal(await test.text("ending"), "kept ");
  await test.lane.write({ sets, urgency: "now" });
  ending.log.release();
  assert.equal(await test.text("ending"), "kept last");
});

Deno.test("LogWriter: a run whose events do not become durable is told to wait, until they are", async () => {
  using test = await rig();
  const run = test.open("r");
  const signal = AbortSignal.timeout(10_000);
  test.faults.randomly(1, 1, { commits: ["locked"], reads: [] });
  run.append("a");
  await run.log.ready(signal);
  await test.pass(2_200);
  let isReady = false;
  const ready = run.log.ready(signal)!.then(() => isReady = true);
  await test.pass(200);
  assert.equal(isReady, false, "two seconds ahead of the store is enough");
  test.faults.heal();
  await test.pass(1_500);
  await ready;
  assert.equal(await test.text("r"), "a");
});

Deno.test("LogWriter: 256 KiB ahead of the store is enough, too", async () => {
  using test = await rig();
  const run = test.open("r");
  test.faults.randomly(1, 1, { commits: ["locked"], reads: [] });
  let isReady = false;
  for (let chunk = 0; chunk < 70; chunk += 1) run.append("x".repeat(4_000));
  const ready = run.log.ready(AbortSignal.timeout(10_000))!
    .then(() => isReady = true);
  await test.pass(10);
  assert.equal(isReady, false);
  test.faults.heal();
  await test.pass(1_500);
  await ready;
  assert.equal((await test.text("r")).length, 280_000);
});

Deno.test("LogWriter: 2 MB at once, as a continued answer begins with, are stored piece by piece", async () => {
  using given = await rig();
  const { append, log } = given.open("run_1");
  const text = "0123456789".repeat(200);
  for (let count = 0; count < 1_000; count += 1) append(text);
  await given.pass(3_000);
  await log.ready(AbortSignal.timeout(1_000));
  assert.equal(log.isDirty, false);
  assert.ok(await given.text("run_1") === text.repeat(1_000));
});

Deno.test("LogWriter: runs that began together are not cut together", async () => {
  using given = await rig();
  const runs = Array.from({ length: 64 }, (_, index) => `run_${index}`);
  const logs = runs.map((run) => given.open(run));
  for (const { append } of logs) append("x");
  await given.pass(1_900);
  const cut = async () => {
    const counts = await Promise.all(runs.map((run) => given.segments(run)));
    return counts.filter((count) => count > 0).length;
  };
  assert.equal(await cut(), 0);
  let most = 0;
  for (let before = 0; before < runs.length;) {
    await given.pass(60);
    const after = await cut();
    most = Math.max(most, after - before);
    before = after;
    assert.ok(given.clock.monotonic() < 5_000, "a segment is missing");
  }
  assert.ok(most <= 8, `${most} runs were cut within 60 ms`);
});
