/** Builds what answers of projects are given of their documents. */
import { IndexCache } from "@/lib/chat/search/index_cache.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { openDocumentIndex } from "./document_index_store.ts";
import { DocumentStore } from "./document_store.ts";
import { DocumentKnowledge } from "./knowledge.ts";

export function buildKnowledge(
  store: ConstructorParameters<typeof DocumentStore>[0],
  log: Logger,
): DocumentKnowledge {
  const cache = new IndexCache(openDocumentIndex(store));
  return new DocumentKnowledge(new DocumentStore(store), cache, log);
}
