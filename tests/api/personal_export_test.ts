/** What people get when they take their data with them. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE, userSpace } from "@/lib/shared/spaces.ts";
import { commit } from "@/lib/kv/commit.ts";
import { messageKey, threadKey } from "@/lib/kv/keys.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { MessageRecord, ThreadRecord } from "@/lib/chat/records.ts";
import { newId } from "@/lib/shared/ids.ts";
import { newThread } from "../support/chat_client.ts";
import { readZip } from "../support/read_zip.ts";
import { json, problem } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";
import { batchLine } from "./files_rig.ts";
import {
  audited,
  type Belongings,
  furnish,
  type PeopleRig,
  type Person,
  startPeople,
} from "./personal_data_rig.ts";

async function exported(
  who: Person,
  path = "/api/me/export",
): Promise<Map<string, string>> {
  const response = await who.fetch(path);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/zip");
  assert.match(
    response.headers.get("content-disposition")!,
    /^attachment; filename="freshet-\d{4}-\d\d-\d\d-usr_\w+\.zip"$/,
  );
  assert.equal(response.headers.get("cache-control"), "no-store");
  return await readZip(await response.bytes());
}

/** Uploads a file by somebody's key, and has a batch made of it; its answer may be still to come. */
async function giveBatch(
  { app }: PeopleRig,
  { key, word }: Belongings,
): Promise<{ file: string; batch: string }> {
  const authorization = `Bearer ${key}`;
  const form = new FormData();
  form.set("purpose", "batch");
  const line = batchLine("one", {
    model: "fake-1",
    messages: [{ role: "user", content: `Ask: ${word}` }],
  });
  form.set("file", new File([line], `${word}.jsonl`));
  const file = await json<{ id: string }>(
    await app.fetch("/v1/files", {
      method: "POST",
      body: form,
      headers: { authorization },
    }),
  );
  const batch = await json<{ id: string }>(
    await app.post("/v1/batches", {
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    }, { authorization }),
  );
  return { file: file.id, batch: batch.id };
}

const linesOf = (files: Map<string, string>, name: string) =>
  files.get(name)!.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));

Deno.test("export: holds everything of one person, and nothing of another", async () => {
  await using rig = await startPeople();
  const { owner, ada } = rig;
  const mine = await furnish(ada, "Adaword");
  const theirs = await furnish(owner, "Ownerword");
  const given = await giveBatch(rig, mine);
  await giveBatch(rig, theirs);
  const files = await exported(ada);
  const all = [...files.values()].join("\n");
  assert.ok(!all.includes("Ownerword"));
  assert.ok(!all.includes("hidden Adaword"), "temporary threads stay out");
  assert.ok(!all.includes(mine.key), "a key is never told again");
  const account = JSON.parse(files.get("account.json")!);
  assert.equal(account.user.email, "ada@example.org");
  assert.equal(account.workspace.id, FIRST_WORKSPACE);

  const [thread, ...others] = linesOf(files, "threads.jsonl");
  assert.deepEqual(others, []);
  assert.equal(thread.title, "Title Adaword");
  const messages = linesOf(files, "messages.jsonl");
  assert.equal(messages.length, 3, "a question with two answers");
  const question = messages.find(({ role }) => role === "user");
  assert.equal(question.content, "Adaword ".repeat(5_000));
  assert.equal(
    messages.filter(({ parentId }) => parentId === question.id).length,
    2,
  );
  assert.equal(linesOf(files, "projects.jsonl")[0].name, "Project Adaword");
  assert.equal(linesOf(files, "tasks.jsonl")[0].title, "Task Adaword");
  assert.equal(linesOf(files, "tags.jsonl")[0].name, "tag-Adaword");
  const [schedule] = linesOf(files, "schedules.jsonl");
  assert.equal(schedule.target.prompt, "Adaword");
  const [document] = linesOf(files, "documents.jsonl");
  assert.equal(document.name, "Adaword.txt");
  assert.equal(
    files.get(`documents/${document.id}/Adaword.txt`),
    "About Adaword",
  );
  const [input] = linesOf(files, "files.jsonl")
    .filter(({ id }) => id === given.file);
  assert.equal(input.name, "Adaword.jsonl");
  assert.ok(
    files.get(`files/${given.file}/Adaword.jsonl`)!.includes("Ask: Adaword"),
  );
  assert.deepEqual(
    linesOf(files, "batches.jsonl").map(({ id }) => id),
    [given.batch],
  );
  const notifications = linesOf(files, "notifications.jsonl");
  assert.ok(
    notifications.some(({ about }) => String(about).includes("Adaword")),
    JSON.stringify(notifications),
  );
  assert.equal(linesOf(files, "keys.jsonl")[0].name, "Key Adaword");
  const usage = linesOf(files, "usage.jsonl");
  assert.ok(usage.length >= 3);
  for (const row of usage) assert.equal(row.user, ada.id);

  const [name] = [...files.keys()].filter((key) => key.startsWith("threads/"));
  assert.match(name, /^threads\/\d{4}-\d\d-\d\d Title Adaword thr_\w+\.md$/);
  const markdown = files.get(name)!;
  assert.ok(markdown.startsWith("# Title Adaword\n"));
  assert.equal(markdown.match(/^## /gm)?.length, 2, "the branch on view");

  const [event] = await audited(rig, "data.exported");
  assert.equal(event.subject, ada.id);
});

Deno.test("export: of another is for admins, and the audit log tells", async () => {
  await using rig = await startPeople();
  const { owner, ada } = rig;
  await furnish(ada, "Adaword");
  const path = `/api/users/${ada.id}/export`;
  await problem(
    await ada.fetch(`/api/users/${owner.id}/export`),
    403,
    "forbidden",
  );
  assert.deepEqual(await audited(rig, "data.read"), []);
  const files = await exported(owner, path);
  assert.equal(linesOf(files, "messages.jsonl").length, 3);
  const [event] = await audited(rig, "data.read");
  assert.equal(event.subject, ada.id);
  assert.equal(event.data.details.kind, "export");
  assert.deepEqual(await audited(rig, "data.exported"), []);
  for (const id of [newId("usr"), "usr_x", "x"]) {
    await problem(
      await owner.fetch(`/api/users/${id}/export`),
      404,
      "not_found",
    );
  }
});

Deno.test("export: of somebody who has nothing is whole", async () => {
  await using rig = await startPeople();
  const files = await exported(rig.ada);
  assert.deepEqual([...files.keys()], [
    "README.txt",
    "account.json",
    "projects.jsonl",
    "tags.jsonl",
    "tasks.jsonl",
    "schedules.jsonl",
    "documents.jsonl",
    "files.jsonl",
    "batches.jsonl",
    "notifications.jsonl",
    "keys.jsonl",
    "usage.jsonl",
    "threads.jsonl",
    "messages.jsonl",
  ]);
});

/** Stores a thread of so many messages, each the child of the one before. */
async function longThread(
  { app }: PeopleRig,
  who: Person,
  count: number,
): Promise<string> {
  const { id } = await newThread(who, { title: "Long" });
  const { store } = app.services;
  const space = userSpace(FIRST_WORKSPACE, who.id);
  const text = "Wasserstand ".repeat(100);
  let parentId: string | null = null;
  for (let made = 0; made < count;) {
    const unit = new UnitOfWork();
    for (let index = 0; index < 10 && made < count; index += 1, made += 1) {
      const message: MessageRecord = {
        v: 1,
        id: newId("msg"),
        threadId: id,
        parentId,
        role: made % 2 === 0 ? "user" : "assistant",
        text: { inline: `${made}: ${text}` },
        status: "complete",
        runId: null,
        model: null,
        usage: null,
        error: null,
        createdAt: new Date().toISOString(),
      };
      unit.guard(messageKey(space, id, message.id), null, message);
      parentId = message.id;
    }
    assert.ok((await commit(store, unit)).ok);
  }
  const key = threadKey(space, id);
  const { value, versionstamp } = await store.kv.get<ThreadRecord>(key);
  const record = { ...value!, headMessageId: parentId };
  const unit = new UnitOfWork().guard(key, versionstamp, record);
  assert.ok((await commit(store, unit)).ok);
  return id;
}

Deno.test("export: a thread of 10,000 messages is sent as it is read", async () => {
  let reads = 0;
  await using rig = await startPeople({
    onList: (selector) => {
      if ("prefix" in selector && selector.prefix[1] === "m") reads += 1;
    },
  });
  const count = 10_000;
  const id = await longThread(rig, rig.ada, count);
  const files = await exported(rig.ada);
  const messages = linesOf(files, "messages.jsonl");
  assert.equal(messages.length, count);
  const [name] = [...files.keys()].filter((key) => key.includes(id));
  const markdown = files.get(name)!;
  const numbers = [...markdown.matchAll(/^(\d+): Wasserstand/gm)]
    .map(([, number]) => Number(number));
  assert.deepEqual(numbers, Array.from({ length: count }, (_, at) => at));
  const whole = reads;

  // A reader that goes away ends the reading: most of the thread is never read.
  reads = 0;
  const response = await rig.ada.fetch("/api/me/export");
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  let before = -1;
  await waitFor("the end of the reading", async () => {
    if (before === reads) return true;
    before = reads;
    // Each read of the store takes far less.
    await new Promise((resolve) => setTimeout(resolve, 200));
    return false;
  });
  assert.ok(reads < whole / 2, `${reads} reads of ${whole}`);
});
