import assert from "node:assert/strict";
import { FIRST_WORKSPACE, LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import { INTO_SPACES } from "./into_spaces.ts";
import { migrate } from "./migrations.ts";
import { list } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";

const OLD = "wsp_local";

/** Rows of a store of schema 1, as key and value. */
const ROWS: [Deno.KvKey, Record<string, unknown>][] = [
  [[OLD, "t", "thr_1"], { v: 1, title: "Kept" }],
  [[OLD, "t", "thr_2"], { v: 1, temporary: true }],
  [[OLD, "m", "thr_1", "msg_1"], { v: 1, text: "Kept" }],
  [[OLD, "m", "thr_2", "msg_2"], { v: 1, text: "Leaves nothing behind" }],
  [[OLD, "ti", 5, "thr_1"], { v: 1 }],
  [[OLD, "r", "run_1"], { v: 1, threadId: "thr_1" }],
  [[OLD, "rl", "run_1", 1, 3], { v: 1 }],
  [[OLD, "e", "00000000000000010000"], { v: 1, ev: [] }],
  [[OLD, "ca", "hash"], { v: 1 }],
  [[OLD, "lg", 5, "inc_1", 1], { v: 1, rows: [] }],
  [[OLD, "ql", "req_1"], { v: 1 }],
  [["sys", "own", "inc_1", "r", "run_1"], { v: 1, ws: OLD }],
  [["sys", "pg", 5, OLD, "thr_3"], { v: 1 }],
  [["sys", "qh", 5, OLD], { v: 1 }],
  [["sys", "rx", 5, OLD, "run_1"], { v: 1 }],
  [["sys", "pv", "ollama"], { v: 1 }],
];

const EXPECTED: [Deno.KvKey, Record<string, unknown>][] = [
  [["sys", "own", "inc_1", "r", "run_1"], { v: 1, ws: LOCAL_SPACE }],
  [["sys", "pg", 5, LOCAL_SPACE, "thr_3"], { v: 1 }],
  [["sys", "pv", "ollama"], { v: 1 }],
  [["sys", "qh", 5, FIRST_WORKSPACE], { v: 1 }],
  [["sys", "rx", 5, LOCAL_SPACE, "run_1"], { v: 1 }],
  [[FIRST_WORKSPACE, "lg", 5, "inc_1", 1], { v: 1, rows: [] }],
  [[FIRST_WORKSPACE, "ql", "req_1"], { v: 1 }],
  [[LOCAL_SPACE, "m", "thr_1", "msg_1"], { v: 1, text: "Kept" }],
  [[LOCAL_SPACE, "r", "run_1"], { v: 1, threadId: "thr_1" }],
  [[LOCAL_SPACE, "rl", "run_1", 1, 3], { v: 1 }],
  [[LOCAL_SPACE, "t", "thr_1"], { v: 1, title: "Kept" }],
  [[LOCAL_SPACE, "ti", 5, "thr_1"], { v: 1 }],
  // Both expire where they are.
  [[OLD, "m", "thr_2", "msg_2"], { v: 1, text: "Leaves nothing behind" }],
  [[OLD, "t", "thr_2"], { v: 1, temporary: true }],
];

const SCHEMA = { version: 2, migrations: [INTO_SPACES] };

async function oldStore() {
  const test = await openTestStore({ schemaVersion: 1 });
  for (const [key, value] of ROWS) {
    await test.calm.kv.atomic().check({ key, versionstamp: null })
      .set(key, value).commit();
  }
  const rows = async () => {
    const found: [Deno.KvKey, unknown][] = [];
    const all = list(test.calm, { prefix: [] });
    for await (const { key, value } of all) {
      if (key[1] !== "gen" && key[1] !== "schema") found.push([key, value]);
    }
    return found;
  };
  return { ...test, rows };
}

Deno.test("INTO_SPACES: what the one user had is theirs, what the workspace had is its own, the rest goes", async () => {
  using test = await oldStore();
  await migrate(test.store, SCHEMA);
  assert.deepEqual(await test.rows(), EXPECTED);
});

Deno.test("INTO_SPACES: answers of the store that are lost, late or wrong lose and double nothing", async () => {
  using test = await oldStore();
  test.faults.script("loseAck", "twice", "deny", "drop", "mute", "loseAck");
  await test.drive(migrate(test.store, SCHEMA));
  assert.deepEqual(await test.rows(), EXPECTED);
});
