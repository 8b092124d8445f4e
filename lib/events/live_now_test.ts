import assert from "node:assert/strict";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { LiveNow, type NowFigures, type RunningAnswer } from "./live_now.ts";

const { signal } = new AbortController();
const WORKSPACE = "wsp_a";
const SECOND_MS = 1_000;

function answer(
  run: string,
  characters: number,
  user = "usr_1",
  workspace = WORKSPACE,
): RunningAnswer {
  return { run, workspace, user, characters };
}

type Scene = Awaited<ReturnType<typeof openTestStore>>;

/** A process of the store, with what it executes. */
async function startProcess(
  test: Scene,
): Promise<{ now: LiveNow; runs: RunningAnswer[]; turn: () => Promise<void> }> {
  const incarnation = await test.drive(startIncarnation(test.store));
  const runs: RunningAnswer[] = [];
  const now = new LiveNow({
    store: test.store,
    // Of the owner it wants the incarnation alone.
    owner: { incarnation } as Pick<Owner, "incarnation">,
    running: () => runs,
    log: silentLogger(),
  });
  return { now, runs, turn: () => test.drive(now.turn(signal)) };
}

Deno.test("LiveNow: tells one's own answers and their speed, and nobody else's", async () => {
  using test = await openTestStore();
  const { now, runs, turn } = await startProcess(test);
  const own: NowFigures[] = [];
  const all: NowFigures[] = [];
  const other: NowFigures[] = [];
  now.watch(WORKSPACE, "usr_1", (figures) => own.push(figures));
  now.watch(WORKSPACE, null, (figures) => all.push(figures));
  now.watch("wsp_b", null, (figures) => other.push(figures));
  runs.push(answer("run_1", 0), answer("run_2", 0, "usr_2"));
  await turn();
  test.clock.advance(SECOND_MS);
  runs.splice(0, 2, answer("run_1", 400), answer("run_2", 80, "usr_2"));
  await turn();
  assert.equal(own.at(-1)!.active, 1);
  assert.equal(all.at(-1)!.active, 2);
  assert.ok(own.at(-1)!.tokensPerSecond > 0);
  assert.ok(all.at(-1)!.tokensPerSecond > own.at(-1)!.tokensPerSecond);
  assert.deepEqual(other, [{ active: 0, tokensPerSecond: 0 }]);
});

Deno.test("LiveNow: tells only what has changed", async () => {
  using test = await openTestStore();
  const { now, runs, turn } = await startProcess(test);
  const told: NowFigures[] = [];
  now.watch(WORKSPACE, null, (figures) => told.push(figures));
  runs.push(answer("run_1", 100));
  for (let each = 0; each < 5; each += 1) {
    await turn();
    test.clock.advance(SECOND_MS);
  }
  assert.deepEqual(told, [{ active: 1, tokensPerSecond: 0 }]);
  runs.pop();
  await turn();
  assert.deepEqual(told.at(-1), { active: 0, tokensPerSecond: 0 });
});

Deno.test("LiveNow: who looks at one process sees the answers of another, until they end", async () => {
  using test = await openTestStore();
  const here = await startProcess(test);
  const there = await startProcess(test);
  const told: NowFigures[] = [];
  here.now.watch(WORKSPACE, null, (figures) => told.push(figures));
  there.runs.push(answer("run_1", 0), answer("run_2", 0));
  const both = async () => {
    await here.turn();
    await there.turn();
    test.clock.advance(SECOND_MS);
  };
  await both();
  await both();
  assert.equal(told.at(-1)!.active, 2);
  there.runs.splice(0);
  await both();
  await both();
  assert.equal(told.at(-1)!.active, 0);
});

Deno.test("LiveNow: an answer of a process that died is not told for long", async () => {
  using test = await openTestStore();
  const here = await startProcess(test);
  const there = await startProcess(test);
  const told: NowFigures[] = [];
  here.now.watch(WORKSPACE, null, (figures) => told.push(figures));
  there.runs.push(answer("run_1", 0));
  await here.turn();
  await there.turn();
  test.clock.advance(SECOND_MS);
  await here.turn();
  assert.equal(told.at(-1)!.active, 1);
  test.clock.advance(10 * SECOND_MS);
  await here.turn();
  assert.equal(told.at(-1)!.active, 0);
});

Deno.test("LiveNow: while nobody looks nothing is written, and while nothing runs nothing is read", async () => {
  using test = await openTestStore();
  const here = await startProcess(test);
  const there = await startProcess(test);
  const rowsOf = async () => {
    const rows = test.store.kv.list({ prefix: [] });
    const keys = (await Array.fromAsync(rows)).map(({ key }) => key);
    return keys.filter((key) => key.includes("ln") || key.includes("lnw"));
  };
  here.runs.push(answer("run_1", 0));
  await here.turn();
  await there.turn();
  assert.deepEqual(await rowsOf(), []);
  const stop = there.now.watch(WORKSPACE, null, () => {});
  stop();
  await there.turn();
  assert.deepEqual(await rowsOf(), []);
});
