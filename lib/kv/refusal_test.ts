import assert from "node:assert/strict";
import { isRefusal } from "./refusal.ts";

/** What the real store says to each of these. */
const REFUSED: [string, (kv: Deno.Kv) => Deno.AtomicOperation][] = [
  [
    "a value that is too large",
    (kv) => kv.atomic().set(["k"], "x".repeat(70_000)),
  ],
  ["a key that is too long", (kv) => kv.atomic().set(["x".repeat(3_000)], 1)],
  ["what cannot be cloned", (kv) => kv.atomic().set(["k"], () => {})],
  [
    "a versionstamp in the middle of a key",
    (kv) => kv.atomic().set([kv.commitVersionstamp(), "x"], 1),
  ],
  ["a sum on what is no number", (kv) => kv.atomic().sum(["text"], 1n)],
  ["too many mutations", (kv) => {
    const operation = kv.atomic();
    for (let index = 0; index < 1_001; index += 1) operation.delete([index]);
    return operation;
  }],
];

for (const [what, build] of REFUSED) {
  Deno.test(`isRefusal: ${what} is refused by the store`, async () => {
    using kv = await Deno.openKv(":memory:");
    await kv.set(["text"], "text");
    await assert.rejects(async () => await build(kv).commit(), isRefusal);
  });
}

for (
  const error of [
    new TypeError("database is locked"),
    new TypeError("database or disk is full"),
    new TypeError("disk I/O error"),
    new TypeError("attempt to write a readonly database"),
    new Error("KV Connect failed to call 'http://kv' (status=503)"),
  ]
) {
  Deno.test(`isRefusal: "${error.message}" is no refusal`, () => {
    assert.equal(isRefusal(error), false);
  });
}
