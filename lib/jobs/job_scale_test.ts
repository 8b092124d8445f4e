/** What a backlog costs: asking, listing and claiming read the same few rows, however many jobs wait. */
import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { openStore } from "@/lib/kv/open.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import { rounds } from "@/tests/support/size.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { JobLists } from "./job_lists.ts";
import { JobPicker } from "./job_picker.ts";
import { JobQueues } from "./job_queues.ts";
import { JOB_PRIORITIES } from "./job_record.ts";
import { JobStatistics } from "./job_statistics.ts";
import { jobProcess, kindOf, registryOf } from "./testing/job_rig.ts";
import { recordOf } from "./testing/job_records.ts";

const FEW = 1_000;
const MANY = rounds(2_500, 100_000);

const WORKSPACES = 3;
const JOBS_PER_UNIT = 40;

/** What is counted here are reads; a machine that does much else may take its time, in milliseconds. */
const DEADLINE_MS = 60_000;

/** Rows that were read, and calls that were made for them. */
class CountedKv extends WrappedKv {
  calls = 0;
  rows = 0;

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    this.calls += 1;
    this.rows += 1;
    return super.get<T>(key, options);
  }

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    this.calls += 1;
    this.rows += keys.length;
    return super.getMany<T>(keys, options);
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options: Deno.KvListOptions = {},
  ): Deno.KvListIterator<T> {
    this.calls += 1;
    this.rows += options.limit ?? Infinity;
    return super.list<T>(selector, options);
  }

  /** What some work reads. */
  async during(work: () => Promise<unknown>): Promise<string> {
    [this.calls, this.rows] = [0, 0];
    await work();
    return `${this.calls} calls, ${this.rows} rows at most`;
  }
}

/** What is read where so many jobs wait, by what is done. */
async function readsWith(count: number): Promise<Record<string, string>> {
  let counted!: CountedKv;
  const kinds = [
    kindOf(() => Promise.resolve({}), { perProcess: 99, perWorkspace: 99 }),
  ];
  const store = await openStore({
    location: ":memory:",
    deadlineMs: DEADLINE_MS,
    wrap: (kv) => counted = new CountedKv(kv),
  });
  const process = await jobProcess(kinds, { store, isIdle: true });
  const { jobStore, jobs, owner } = process;
  for (let made = 0; made < count;) {
    const unit = new UnitOfWork().guard(["test", made], null, { v: 1 });
    for (let added = 0; added < JOBS_PER_UNIT; added += 1, made += 1) {
      jobStore.add(
        unit,
        recordOf({
          id: newId("job"),
          space: `wsp_${made % WORKSPACES}/usr_a`,
          priority: JOB_PRIORITIES[made % 7 === 0 ? 1 : 2],
        }),
      );
    }
    assert.ok((await commit(store, unit)).ok);
  }
  const lists = new JobLists(store);
  const statistics = new JobStatistics(store, registryOf(kinds));
  const queues = new JobQueues(store);
  const picker = new JobPicker(queues, registryOf(kinds));
  const { signal } = new AbortController();
  const busy = {
    places: 0,
    ofKind: () => 0,
    inQueue: () => 0,
    inWorkspace: () => 0,
    has: () => false,
  };
  const reads = {
    enqueue: await counted.during(() =>
      jobs.enqueue("wsp_1/usr_a", {
        kind: "test.do",
        input: null,
        dedupKey: "once",
      })
    ),
    page: await counted.during(() =>
      lists.page("wsp_1", {
        statuses: ["queued", "running"],
        kind: null,
        before: null,
        limit: 50,
      })
    ),
    claim: await counted.during(async () => {
      const picked = await picker.pick({
        queues: await picker.look(signal),
        places: 9,
        busy,
        paused: new Set(),
        isContended: false,
        signal,
      });
      assert.equal(picked.length, 8);
      await queues.claim(picked, owner.incarnation);
    }),
    statistics: await counted.during(async () => {
      await statistics.counts("wsp_1");
      await statistics.oldestWaiting("wsp_1");
      await statistics.rates("wsp_1", Date.now());
    }),
  };
  await process[Symbol.asyncDispose]();
  store.close();
  return reads;
}

Deno.test("jobs: a long backlog makes asking, listing, counting and claiming read nothing more", async () => {
  const few = await readsWith(FEW);
  const many = await readsWith(MANY);
  assert.deepEqual(many, few);
});

Deno.test("jobs: a long backlog is done whole, each job once", async () => {
  const done = new Map<string, number>();
  const kind = kindOf(({ id }) => {
    done.set(id, (done.get(id) ?? 0) + 1);
    return Promise.resolve({});
  });
  const store = await openStore({
    location: ":memory:",
    deadlineMs: DEADLINE_MS,
  });
  await using process = await jobProcess([kind], { store, isIdle: true });
  const count = rounds(1_000, 20_000);
  for (let made = 0; made < count; made += JOBS_PER_UNIT) {
    const unit = new UnitOfWork().guard(["test", made], null, { v: 1 });
    for (let added = 0; added < JOBS_PER_UNIT; added += 1) {
      const space = `wsp_${added % WORKSPACES}/usr_a`;
      process.jobStore.add(unit, recordOf({ id: newId("job"), space }));
    }
    assert.ok((await commit(process.store, unit)).ok);
  }
  process.worker.start();
  await waitFor("all of them", () => done.size === count, 300_000);
  assert.ok([...done.values()].every((times) => times === 1));
  await process.worker.stop(DEADLINE_MS);
});
