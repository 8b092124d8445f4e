/** The work on documents as jobs, in a time that the test has in hand. */
import assert from "node:assert/strict";
import { IndexCache } from "@/lib/chat/search/index_cache.ts";
import { Consumers } from "@/lib/events/consumers.ts";
import { Files } from "@/lib/files/files.ts";
import { DocumentIndexing } from "@/lib/jobs/kinds/document_index.ts";
import { DocumentProfile } from "@/lib/jobs/kinds/document_profile.ts";
import { DocumentRemove } from "@/lib/jobs/kinds/document_remove.ts";
import { jobProcess } from "@/lib/jobs/testing/job_rig.ts";
import { sleep } from "@/lib/clock.ts";
import type { Clock } from "@/lib/clock.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import type { Store } from "@/lib/kv/store.ts";
import { NOTHING_MORE } from "@/lib/net/outgoing_rules.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import type { Document } from "@/lib/shared/wire.ts";
import { rounds } from "@/tests/support/size.ts";
import { DocumentChain } from "./document_chain.ts";
import { DocumentIndex } from "./document_index.ts";
import { openDocumentIndex } from "./document_index_store.ts";
import { DocumentSearch } from "./document_search.ts";
import { DocumentStore } from "./document_store.ts";
import { Documents } from "./documents.ts";
import type { Step, StepResult } from "./engine/steps.ts";
import { Ingestion } from "./ingestion.ts";
import { StateStore } from "./state_store.ts";
import { Uploads } from "./uploads.ts";
import { WorkerPool } from "./worker_pool.ts";

const SPACE = "wsp_a/usr_a";
const OTHER_SPACE = "wsp_a/usr_b";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS + 1;

/** Does each step in this process, after a time that may be long. */
class SlowPool extends WorkerPool {
  constructor(
    private readonly clock: Clock,
    private readonly msOf: (step: Step) => number,
  ) {
    super({ log: silentLogger(), open: null });
  }

  override async run<S extends Step>(
    step: S,
    signal: AbortSignal,
  ): Promise<StepResult<S>> {
    await sleep(this.clock, this.msOf(step), signal);
    signal.throwIfAborted();
    return await super.run(step, signal);
  }
}

/** Everything that takes documents in, over one store. */
async function rig(store: Store, msOf: (step: Step) => number) {
  const documents = new DocumentStore(store);
  const states = new StateStore(store);
  const files = new Files({ store, owner: () => "inc" });
  const pool = new SlowPool(store.clock, msOf);
  const indexStore = openDocumentIndex(store);
  const index = new DocumentIndex(indexStore, documents, pool);
  const ingestion = new Ingestion({
    store: documents,
    states,
    files,
    index,
    pool,
    bounds: { profileBytes: 4_000, indexBytes: 4_000 },
  });
  const jobs = await jobProcess([
    new DocumentProfile(ingestion),
    new DocumentIndexing(ingestion),
    new DocumentRemove({ store: documents, files, index }),
  ], { store, clock: store.clock });
  const consumers = new Consumers(store, silentLogger());
  const { jobStore } = jobs;
  consumers.add(
    new DocumentChain({ store: documents, jobs: jobs.jobs, jobStore }),
  );
  consumers.start();
  const service = new Documents({
    store: documents,
    states,
    uploads: new Uploads(documents),
    files,
    jobs: jobs.jobs,
    jobStore,
    projects: { require: () => Promise.resolve() },
    allow: NOTHING_MORE,
  });
  return {
    service,
    search: new DocumentSearch(documents, new IndexCache(indexStore)),
    async close() {
      await consumers.stop();
      await jobs[Symbol.asyncDispose]();
    },
  };
}

type Rig = Awaited<ReturnType<typeof rig>>;

/** Batches of a minute in each half of a reading. */
const BATCHES = rounds(3, 15);
const ROWS_PER_BATCH = 133;

/** A table that takes so many batches to profile, and as many to index. */
const rowsOf = (batches: number) =>
  `name,level\n${
    Array.from(
      { length: batches * ROWS_PER_BATCH },
      (_, n) =>
        `Gauge ${String(n).padStart(6, "0")},${
          String(n % 100_000_000).padStart(16, "0")
        }`,
    ).join("\n")
  }\n`;

async function take(
  { service }: Rig,
  space: string,
  text: string,
): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const wanted = { name: "levels.csv", size: bytes.length, projectId: null };
  const { id } = await service.begin(space, wanted);
  await service.uploads.append(
    space,
    id,
    0,
    ReadableStream.from([bytes]),
  );
  return id;
}

Deno.test(`documents: ten readings of ${2 * BATCHES} minutes go on at once, and the progress of each only rises`, async () => {
  using test = await openTestStore();
  const { store, clock } = test;
  const documents = await rig(
    store,
    ({ type }) => type === "profile" || type === "chunk" ? MINUTE_MS : 0,
  );
  await test.drive((async () => {
    const text = rowsOf(BATCHES);
    const ids = await Promise.all(
      Array.from({ length: 10 }, () => take(documents, SPACE, text)),
    );
    const beganAtMs = clock.monotonic();
    const seen = new Map<string, Document>();
    const steps = new Set<number>();
    while ([...seen.values()].filter(isReady).length < ids.length) {
      await sleep(store.clock, MINUTE_MS / 4);
      for (const id of ids) {
        const now = await documents.service.get(SPACE, id);
        const before = seen.get(id);
        assert.equal(now.error, null);
        assert.ok(now.progress >= (before?.progress ?? 0), id);
        seen.set(id, now);
        steps.add(now.progress);
      }
    }
    const minutes = (clock.monotonic() - beganAtMs) / MINUTE_MS;
    assert.ok(minutes >= 2 * BATCHES, `took ${minutes} minutes`);
    // One after the other they would take ten times as long.
    assert.ok(minutes < 4 * BATCHES, `took ${minutes} minutes`);
    assert.ok(steps.size > BATCHES, `progress was seen ${steps.size} times`);
    for (const document of seen.values()) {
      assert.equal(document.rows, BATCHES * ROWS_PER_BATCH);
    }
  })());
  await test.drive(documents.close());
});

const isReady = ({ state }: Document) => state === "ready";

/** Resolves with the document once it is as wanted. */
async function until(
  { service }: Rig,
  store: Store,
  id: string,
  isWanted: (document: Document) => boolean,
): Promise<Document> {
  while (true) {
    const document = await service.get(SPACE, id);
    if (isWanted(document)) return document;
    await sleep(store.clock, 500);
  }
}

Deno.test("documents: a reading that is cancelled stops, keeps what it has, and goes on from there", async () => {
  using test = await openTestStore();
  const { store } = test;
  const taken: string[] = [];
  const documents = await rig(store, (step) => {
    taken.push(step.type);
    return step.type === "profile" ? 10_000 : 0;
  });
  await test.drive((async () => {
    const id = await take(documents, SPACE, rowsOf(6));
    await until(documents, store, id, ({ progress }) => progress > 0.2);
    const cancelled = await documents.service.cancel(SPACE, id);
    assert.equal(cancelled.state, "cancelled");
    const batches = taken.filter((type) => type === "profile").length;
    await sleep(store.clock, MINUTE_MS);
    assert.equal(taken.filter((type) => type === "profile").length, batches);
    await documents.service.retry(SPACE, id);
    await until(documents, store, id, isReady);
    const all = taken.filter((type) => type === "profile").length;
    // The batch that was under way is done again, and no other.
    assert.ok(all <= 8, `${all} batches`);
  })());
  await test.drive(documents.close());
});

/** How many rows of each kind there are of a document; of states and profiles how many there are. */
async function rowsLeft(
  { kv }: Store,
  document: string,
): Promise<Record<string, number>> {
  const kinds: Record<string, Set<string>> = {};
  for await (const { key } of kv.list({ prefix: [SPACE] })) {
    const [, kind, of, place] = key;
    if (of !== document) continue;
    (kinds[String(kind)] ??= new Set()).add(String(place));
  }
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, { size }]) => [kind, size]),
  );
}

Deno.test("documents: a reading leaves its profile and its pieces and no state, also when it is done anew", async () => {
  using test = await openTestStore();
  const { store } = test;
  const documents = await rig(store, () => 0);
  await test.drive((async () => {
    const id = await take(documents, SPACE, rowsOf(6));
    await until(documents, store, id, isReady);
    const left = await rowsLeft(store, id);
    assert.equal(left.dz, 1, JSON.stringify(left));
    assert.equal(left.dw, undefined, JSON.stringify(left));
    await documents.service.reindex(SPACE, id);
    await until(documents, store, id, isReady);
    assert.deepEqual(await rowsLeft(store, id), left);
  })());
  await test.drive(documents.close());
});

Deno.test("documents: a reading that fails for good says so, and one that is retried by its job comes through", async () => {
  using test = await openTestStore();
  const { store } = test;
  let isBroken = true;
  const documents = await rig(store, () => {
    if (isBroken) throw new Error("The worker is out of order");
    return 0;
  });
  await test.drive((async () => {
    const id = await take(documents, SPACE, rowsOf(1));
    const failed = await until(
      documents,
      store,
      id,
      ({ state }) => state === "failed",
    );
    assert.equal(failed.error, "The worker is out of order");
    isBroken = false;
    await documents.service.retry(SPACE, id);
    await until(documents, store, id, isReady);
  })());
  await test.drive(documents.close());
});

Deno.test("documents: nobody finds, sees or deletes what another has", async () => {
  using test = await openTestStore();
  const { store } = test;
  const documents = await rig(store, () => 0);
  await test.drive((async () => {
    const { service, search } = documents;
    const id = await take(documents, SPACE, rowsOf(1));
    await until(documents, store, id, isReady);
    const query = { text: "gauge", documentId: null, limit: 5 };
    assert.equal((await search.find(SPACE, query)).length, 1);
    assert.deepEqual(await search.find(OTHER_SPACE, query), []);
    const page = { limit: 5, cursor: null };
    assert.deepEqual((await service.list(OTHER_SPACE, page)).items, []);
    for (
      const attempt of [
        () => service.get(OTHER_SPACE, id),
        () => service.profile(OTHER_SPACE, id),
        () => service.chunks(OTHER_SPACE, id, 1, 5),
        () => service.update(OTHER_SPACE, id, { name: "mine" }),
        () => service.remove(OTHER_SPACE, id),
        () => service.cancel(OTHER_SPACE, id),
        () => service.reindex(OTHER_SPACE, id),
        () => service.uploads.progress(OTHER_SPACE, id),
      ]
    ) await assert.rejects(attempt, { status: 404 });
  })());
  await test.drive(documents.close());
});

Deno.test("documents: an upload that nobody goes on with is given up after a day", async () => {
  using test = await openTestStore();
  const { store, clock } = test;
  const documents = await rig(store, () => 0);
  await test.drive((async () => {
    const { service } = documents;
    const wanted = { name: "a.csv", size: 10, projectId: null };
    const { id } = await service.begin(SPACE, wanted);
    await service.sweep(AbortSignal.timeout(30_000));
    assert.equal((await service.get(SPACE, id)).state, "uploading");
    const later: Clock = {
      now: () => clock.now() + DAY_MS,
      monotonic: () => clock.monotonic(),
      after: (ms, callback) => clock.after(ms, callback),
    };
    const tomorrow = await rig({ ...store, clock: later }, () => 0);
    await tomorrow.service.sweep(AbortSignal.timeout(30_000));
    await assert.rejects(service.get(SPACE, id), { status: 404 });
    await tomorrow.close();
  })());
  await test.drive(documents.close());
});
