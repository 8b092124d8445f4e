import assert from "node:assert/strict";
import { afterScroll, atEnd, type Pin } from "./pin.ts";

const at = (top: number, scrollHeight = 2000) => ({
  top,
  clientHeight: 500,
  scrollHeight,
});
const PINNED: Pin = atEnd(at(1500));

Deno.test("afterScroll: a small upward move unpins at once", () => {
  assert.equal(afterScroll(PINNED, at(1496)).isPinned, false);
});

Deno.test("afterScroll: rounding does not unpin", () => {
  assert.equal(afterScroll(PINNED, at(1498)).isPinned, true);
});

Deno.test("afterScroll: many tiny upward moves unpin like one", () => {
  let pin = PINNED;
  for (const top of [1498, 1497, 1496]) pin = afterScroll(pin, at(top));
  assert.equal(pin.isPinned, false);
});

Deno.test("afterScroll: growth of the content alone leaves the pin", () => {
  assert.equal(afterScroll(PINNED, at(1500, 2400)).isPinned, true);
});

Deno.test("afterScroll: moving down near the end pins again, far from it does not", () => {
  const away = afterScroll(PINNED, at(800));
  assert.equal(afterScroll(away, at(1200)).isPinned, false);
  assert.equal(afterScroll(away, at(1450)).isPinned, true);
});

Deno.test("afterScroll: content that shrinks under a follower keeps the pin", () => {
  assert.equal(afterScroll(PINNED, at(1200, 1700)).isPinned, true);
});
