/** The search index of a space's documents: as that of its threads, beside it. */
import {
  documentIndexKey,
  documentSegmentKey,
  documentSegments,
  documentSweepKey,
} from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { IndexStore } from "@/lib/chat/search/index_store.ts";

export function openDocumentIndex(store: Store): IndexStore {
  return new IndexStore(store, {
    index: documentIndexKey,
    segment: documentSegmentKey,
    segments: documentSegments,
    sweep: documentSweepKey,
  });
}
