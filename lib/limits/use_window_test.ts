import assert from "node:assert/strict";
import { UseWindow } from "./use_window.ts";

const WINDOW_MS = 60_000;

function windowOf(...uses: [id: string, atMs: number, amount: number][]) {
  const window = new UseWindow(WINDOW_MS);
  for (const [id, atMs, amount] of uses) window.use(id, atMs, amount);
  return window;
}

Deno.test("UseWindow: what was used leaves the window after its length, no sooner", () => {
  const window = windowOf(["a", 1_000, 5], ["b", 2_000, 7]);
  window.forget(60_999);
  assert.equal(window.sum(), 12);
  window.forget(61_000);
  assert.equal(window.sum(), 7);
  assert.equal(window.untilAtMost(0, 61_000), 1_000);
  assert.equal(window.untilAtMost(7, 61_000), 0);
});

Deno.test("UseWindow: what a process holds counts until it could not have used it any more", () => {
  const window = windowOf();
  window.hold("p", { id: "s", untilMs: 2_000, amount: 9 });
  window.forget(61_999);
  assert.equal(window.sum(), 9);
  window.forget(62_000);
  assert.equal(window.sum(), 0);
});

Deno.test("UseWindow: a reader takes what it reads for as old as the writer says and the store proves, and what it knows for as old as it knows", () => {
  const record = windowOf(["a", 1_000, 5]).toRecord(3_000, 0);
  const fresh = UseWindow.read(WINDOW_MS, record, 100_000, 500, null);
  // Used 2 s before the write, which was half a second ago at least.
  assert.equal(fresh.untilAtMost(0, 100_000), 57_500);
  const known = windowOf(["a", 90_000, 5]);
  const again = UseWindow.read(WINDOW_MS, record, 100_000, 500, known);
  assert.equal(again.untilAtMost(0, 100_000), 50_000);
});

Deno.test("UseWindow: gives back from what leaves no later than what it is given back for", () => {
  const window = windowOf(["a", 1_000, 5], ["b", 2_000, 7], ["c", 3_000, 9]);
  window.giveBack(2_000, 8);
  assert.equal(window.sum(), 13);
  window.forget(61_000);
  assert.equal(window.sum(), 9);
  window.giveBack(1_000, 4);
  assert.equal(window.sum(), 9);
});

Deno.test("UseWindow: many uses become few cells that count no less and no shorter", () => {
  const window = new UseWindow(WINDOW_MS);
  let ids = 0;
  for (let atMs = 0; atMs < WINDOW_MS; atMs += 100) {
    window.use(`u${atMs}`, atMs, 1);
    window.compact(() => `c${ids++}`);
  }
  const { used } = window.toRecord(WINDOW_MS, 0);
  assert.ok(used.length <= 66, `${used.length} cells`);
  assert.equal(window.sum(), 600);
  for (let nowMs = WINDOW_MS; nowMs < 2 * WINDOW_MS; nowMs += 1_000) {
    window.forget(nowMs);
    const inTruth = 600 - Math.floor((nowMs - WINDOW_MS) / 100) - 1;
    assert.ok(window.sum() >= inTruth);
    assert.ok(window.sum() <= inTruth + 21, `${window.sum()} ${inTruth}`);
  }
});
