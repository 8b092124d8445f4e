/** Threads over HTTP: what people change about them, and what two of them change at once. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Thread } from "@/lib/shared/wire.ts";
import {
  ask,
  askWhole,
  followRun,
  getMessages,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import {
  eventsOf,
  json,
  patchThread,
  problem,
  threadCall,
} from "../support/thread_client.ts";

Deno.test("PATCH thread: each field is changed, under a new version", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const project = await json<{ id: string }>(
    await app.post("/api/projects", { name: "River" }),
    201,
  );
  const made = await newThread(app);
  let version = made.version;
  const changes: [Partial<Thread>, Partial<Thread>?][] = [
    [{ title: "  High water  " }, { title: "High water", titleSource: "user" }],
    [{ title: "One\nline\u0000\u0007 \ud800" }, { title: "One line \ufffd" }],
    [{ model: "fake-2" }],
    [{ model: null }],
    [{ projectId: project.id }],
    [{ projectId: null }],
    [{ tags: ["#Field", " two  words ", "field"] }, {
      tags: ["Field", "two words"],
    }],
    [{ tags: [] }],
    [{ pinned: true }],
    [{ archived: true }],
    [{ pinned: false, archived: false, title: "Low water" }],
  ];
  for (const [patch, seen = patch] of changes) {
    const response = await threadCall(app, "PATCH", made.id, {
      ifMatch: `"${version}"`,
      body: patch,
    });
    const thread = await json<Thread>(response);
    assert.partialDeepStrictEqual(thread, seen);
    assert.equal(thread.version, version + 1);
    assert.equal(response.headers.get("etag"), `"${thread.version}"`);
    version = thread.version;
    const read = await app.fetch(`/api/threads/${made.id}`);
    assert.equal(read.headers.get("etag"), `"${version}"`);
    assert.deepEqual(await json<Thread>(read), thread);
  }
});

Deno.test("PATCH thread: what changes nothing makes no new version and no event", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app, { title: "River" });
  const before = await eventsOf(rig.app, thread.id);
  for (
    const patch of [{}, { title: "River " }, {
      pinned: false,
      archived: false,
      tags: [],
      model: null,
      projectId: null,
    }]
  ) {
    assert.deepEqual(await patchThread(rig.app, thread, patch), thread);
  }
  assert.deepEqual(await eventsOf(rig.app, thread.id), before);
});

Deno.test("PATCH thread: bad input is refused by name and changes nothing", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const thread = await newThread(app);
  const { thread: other } = await askWhole(app, "elsewhere");
  const foreign = (await getMessages(app, other.id))[0].id;
  const bad: [unknown, number, string][] = [
    [{ colour: "red" }, 400, "invalid_request"],
    [{ version: 7 }, 400, "invalid_request"],
    [{ temporary: false }, 400, "invalid_request"],
    [{ title: "" }, 400, "invalid_request"],
    [{ title: "  " }, 400, "invalid_request"],
    [{ title: "x".repeat(201) }, 400, "invalid_request"],
    [{ title: null }, 400, "invalid_request"],
    [{ title: ["x"] }, 400, "invalid_request"],
    [{ model: "" }, 400, "invalid_request"],
    [{ model: 7 }, 400, "invalid_request"],
    [{ projectId: "prj_1" }, 400, "invalid_request"],
    [{ projectId: newId("thr") }, 400, "invalid_request"],
    [{ tags: "river" }, 400, "invalid_request"],
    [{ tags: [""] }, 400, "invalid_request"],
    [{ tags: ["a\nb"] }, 400, "invalid_request"],
    [{ tags: ["x".repeat(51)] }, 400, "invalid_request"],
    [
      { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) },
      400,
      "invalid_request",
    ],
    [{ pinned: "yes" }, 400, "invalid_request"],
    [{ archived: null }, 400, "invalid_request"],
    [{ headMessageId: null }, 400, "invalid_request"],
    [{ headMessageId: "msg_1" }, 400, "invalid_request"],
    [{ headMessageId: newId("msg") }, 404, "not_found"],
    [{ headMessageId: foreign }, 404, "not_found"],
    [{ projectId: newId("prj") }, 404, "not_found"],
    [{ model: "no-such-model" }, 404, "model_not_found"],
    [[], 400, "invalid_request"],
    ["x", 400, "invalid_request"],
  ];
  for (const [body, status, code] of bad) {
    const response = await threadCall(app, "PATCH", thread.id, { body });
    await problem(response, status, code);
  }
  assert.deepEqual(await getThread(app, thread.id), thread);
});

Deno.test("PATCH and DELETE thread: If-Match must name the version that is there", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const thread = await newThread(app);
  for (const method of ["PATCH", "DELETE"] as const) {
    const body = method === "PATCH" ? { title: "x" } : undefined;
    const call = (ifMatch: string | null, id = thread.id) =>
      threadCall(app, method, id, { ifMatch, body });
    await problem(await call(null), 428, "precondition_required");
    for (const stale of ['"0"', '"2"', "1", 'W/"1"', "garbage", '""', "1.0"]) {
      const response = await call(stale);
      assert.equal(response.headers.get("etag"), '"1"');
      await problem(response, 412, "precondition_failed");
    }
    for (const id of [newId("thr"), newId("msg"), "x", "thr_", "%00"]) {
      await problem(await call("*", id), 404, "not_found");
    }
  }
  assert.deepEqual(await getThread(app, thread.id), thread);
  const any = await json<Thread>(
    await threadCall(app, "PATCH", thread.id, {
      ifMatch: "*",
      body: { title: "x" },
    }),
  );
  assert.equal(any.version, 2);
  const listed = await threadCall(app, "DELETE", thread.id, {
    ifMatch: '"7", "2"',
  });
  assert.equal(listed.status, 204);
});

Deno.test("PATCH thread: of two at once exactly one counts", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  let { version } = thread;
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(
      ["a", "b", "c"].map((name) =>
        threadCall(rig.app, "PATCH", thread.id, {
          ifMatch: `"${version}"`,
          body: { title: `${name}${round}` },
        })
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, 412, 412]);
    const won = answers.find(({ status }) => status === 200)!;
    const seen: Thread = await won.json();
    assert.equal(seen.version, version + 1);
    assert.deepEqual(await getThread(rig.app, thread.id), seen);
    version = seen.version;
    for (const answer of answers) {
      if (answer !== won) await answer.body?.cancel();
    }
  }
});

Deno.test("PATCH thread: a rename while an answer is written survives its end", async () => {
  await using rig = await startChat();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, {
    message: { content: "How high?" },
  });
  const asked = await getThread(rig.app, thread.id);
  assert.equal(asked.title, "How high?");
  const renamed = await patchThread(rig.app, asked, {
    title: "My name",
    pinned: true,
  });
  assert.equal(renamed.activeRunId, run.id);
  rig.upstream.release();
  await followRun(rig.app, run.id);
  const ended = await getThread(rig.app, thread.id);
  assert.deepEqual(
    [ended.title, ended.titleSource, ended.pinned, ended.version],
    ["My name", "user", true, renamed.version],
  );
  assert.equal(ended.activeRunId, null);
});

Deno.test("PATCH thread: a head shows the branch through it to its newest end, without a new version", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { thread } = await askWhole(app, "first");
  const [question, answer] = await getMessages(app, thread.id);
  const follow = async (body: unknown) =>
    void await followRun(app, (await ask(app, thread.id, body)).run.id);
  await follow({ message: { content: "second" } });
  await follow({ message: { content: "edited" }, parentId: answer.id });
  await follow({ regenerate: answer.id });
  const texts = (messages: Message[]) =>
    messages.filter(({ role }) => role === "user").map((each) => each.content);
  const now = await getThread(app, thread.id);
  assert.deepEqual(texts(await getMessages(app, thread.id)), ["first"]);

  const edited = await patchThread(app, now, { headMessageId: answer.id });
  assert.equal(edited.version, now.version);
  const branch = await getMessages(app, thread.id);
  assert.deepEqual(texts(branch), ["first", "edited"]);
  assert.equal(edited.headMessageId, branch.at(-1)!.id);

  const tree = await getMessages(app, thread.id, "?tree=1");
  const second = tree.find(({ content }) => content === "second")!;
  await patchThread(app, edited, { headMessageId: second.id });
  assert.deepEqual(texts(await getMessages(app, thread.id)), [
    "first",
    "second",
  ]);
  // The newest answer to the first question is the one that was asked for last.
  await patchThread(app, edited, { headMessageId: question.id });
  assert.deepEqual(texts(await getMessages(app, thread.id)), ["first"]);
});

Deno.test("PATCH thread: a branch may be switched while an answer is written, and stays on view", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { thread } = await askWhole(app, "first");
  const [, answer] = await getMessages(app, thread.id);
  rig.upstream.hold();
  const { run } = await ask(app, thread.id, { regenerate: answer.id });
  const asked = await getThread(app, thread.id);
  await patchThread(app, asked, { headMessageId: answer.id });
  rig.upstream.release();
  await followRun(app, run.id);
  assert.equal((await getThread(app, thread.id)).headMessageId, answer.id);
});

Deno.test("PATCH thread: tags are made with it, and a deleted tag is none, also when its name comes again", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const thread = await newThread(app);
  const tagged = await patchThread(app, thread, { tags: ["river", "Field"] });
  const tags = await json<{ items: { name: string }[] }>(
    await app.fetch("/api/tags"),
  );
  assert.deepEqual(tags.items.map(({ name }) => name), ["Field", "river"]);
  const gone = await app.fetch("/api/tags/river", { method: "DELETE" });
  assert.equal(gone.status, 204);
  assert.deepEqual((await getThread(app, thread.id)).tags, ["Field"]);
  await app.post("/api/tags", { name: "river" });
  assert.deepEqual((await getThread(app, thread.id)).tags, ["Field"]);
  const again = await patchThread(app, tagged, { tags: ["RIVER", "field"] });
  assert.deepEqual(again.tags, ["river", "Field"]);
});

Deno.test("thread: a deleted project is none", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { id } = await json<{ id: string }>(
    await app.post("/api/projects", { name: "River" }),
    201,
  );
  const thread = await newThread(app, { projectId: id });
  assert.equal(thread.projectId, id);
  await app.fetch(`/api/projects/${id}`, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  const now = await getThread(app, thread.id);
  assert.deepEqual([now.projectId, now.version], [null, thread.version]);
});

Deno.test("POST threads: bad input is refused by name", async () => {
  await using rig = await startChat();
  const bad: [unknown, number, string][] = [
    [{ title: "" }, 400, "invalid_request"],
    [{ temporary: "yes" }, 400, "invalid_request"],
    [{ pinned: true }, 400, "invalid_request"],
    [{ projectId: "x" }, 400, "invalid_request"],
    [{ projectId: newId("prj") }, 404, "not_found"],
    [{ model: "no-such-model" }, 404, "model_not_found"],
  ];
  for (const [body, status, code] of bad) {
    await problem(await rig.app.post("/api/threads", body), status, code);
  }
  const list = await json<{ items: Thread[] }>(
    await rig.app.fetch("/api/threads"),
  );
  assert.deepEqual(list.items, []);
});

Deno.test("POST read: an answer that ends is unread until someone says so, and again after the next", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { thread } = await askWhole(app, "first");
  const ended = await getThread(app, thread.id);
  assert.equal(ended.unread, true);
  const page = await app.fetch(`/c/${thread.id}`);
  await page.body?.cancel();
  assert.equal((await getThread(app, thread.id)).unread, true);
  const read = () =>
    app.fetch(`/api/threads/${thread.id}/read`, { method: "POST" });
  for (let times = 0; times < 2; times += 1) {
    assert.equal((await read()).status, 204);
    const seen = await getThread(app, thread.id);
    assert.deepEqual(seen, { ...ended, unread: false });
  }
  const { run } = await ask(app, thread.id, { message: { content: "again" } });
  await read();
  await followRun(app, run.id);
  assert.equal((await getThread(app, thread.id)).unread, true);
  await problem(
    await app.fetch(`/api/threads/${newId("thr")}/read`, { method: "POST" }),
    404,
    "not_found",
  );
});

Deno.test("thread: each change tells what has changed, nothing about what is in it", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const thread = await newThread(app, { title: "Secret" });
  const renamed = await patchThread(app, thread, {
    title: "Secret too",
    tags: ["river"],
  });
  await threadCall(app, "DELETE", thread.id, {
    ifMatch: `"${renamed.version}"`,
  });
  await app.post(`/api/threads/${thread.id}/restore`, {});
  await threadCall(app, "DELETE", thread.id, { ifMatch: "*" });
  await app.services.threadPurge.sweep(Date.now() + 31_000);
  assert.deepEqual(await eventsOf(app, thread.id), [
    { type: "thread.created", data: {} },
    { type: "thread.updated", data: { fields: ["title", "tags"] } },
    { type: "thread.deleted", data: {} },
    { type: "thread.restored", data: {} },
    { type: "thread.deleted", data: {} },
    { type: "thread.purged", data: {} },
  ]);
});
