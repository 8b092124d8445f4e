import assert from "node:assert/strict";
import { sweepOpenBlobs } from "./blob_sweep.ts";
import { readBlob, writeBlob } from "./blobs.ts";
import { commit } from "./commit.ts";
import { fence } from "./fence.ts";
import { startIncarnation } from "./incarnation.ts";
import { blobParts, openBlobKey } from "./keys.ts";
import { list } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

const BYTES = new Uint8Array(300_000).fill(7);
const DAY_MS = 24 * 60 * 60 * 1_000;

const rig = async () => {
  const test = await openTestStore();
  const { id } = await startIncarnation(test.store);
  const manifest = await writeBlob(test.store, BYTES, { owner: id });
  return {
    ...test,
    owner: id,
    manifest,
    sweep: () => sweepOpenBlobs(test.store, AbortSignal.timeout(10_000)),
    /** Stores the manifest, as whoever wrote the blob does. */
    close: () =>
      commit(
        test.store,
        new UnitOfWork()
          .guard(["record"], null, { v: 1, manifest })
          .delete(openBlobKey(manifest.blob)),
      ),
    parts: async () =>
      (await Array.fromAsync(list(test.calm, blobParts(manifest.blob)))).length,
  };
};

Deno.test("sweepOpenBlobs: a blob without a manifest stays while its writer lives", async () => {
  using test = await rig();
  assert.equal(await test.sweep(), 0);
  assert.equal((await test.close()).ok, true);
  assert.deepEqual(await readBlob(test.store, test.manifest), BYTES);
});

Deno.test("sweepOpenBlobs: once its writer is fenced it goes, whole", async () => {
  using test = await rig();
  await fence(test.store, test.owner);
  assert.equal(await test.sweep(), 1);
  assert.equal(await test.parts(), 0);
  assert.equal(await test.sweep(), 0);
});

Deno.test("sweepOpenBlobs: a blob with a manifest stays, whoever wrote it", async () => {
  using test = await rig();
  await test.close();
  await fence(test.store, test.owner);
  assert.equal(await test.sweep(), 0);
  assert.deepEqual(await readBlob(test.store, test.manifest), BYTES);
});

Deno.test("sweepOpenBlobs: after a day it goes, though its writer lives", async () => {
  using test = await rig();
  test.clock.advance(DAY_MS + 1);
  assert.equal(await test.sweep(), 1);
  assert.equal(await test.parts(), 0);
});
