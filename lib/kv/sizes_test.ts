import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  measureKey,
  measureSet,
  measureValue,
} from "./sizes.ts";

const keyPart = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.uint8Array({ maxLength: 30 }),
  fc.bigInt({ min: -(2n ** 128n), max: 2n ** 128n }),
);

Deno.test("measureKey: a key filled up to the limit is the longest the store takes", async () => {
  using kv = await Deno.openKv(":memory:");
  await fc.assert(
    fc.asyncProperty(fc.array(keyPart, { maxLength: 6 }), async (parts) => {
      const room = MAX_KEY_BYTES - measureKey(parts) - measureKey([""]);
      const write = (length: number) =>
        kv.atomic().set([...parts, "x".repeat(length)], 1).commit();
      assert.equal((await write(room)).ok, true);
      await assert.rejects(() => write(room + 1), /Key too large/);
    }),
    { numRuns: 100 },
  );
});

Deno.test("measureValue: a value at the limit is stored, one byte more is refused before the store sees it", async () => {
  using kv = await Deno.openKv(":memory:");
  const ofBytes = (bytes: number) => {
    const empty = measureValue({ v: 1, text: "x".repeat(40_000) }) - 40_000;
    return { v: 1, text: "x".repeat(bytes - empty) };
  };
  const largest = ofBytes(MAX_VALUE_BYTES);
  assert.equal(measureSet(["k"], largest).valueBytes, MAX_VALUE_BYTES);
  assert.equal((await kv.set(["k"], largest)).ok, true);
  assert.throws(
    () => measureSet(["k"], ofBytes(MAX_VALUE_BYTES + 1)),
    /Value of key \["k"\] has "65537" bytes, more than "65536"/,
  );
});

Deno.test("measureValue: what cannot be stored is a TypeError that says why", () => {
  assert.throws(
    () => measureValue({ v: 1, f: () => {} }),
    (error) =>
      error instanceof TypeError && /could not be cloned/.test(error.message),
  );
});
