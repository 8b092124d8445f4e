/** What a change of a job must not leave behind, and must not take for its own. */
import assert from "node:assert/strict";
import { openBlobKey } from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { waitFor } from "@/tests/support/wait.ts";
import {
  type JobProcess,
  jobProcess,
  kindOf,
  SPACE,
} from "./testing/job_rig.ts";

const HOUR_MS = 60 * 60 * 1_000;
/** Far more than a row of the store holds, in characters. */
const LARGE_CHARACTERS = 200_000;

async function until(
  { jobs }: JobProcess,
  id: string,
  status: string,
): Promise<void> {
  await waitFor(
    `the job to be ${status}`,
    async () => (await jobs.get(SPACE, id)).status === status,
  );
}

async function waiting({ kv }: Store): Promise<Deno.KvKey[]> {
  const places = await Promise.all(
    ["jd", "jt"].map((kind) =>
      Array.fromAsync(kv.list({ prefix: ["sys", kind] }), ({ key }) => key)
    ),
  );
  return places.flat();
}

Deno.test("jobs: one that is cancelled while it waits is nowhere to be claimed", async () => {
  await using asking = await jobProcess([kindOf(() => Promise.resolve({}))], {
    isIdle: true,
  });
  const { jobs, store } = asking;
  for (const runAt of [undefined, Date.now() + HOUR_MS]) {
    const { job } = await jobs.enqueue(SPACE, {
      kind: "test.do",
      input: null,
      runAt,
    });
    assert.equal((await waiting(store)).length, 1);
    await jobs.cancel(SPACE, job.id);
    assert.deepEqual(await waiting(store), []);
  }
});

Deno.test("jobs: what somebody wanted of one attempt is not wanted of the next", async () => {
  const kind = kindOf(({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    })
  );
  await using doing = await jobProcess([kind]);
  const { jobs, jobStore } = doing;
  const { job } = await jobs.enqueue(SPACE, { kind: "test.do", input: null });
  await until(doing, job.id, "running");
  const loaded = await jobStore.load(SPACE, job.id);
  assert.ok(loaded !== null);
  assert.ok(await jobStore.requestEnd(loaded, "deadline"));
  const { record } = loaded;
  const next = { ...record, startedAt: new Date(0).toISOString() };
  assert.deepEqual(await jobStore.wantedEnds([next]), new Map());
  const elsewhere = { ...record, owner: "inc_other" };
  assert.deepEqual(await jobStore.wantedEnds([elsewhere]), new Map());
  assert.deepEqual(
    await jobStore.wantedEnds([record]),
    new Map([[job.id, "deadline"]]),
  );
});

Deno.test("jobs: the result of one that begins anew is left to who removes what nobody names", async () => {
  let attempts = 0;
  const kind = kindOf(() => {
    attempts += 1;
    const text = attempts === 1 ? "x".repeat(LARGE_CHARACTERS) : "short";
    return Promise.resolve({ result: { text } });
  });
  await using doing = await jobProcess([kind]);
  const { jobs, jobStore, store } = doing;
  const { job } = await jobs.enqueue(SPACE, { kind: "test.do", input: null });
  await until(doing, job.id, "completed");
  const result = (await jobStore.load(SPACE, job.id))?.record.result;
  assert.ok(result && "blob" in result);
  await jobs.retry(SPACE, job.id);
  const { value } = await store.kv.get(openBlobKey(result.blob.blob));
  assert.deepEqual(value, { v: 1, owner: null, isDeleted: true });
});

Deno.test("jobs: a delayed one begins at its time, not with the next look of a second", async () => {
  const clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs: number, callback: () => void) {
      // Whoever waits for so long waits for ever.
      if (delayMs >= 1_000) return () => {};
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const kind = kindOf(() => Promise.resolve({}));
  await using doing = await jobProcess([kind], { clock, usesQueue: false });
  const { job } = await doing.jobs.enqueue(SPACE, {
    kind: "test.do",
    input: null,
    runAt: Date.now() + 500,
  });
  await until(doing, job.id, "completed");
});
