/** Indexes everything of a space anew, for an index that was damaged or is in doubt. */
import type { ChangeReader } from "./changes.ts";
import { compact } from "./compaction.ts";
import type { IndexStore } from "./index_store.ts";
import { buildSegment } from "./segment_build.ts";
import { Slices } from "./slices.ts";

/** Characters that are indexed in one step. */
const CHARACTERS_PER_STEP = 64_000;

export interface RebuildParts {
  index: IndexStore;
  reader: ChangeReader;
}

/**
 * Meanwhile search finds what has been indexed so far; what happens in threads meanwhile is taken in by the
 * indexer as ever.
 * @param onThreads told how many threads are indexed
 * @returns how many threads there were
 * @throws {StorageError} when the store does not answer: begun again, it begins anew
 */
export async function rebuildIndex(
  { index, reader }: RebuildParts,
  space: string,
  signal: AbortSignal,
  onThreads: (count: number) => void = () => {},
): Promise<number> {
  let threads = 0;
  let after: string | null = null;
  let isFirst = true;
  while (true) {
    signal.throwIfAborted();
    // Loaded before the threads: whatever is indexed after that refuses this step, which is taken again.
    const before = await index.load(space, signal);
    const { changes, next } = await reader.readThreads(
      space,
      after,
      CHARACTERS_PER_STEP,
      signal,
    );
    if (changes.length > 0) {
      const kept = isFirst ? [] : before.segments;
      const segment = await buildSegment(changes, new Slices(signal));
      if (!await index.replace(space, before, kept, segment, signal)) continue;
      isFirst = false;
      threads += changes.length;
      onThreads(threads);
    }
    if (next === null) break;
    after = next;
  }
  while (await compact(index, space, signal));
  return threads;
}
