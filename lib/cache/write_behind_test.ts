import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { WriteBehind } from "./write_behind.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function rig() {
  const clock = new ManualClock();
  const lost: unknown[] = [];
  const state = { isPressed: false };
  const writes = new WriteBehind({
    isPressed: () => state.isPressed,
    onLost: (error) => lost.push(error),
    clock,
  });
  return { clock, lost, state, writes };
}

/** A write that ends when the test says so, or when nobody waits for it any more. */
function slowWrite() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isBegun = false;
  return {
    end: resolve,
    get isBegun() {
      return isBegun;
    },
    write: async (signal: AbortSignal) => {
      isBegun = true;
      signal.addEventListener("abort", () => resolve());
      await promise;
      return !signal.aborted;
    },
  };
}

Deno.test("WriteBehind: two writes run at a time, the others after them", async () => {
  const { writes } = rig();
  const slow = [slowWrite(), slowWrite(), slowWrite()];
  for (const { write } of slow) writes.add(1, write);
  assert.deepEqual(slow.map(({ isBegun }) => isBegun), [true, true, false]);
  slow[0].end();
  await nextTurn();
  assert.equal(slow[2].isBegun, true);
  slow[1].end();
  slow[2].end();
  await writes.idle();
});

Deno.test("WriteBehind: what is too much is left out and told", async () => {
  const { writes, lost } = rig();
  const slow = [slowWrite(), slowWrite()];
  for (const { write } of slow) writes.add(1, write);
  let written = 0;
  const write = () => Promise.resolve(++written > 0);
  for (let count = 0; count < 100; count += 1) writes.add(1, write);
  assert.equal(lost.length, 100 - 64);
  for (const { end } of slow) end();
  await writes.idle();
  assert.equal(written, 64);
  writes.add(17 * 1024 * 1024, write);
  assert.equal(lost.length, 100 - 64 + 1);
});

Deno.test("WriteBehind: nothing is written while the store is busy with more important things", async () => {
  const { writes, lost, state } = rig();
  state.isPressed = true;
  const slow = slowWrite();
  writes.add(1, slow.write);
  await writes.idle();
  assert.equal(slow.isBegun, false);
  assert.deepEqual(lost, [null]);
});

Deno.test("WriteBehind: a write that fails is told and the next one runs", async () => {
  const { writes, lost } = rig();
  writes.add(1, () => Promise.reject(new Error("refused")));
  writes.add(1, () => Promise.resolve(false));
  let isWritten = false;
  writes.add(1, () => Promise.resolve(isWritten = true));
  await writes.idle();
  assert.match(String(lost[0]), /refused/);
  assert.equal(lost[1], null);
  assert.equal(lost.length, 2);
  assert.equal(isWritten, true);
});

Deno.test("WriteBehind.close: waits so long and gives up the rest", async () => {
  const { writes, lost, clock } = rig();
  const slow = [slowWrite(), slowWrite(), slowWrite()];
  for (const { write } of slow) writes.add(1, write);
  const closed = writes.close(1_000);
  slow[0].end();
  await nextTurn();
  clock.advance(1_000);
  await closed;
  assert.deepEqual(lost, [null, null]);
  writes.add(1, () => Promise.resolve(true));
  assert.equal(lost.length, 3);
});
