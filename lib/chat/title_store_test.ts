/** What may change between the read and the write of a title. */
import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { threadKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { waitFor } from "@/tests/support/wait.ts";
import type { ThreadRecord } from "./records.ts";
import { ThreadStore } from "./thread_store.ts";
import { TitleStore } from "./title_store.ts";

const WORKSPACE = "wsp_test";
const KEY = threadKey(WORKSPACE, "thr_1");

const THREAD: ThreadRecord = {
  v: 1,
  id: "thr_1",
  title: "first line",
  titleSource: "auto",
  model: null,
  createdAt: "2026-03-01T12:00:00.000Z",
  version: 1,
};

/** Writes a title while the thread changes just before the write arrives. */
async function setWhile(changes: Partial<ThreadRecord>) {
  using test = await openTestStore();
  const { calm, faults, store } = test;
  const read = async () => (await get<ThreadRecord>(calm, KEY)).value!;
  const write = async (record: ThreadRecord) => {
    const { versionstamp } = await get(calm, KEY);
    const unit = new UnitOfWork().guard(KEY, versionstamp, record);
    assert.ok((await commit(calm, unit)).ok);
  };
  await write(THREAD);
  const titles = new TitleStore(
    store,
    new ThreadStore(store, () => "inc_test"),
  );
  faults.script("holdBriefly");
  const set = titles.setTitle(
    WORKSPACE,
    THREAD.id,
    "run_1",
    "From a model",
    AbortSignal.timeout(10_000),
  );
  await waitFor("the write", () => faults.held === 1);
  await write({ ...THREAD, ...changes, version: 2 });
  await faults.applyHeld();
  const isSet = await set;
  const { title, titleSource, pinned, version } = await read();
  return { isSet, title, titleSource, pinned, version };
}

Deno.test("TitleStore.setTitle: a name that the owner gave a moment earlier is never overwritten", async () => {
  assert.deepEqual(
    await setWhile({ title: "Mine", titleSource: "user" }),
    {
      isSet: false,
      title: "Mine",
      titleSource: "user",
      pinned: undefined,
      version: 2,
    },
  );
});

Deno.test("TitleStore.setTitle: another change a moment earlier is kept beside the title", async () => {
  assert.deepEqual(await setWhile({ pinned: true }), {
    isSet: true,
    title: "From a model",
    titleSource: "auto",
    pinned: true,
    version: 3,
  });
});
