import assert from "node:assert/strict";
import { type JobListQuery, JobLists } from "./job_lists.ts";
import { jobProcess, kindOf, SPACE } from "./testing/job_rig.ts";

const WORKSPACE = "wsp_a";
const kind = (name: string) =>
  kindOf(() => Promise.resolve({}), { kind: name });

const ALL: JobListQuery = {
  statuses: ["queued", "cancelled"],
  kind: null,
  before: null,
  limit: 3,
};

/** An idle process with jobs of two kinds; every third one is cancelled. */
async function filled(count: number) {
  const process = await jobProcess([kind("test.a"), kind("test.b")], {
    isIdle: true,
  });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { job } = await process.jobs.enqueue(
      index % 2 === 0 ? SPACE : `${WORKSPACE}/usr_b`,
      { kind: index % 5 === 0 ? "test.b" : "test.a", input: {} },
    );
    ids.push(job.id);
    if (index % 3 === 0) {
      const space = index % 2 === 0 ? SPACE : `${WORKSPACE}/usr_b`;
      await process.jobs.cancel(space, job.id);
    }
  }
  const lists = new JobLists(process.store);
  const walk = async (space: string, query: Partial<JobListQuery>) => {
    const found: string[] = [];
    let before: string | null = null;
    do {
      const page = await lists.page(space, { ...ALL, ...query, before });
      assert.ok(page.records.length <= ALL.limit);
      found.push(...page.records.map(({ id }) => id));
      before = page.nextBefore;
    } while (before !== null);
    return found;
  };
  return { process, lists, ids, walk };
}

Deno.test("JobLists.page: goes through states side by side, newest first, each job once", async () => {
  const { process, ids, walk } = await filled(20);
  await using _ = process;
  const newest = ids.toReversed();
  assert.deepEqual(await walk(WORKSPACE, {}), newest);
  const isOwn = (id: string) => ids.indexOf(id) % 2 === 0;
  assert.deepEqual(await walk(SPACE, {}), newest.filter(isOwn));
  const isB = (id: string) => ids.indexOf(id) % 5 === 0;
  assert.deepEqual(
    await walk(WORKSPACE, { kind: "test.b" }),
    newest.filter(isB),
  );
  assert.deepEqual(
    await walk(WORKSPACE, { hides: new Set(["test.b"]) }),
    newest.filter((id) => !isB(id)),
  );
  assert.deepEqual(await walk("wsp_other", {}), []);
});

Deno.test("JobLists.page: a rare kind among thousands comes after pages that say there are more", async () => {
  await using process = await jobProcess([kind("test.a"), kind("test.b")], {
    isIdle: true,
  });
  const enqueue = (name: string) =>
    process.jobs.enqueue(SPACE, { kind: name, input: {} });
  const { job: rare } = await enqueue("test.b");
  for (let index = 0; index < 1_050; index += 50) {
    await Promise.all(Array.from({ length: 50 }, () => enqueue("test.a")));
  }
  const lists = new JobLists(process.store);
  const query = { ...ALL, kind: "test.b" };
  const first = await lists.page(SPACE, query);
  assert.deepEqual(first.records, []);
  assert.notEqual(first.nextBefore, null);
  const second = await lists.page(SPACE, {
    ...query,
    before: first.nextBefore,
  });
  assert.deepEqual(second.records.map(({ id }) => id), [rare.id]);
  assert.equal(second.nextBefore, null);
  assert.deepEqual(await lists.count(SPACE, "queued", { most: 200 }), {
    count: 200,
    isMore: true,
  });
  // Behind so many that are left out there may be others.
  const hides = new Set(["test.a"]);
  assert.deepEqual(await lists.count(SPACE, "queued", { hides, most: 200 }), {
    count: 0,
    isMore: true,
  });
});

Deno.test("JobLists: finds a job in whichever space it is, and what belongs together with it", async () => {
  const { process, lists, ids } = await filled(6);
  await using _ = process;
  const found = await lists.find(WORKSPACE, ids[1]);
  assert.equal(found?.space, `${WORKSPACE}/usr_b`);
  assert.equal(await lists.find("wsp_other", ids[1]), null);
  const chain = (correlationId: string | null) =>
    process.jobs.enqueue(SPACE, { kind: "test.a", input: {}, correlationId });
  const { job: first } = await chain(null);
  const { job: second } = await chain(first.id);
  const { job: third } = await chain(first.id);
  const relatedTo = async (id: string) => {
    const record = await lists.find(WORKSPACE, id);
    return (await lists.related(SPACE, record!)).map(({ id }) => id);
  };
  assert.deepEqual(await relatedTo(first.id), [second.id, third.id]);
  assert.deepEqual(await relatedTo(second.id), [first.id, third.id]);
  assert.deepEqual(await relatedTo(ids[0]), []);
});
