/** Builds what takes documents in, out of what the rest of the program gives. */
import type { IndexCache } from "@/lib/chat/search/index_cache.ts";
import { Sweeper } from "@/lib/sweeper.ts";
import type { Consumers } from "@/lib/events/consumers.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import { DocumentFetch } from "@/lib/jobs/kinds/document_fetch.ts";
import { DocumentIndexing } from "@/lib/jobs/kinds/document_index.ts";
import { DocumentProfile } from "@/lib/jobs/kinds/document_profile.ts";
import { DocumentRemove } from "@/lib/jobs/kinds/document_remove.ts";
import { readAllowList } from "@/lib/net/outgoing_rules.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { DocumentChain } from "./document_chain.ts";
import { DocumentIndex } from "./document_index.ts";
import { openDocumentIndex } from "./document_index_store.ts";
import { DocumentSearch } from "./document_search.ts";
import { DocumentStore } from "./document_store.ts";
import { Documents, type DocumentsParts } from "./documents.ts";
import { Ingestion } from "./ingestion.ts";
import { StateStore } from "./state_store.ts";
import { Uploads } from "./uploads.ts";
import { WorkerPool } from "./worker_pool.ts";

export interface DocumentServices {
  documents: Documents;
  documentSearch: DocumentSearch;
  /** Does the heavy work on documents. */
  documentWorkers: WorkerPool;
  /** Gives up uploads that nobody has gone on with. */
  oldUploads: Sweeper;
}

export interface DocumentBuildParts
  extends Pick<DocumentsParts, "jobs" | "jobStore" | "projects"> {
  store: ConstructorParameters<typeof DocumentStore>[0];
  consumers: Consumers;
  jobs: Jobs;
  jobStore: JobStore;
  jobKinds: JobKinds;
  files: Files;
  /** Networks and hosts beyond the public internet that addresses may lead to. */
  allow: readonly string[];
  /** Indexes in memory. */
  cache: IndexCache;
  log: Logger;
}

const SWEEP_EVERY_MS = 10 * 60_000;

export function buildDocuments(parts: DocumentBuildParts): DocumentServices {
  const { store: kv, consumers, jobs, jobStore, jobKinds, files, log } = parts;
  const store = new DocumentStore(kv);
  const states = new StateStore(kv);
  const indexStore = openDocumentIndex(kv);
  const documentWorkers = new WorkerPool({ log });
  const index = new DocumentIndex(indexStore, store, documentWorkers);
  const ingestion = new Ingestion({
    store,
    states,
    files,
    index,
    pool: documentWorkers,
  });
  const outgoing = { allow: readAllowList(parts.allow) };
  jobKinds.add(new DocumentFetch({ store, files, outgoing }));
  jobKinds.add(new DocumentProfile(ingestion));
  jobKinds.add(new DocumentIndexing(ingestion));
  jobKinds.add(new DocumentRemove({ store, files, index }));
  consumers.add(new DocumentChain({ store, jobs, jobStore }));
  const documents = new Documents({
    store,
    states,
    uploads: new Uploads(store),
    files,
    jobs,
    jobStore,
    projects: parts.projects,
    allow: outgoing.allow,
  });
  return {
    documents,
    documentSearch: new DocumentSearch(store, parts.cache),
    documentWorkers,
    oldUploads: new Sweeper({
      failure: "Old uploads could not be given up",
      everyMs: SWEEP_EVERY_MS,
      sweep: (signal) => documents.sweep(signal),
      log,
    }),
  };
}
