import assert from "node:assert/strict";
import { isId, newId } from "./ids.ts";

Deno.test("newId: is the prefix and 22 base62 characters", () => {
  assert.match(newId("thr"), /^thr_[0-9A-Za-z]{22}$/);
});

Deno.test("newId: ids sort by the order in which they were made, and none comes twice", () => {
  const ids = Array.from({ length: 20_000 }, () => newId("msg"));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("newId: still grows when the clock goes back", () => {
  const now = Date.now;
  try {
    const before = newId("run");
    Date.now = () => now() - 3_600_000;
    assert.ok(newId("run") > before);
  } finally {
    Date.now = now;
  }
});

Deno.test("isId: knows an id of the kind and nothing else", () => {
  assert.ok(isId("run", newId("run")));
  for (
    const text of [
      "",
      "run_",
      newId("thr"),
      `${newId("run")}x`,
      "run_../../etc/passwd00000",
    ]
  ) {
    assert.ok(!isId("run", text), text);
  }
});
