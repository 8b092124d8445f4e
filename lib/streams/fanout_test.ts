import assert from "node:assert/strict";
import { Fanout } from "./fanout.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("Fanout: wakes all, each once, at most 400 in one turn of the event loop", async () => {
  const fanout = new Fanout();
  const woken: number[] = [];
  fanout.wake(
    Array.from({ length: 1_000 }, (_, index) => () => woken.push(index)),
  );
  assert.equal(woken.length, 400);
  await nextTurn();
  assert.equal(woken.length, 800);
  await nextTurn();
  assert.deepEqual(woken, Array.from({ length: 1_000 }, (_, index) => index));
});

Deno.test("Fanout: those who come while others are served wait behind them", async () => {
  const fanout = new Fanout();
  const woken: string[] = [];
  fanout.wake(Array.from({ length: 500 }, () => () => woken.push("first")));
  fanout.wake([() => woken.push("second")]);
  assert.equal(woken.length, 400);
  await nextTurn();
  assert.equal(woken.indexOf("second"), 500);
});
