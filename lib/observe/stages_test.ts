import assert from "node:assert/strict";
import { Stages } from "./stages.ts";

/** Stages whose time stands still until it is told to go on. */
function rig() {
  let nowMs = 1_000;
  const stages = new Stages(() => nowMs);
  return { stages, advance: (ms: number) => void (nowMs += ms) };
}

Deno.test("Stages: each has its place, its duration and what came of it", () => {
  const { stages, advance } = rig();
  advance(2);
  const auth = stages.begin("auth");
  advance(3);
  stages.end(auth);
  const limits = stages.begin("limits");
  advance(1);
  stages.end(limits, "failed", "overloaded");
  assert.deepEqual(stages.all, [
    {
      id: 1,
      name: "auth",
      startMs: 2,
      durationMs: 3,
      outcome: "ok",
      error: null,
    },
    {
      id: 2,
      name: "limits",
      startMs: 5,
      durationMs: 1,
      outcome: "failed",
      error: "overloaded",
    },
  ]);
});

Deno.test("Stages.end: only the first end counts", () => {
  const { stages, advance } = rig();
  const stage = stages.begin("stream");
  advance(1);
  stages.end(stage, "cancelled");
  advance(1);
  stages.end(stage, "ok");
  assert.deepEqual([stage.outcome, stage.durationMs], ["cancelled", 1]);
});

Deno.test("Stages.run: work that fails is a stage that failed, with the error's code", async () => {
  const { stages } = rig();
  const error = Object.assign(new Error("Full"), { code: "storage_busy" });
  await assert.rejects(
    stages.run("commit", () => Promise.reject(error)),
    error,
  );
  const [{ outcome, error: code }] = stages.all;
  assert.deepEqual([outcome, code], ["failed", "storage_busy"]);
});

Deno.test("Stages.check: work that throws is a stage that failed", () => {
  const { stages } = rig();
  assert.equal(stages.check("auth", () => 7), 7);
  assert.throws(() =>
    stages.check("limits", () => {
      throw new Error("Bug");
    })
  );
  assert.deepEqual(stages.all.map(({ outcome, error }) => [outcome, error]), [
    ["ok", null],
    ["failed", "internal_error"],
  ]);
});

Deno.test("Stages.serverTiming: those that have ended, one that came twice as a sum", () => {
  const { stages, advance } = rig();
  for (const ms of [1.234, 2]) {
    const connect = stages.begin("provider.connect");
    advance(ms);
    stages.end(connect);
  }
  const commit = stages.begin("commit");
  advance(0.5);
  stages.end(commit);
  stages.begin("stream");
  assert.equal(
    stages.serverTiming(),
    "provider.connect;dur=3.23, commit;dur=0.5",
  );
});

Deno.test("Stages.overheadMs: is all but the time in which only the provider was waited for", () => {
  const { stages, advance } = rig();
  advance(1);
  const connect = stages.begin("provider.connect");
  advance(10);
  stages.end(connect);
  const first = stages.begin("provider.first_token");
  advance(100);
  stages.end(first);
  advance(2);
  assert.equal(stages.overheadMs(), 3);
});

Deno.test("Stages.overheadMs: a commit beside the provider is waited for too", () => {
  const { stages, advance } = rig();
  const connect = stages.begin("provider.connect");
  advance(5);
  const commit = stages.begin("commit");
  advance(20);
  stages.end(connect);
  stages.end(commit);
  assert.equal(stages.overheadMs(), 20);
});

Deno.test("Stages.overheadMs: what still runs is waited for until now", () => {
  const { stages, advance } = rig();
  advance(2);
  stages.begin("provider.first_token");
  advance(50);
  assert.equal(stages.overheadMs(), 2);
  stages.begin("cache.l1");
  advance(1);
  assert.equal(stages.overheadMs(), 3);
});

Deno.test("Stages.current: the newest that runs, else the newest", () => {
  const { stages } = rig();
  assert.equal(stages.current, null);
  const commit = stages.begin("commit");
  const stream = stages.begin("stream");
  assert.equal(stages.current, stream);
  stages.end(stream);
  assert.equal(stages.current, commit);
  stages.end(commit);
  assert.equal(stages.current, stream);
});

Deno.test("Stages: a request that goes on and on keeps a bounded number of them", () => {
  const { stages } = rig();
  for (let count = 0; count < 1_000; count += 1) {
    stages.end(stages.begin("provider.connect"));
  }
  assert.equal(stages.all.length, 64);
});

Deno.test("Stages.resume: goes on with a stage that ended well just before, and with no other", () => {
  let nowMs = 0;
  const stages = new Stages(() => nowMs);
  const first = stages.begin("limits");
  nowMs = 2;
  stages.end(first);
  nowMs = 10;
  const again = stages.resume("limits");
  nowMs = 13;
  stages.end(again);
  assert.deepEqual(
    stages.all.map(({ name, durationMs }) => [name, durationMs]),
    [["limits", 5]],
  );
  stages.end(stages.resume("stream"), "failed");
  stages.resume("stream");
  assert.deepEqual(
    stages.all.map(({ name, outcome }) => `${name} ${outcome}`),
    ["limits ok", "stream failed", "stream running"],
  );
});
