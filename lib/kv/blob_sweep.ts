import { blobTime, type OpenBlobRecord } from "./blobs.ts";
import { commit } from "./commit.ts";
import { blobParts, fenceKey, openBlobs, parseOpenBlobKey } from "./keys.ts";
import { get, list } from "./reads.ts";
import type { Store } from "./store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** Whoever has not stored a manifest by then never will. */
const OPEN_MS = 24 * 60 * 60 * 1_000;
/** Parts that one atomic removes: their keys are all it holds. */
const PARTS_PER_UNIT = 200;

/**
 * Removes blobs that no manifest names and none ever will: their writer is fenced, so nothing it has
 * sent can still commit, or they are a day old, or what named them was deleted.
 * @returns how many were removed
 * @throws {StorageError} when the store does not answer
 */
export async function sweepOpenBlobs(
  store: Store,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  const rows = list<OpenBlobRecord>(store, openBlobs(), { signal });
  for await (const { key, value, versionstamp } of rows) {
    const blob = parseOpenBlobKey(key);
    const isOld = store.clock.now() - blobTime(blob) > OPEN_MS;
    const isLeft = value.owner !== null &&
      (await get(store, fenceKey(value.owner), { signal })).versionstamp ===
        null;
    if (!isOld && !isLeft && !value.isDeleted) continue;
    if (await remove(store, key, versionstamp, blob, signal)) removed += 1;
  }
  return removed;
}

/** The row goes last, with the last parts, so that a sweep that is cut short is taken up again. */
async function remove(
  store: Store,
  key: Deno.KvKey,
  versionstamp: string,
  blob: string,
  signal: AbortSignal,
): Promise<boolean> {
  let checked = versionstamp;
  while (true) {
    const parts = await Array.fromAsync(
      list(store, blobParts(blob), {
        limit: PARTS_PER_UNIT,
        // Each part has 60 KiB.
        batchSize: 20,
        signal,
      }),
    );
    const unit = new UnitOfWork().guard(key, checked, {
      v: 1,
      owner: null,
      isDeleted: true,
    });
    for (const part of parts) unit.delete(part.key);
    if (parts.length < PARTS_PER_UNIT) unit.delete(key);
    const result = await commit(store, unit, { signal });
    if (!result.ok) return false;
    if (parts.length < PARTS_PER_UNIT) return true;
    checked = result.versionstamp;
  }
}
