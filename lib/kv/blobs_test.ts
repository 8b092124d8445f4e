import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type BlobManifest,
  readBlob,
  readBlobText,
  writeBlob,
} from "./blobs.ts";
import { blobPartKey, blobParts } from "./keys.ts";
import { list } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";

const KIB = 1024;
const bytesOf = (length: number) =>
  Uint8Array.from({ length }, (_, index) => index % 251);

/** Compares without printing hundreds of thousands of bytes. */
function assertSame(found: Uint8Array | null, bytes: Uint8Array): void {
  assert.equal(found?.length, bytes.length);
  assert.equal(found?.findIndex((byte, index) => byte !== bytes[index]), -1);
}

for (
  const [length, parts] of [
    [0, 0],
    [1, 1],
    [60 * KIB, 1],
    [60 * KIB + 1, 2],
    [600 * KIB + 1, 11],
  ]
) {
  Deno.test(`writeBlob: ${length} bytes come back from ${parts} parts`, async () => {
    using test = await openTestStore();
    const manifest = await writeBlob(test.store, bytesOf(length));
    assert.equal(manifest.parts, parts);
    assert.equal(manifest.length, length);
    assertSame(await readBlob(test.store, manifest), bytesOf(length));
  });
}

Deno.test("writeBlob: a text comes back as it was, whatever is in it", async () => {
  using test = await openTestStore();
  const text = fc.string({ unit: "grapheme", maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(text, fc.nat(2_000), async (piece, times) => {
      const whole = piece.repeat(times);
      const manifest = await writeBlob(test.store, whole);
      assert.equal(await readBlobText(test.store, manifest), whole);
    }),
    { numRuns: 20 },
  );
});

Deno.test("writeBlob: the SHA-256 is that of the bytes", async () => {
  using test = await openTestStore();
  const { sha256 } = await writeBlob(test.store, "abc");
  assert.equal(
    sha256,
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("writeBlob: the same bytes twice are two blobs, the older first", async () => {
  using test = await openTestStore();
  const first = await writeBlob(test.store, "same");
  test.clock.advance(1);
  const second = await writeBlob(test.store, "same");
  assert.ok(first.blob < second.blob);
});

Deno.test("writeBlob: parts say who wrote them", async () => {
  using test = await openTestStore();
  const { blob } = await writeBlob(test.store, "text", { owner: "inc_1" });
  const parts = await Array.fromAsync(
    list<{ owner: string }>(test.store, blobParts(blob)),
  );
  assert.deepEqual(parts.map(({ value }) => value.owner), ["inc_1"]);
});

Deno.test("writeBlob: is whole with an unreliable store too", async () => {
  using test = await openTestStore();
  test.faults.script("drop", "twice", "loseAck", "mute");
  const bytes = bytesOf(700 * KIB);
  const manifest = await test.drive(writeBlob(test.store, bytes));
  assertSame(await readBlob(test.store, manifest), bytes);
});

for (
  const [what, spoil] of [
    ["a part that is gone", { part: null }],
    ["a part of other bytes", { part: bytesOf(10).fill(7) }],
    ["a part that is too long", { part: bytesOf(11) }],
    ["a part that is too short", { part: bytesOf(9) }],
    ["another length", { manifest: { length: 60 * KIB + 9 } }],
    ["another number of parts", { manifest: { parts: 1 } }],
    ["another hash", { manifest: { sha256: "0".repeat(64) } }],
    ["another blob", { manifest: { blob: "blb_other" } }],
  ] satisfies [
    string,
    { part?: Uint8Array | null; manifest?: Partial<BlobManifest> },
  ][]
) {
  Deno.test(`readBlob: ${what} is no blob`, async () => {
    using kv = await Deno.openKv(":memory:");
    using test = await openTestStore();
    const store = { ...test.store, kv };
    const manifest = await writeBlob(store, bytesOf(60 * KIB + 10));
    const key = blobPartKey(manifest.blob, 1);
    if (spoil.part === null) await kv.delete(key);
    if (spoil.part) await kv.set(key, { v: 1, owner: null, bytes: spoil.part });
    const changed = { ...manifest, ...spoil.manifest };
    assert.ok(await readBlob(store, changed) === null, "bytes came back");
  });
}
