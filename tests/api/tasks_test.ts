/** Tasks over HTTP: what is answered, and what is refused. */
import assert from "node:assert/strict";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Page, Project, Tag, Task, Thread } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";

async function problem(response: Response, status: number, code: string) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(JSON.parse(text).code, code, text);
  return JSON.parse(text);
}

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

function change(
  app: TestApp,
  method: "PATCH" | "DELETE",
  path: string,
  ifMatch: string | null,
  body?: unknown,
): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch !== null) headers["if-match"] = ifMatch;
  return app.fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function newTask(app: TestApp, body: unknown): Promise<Task> {
  return await json(await app.post("/api/tasks", body), 201);
}

async function listTasks(app: TestApp, query = ""): Promise<Task[]> {
  const page: Page<Task> = await json(await app.fetch(`/api/tasks${query}`));
  return page.items;
}

async function listTags(app: TestApp): Promise<string[]> {
  const page: Page<Tag> = await json(await app.fetch("/api/tags"));
  return page.items.map(({ name }) => name);
}

Deno.test("tasks: one is made with its tags, read, changed, deleted and brought back", async () => {
  await using app = await startApp();
  const project: Project = await json(
    await app.post("/api/projects", { name: "River" }),
    201,
  );
  const thread: Thread = await json(await app.post("/api/threads", {}), 201);
  const response = await app.post("/api/tasks", {
    projectId: project.id,
    title: " Check the gauge ",
    notes: "at noon",
    tags: ["field", "Field", "station 14"],
    dueAt: "2026-12-01T12:00:00+02:00",
    threadId: thread.id,
  });
  assert.equal(response.headers.get("etag"), '"1"');
  const path = response.headers.get("location")!;
  const task = await json<Task>(response, 201);
  assert.equal(path, `/api/tasks/${task.id}`);
  assert.match(task.id, /^tsk_[0-9A-Za-z]{22}$/);
  assert.deepEqual(task, {
    id: task.id,
    projectId: project.id,
    title: "Check the gauge",
    notes: "at noon",
    tags: ["field", "station 14"],
    status: "todo",
    dueAt: "2026-12-01T10:00:00.000Z",
    threadId: thread.id,
    jobId: null,
    createdAt: task.createdAt,
    updatedAt: task.createdAt,
    version: 1,
  });
  assert.deepEqual(await json(await app.fetch(path)), task);
  assert.deepEqual(await listTags(app), ["field", "station 14"]);
  const changed = await change(app, "PATCH", path, '"1"', {
    status: "done",
    tags: ["field", "late"],
    dueAt: null,
    projectId: null,
  });
  assert.equal(changed.headers.get("etag"), '"2"');
  const after = await json<Task>(changed);
  assert.deepEqual(
    [after.status, after.tags, after.dueAt, after.projectId],
    ["done", ["field", "late"], null, null],
  );
  assert.deepEqual(await listTasks(app, "?status=done&tag=LATE"), [after]);
  assert.deepEqual(await listTasks(app, "?status=todo"), []);
  assert.deepEqual(await listTasks(app, "?tag=none"), []);
  assert.deepEqual(await listTasks(app, `?projectId=${project.id}`), []);
  assert.equal((await change(app, "DELETE", path, '"2"')).status, 204);
  await problem(await app.fetch(path), 404, "not_found");
  const back = await json<Task>(await app.post(`${path}/restore`, {}));
  assert.deepEqual([back.title, back.version], [after.title, 3]);
});

Deno.test("tasks: wrong fields are named, and nothing is stored", async () => {
  await using app = await startApp();
  for (
    const [body, path] of [
      [{}, "title"],
      [{ title: "" }, "title"],
      [{ title: " \t " }, "title"],
      [{ title: "t".repeat(201) }, "title"],
      [{ title: "a", notes: "n".repeat(10_001) }, "notes"],
      [{ title: "a", status: "later" }, "status"],
      [{ title: "a", dueAt: "tomorrow" }, "dueAt"],
      [{ title: "a", dueAt: "2026-02-31T00:00:00Z" }, "dueAt"],
      [{ title: "a", dueAt: "2026-12-01" }, "dueAt"],
      [{ title: "a", dueAt: 1_700_000_000 }, "dueAt"],
      [{ title: "a", projectId: "x" }, "projectId"],
      [{ title: "a", threadId: newId("prj") }, "threadId"],
      [{ title: "a", tags: ["ok", "a,b"] }, "tags.1"],
      [{ title: "a", tags: ["t".repeat(51)] }, "tags.0"],
      [{ title: "a", tags: "one" }, "tags"],
      [{ title: "a", tags: Array(21).fill("x") }, "tags"],
      [{ title: "a", jobId: newId("job") }, ""],
    ] as const
  ) {
    const { errors } = await problem(
      await app.post("/api/tasks", body),
      400,
      "invalid_request",
    );
    assert.equal(errors[0].path, path, JSON.stringify(body));
  }
  const many = Array.from({ length: 10_000 }, (_, n) => `t${n}`);
  await problem(
    await app.post("/api/tasks", { title: "a", tags: many }),
    400,
    "too_many_values",
  );
  for (const field of ["projectId", "threadId"]) {
    const id = newId(field === "projectId" ? "prj" : "thr");
    await problem(
      await app.post("/api/tasks", { title: "a", tags: ["x"], [field]: id }),
      404,
      "not_found",
    );
  }
  await problem(
    await app.fetch("/api/tasks?status=later"),
    400,
    "invalid_request",
  );
  assert.deepEqual(await listTasks(app), []);
  assert.deepEqual(await listTags(app), []);
});

Deno.test("tasks: 20 new tags at once fit into one task", async () => {
  await using app = await startApp();
  const tags = Array.from({ length: 20 }, (_, n) => `${n}${"水".repeat(48)}`);
  assert.deepEqual((await newTask(app, { title: "a", tags })).tags, tags);
});

Deno.test("tasks: a change needs the version it is made from; of two at once one wins", async () => {
  await using app = await startApp();
  const { id } = await newTask(app, { title: "a" });
  const path = `/api/tasks/${id}`;
  const patch = (ifMatch: string | null, title: string) =>
    change(app, "PATCH", path, ifMatch, { title });
  await problem(await patch(null, "b"), 428, "precondition_required");
  await problem(await patch('"2"', "b"), 412, "precondition_failed");
  const answers = await Promise.all([patch('"1"', "b"), patch('"1"', "c")]);
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 412]);
  for (const answer of answers) await answer.body?.cancel();
  const forced = await Promise.all(
    Array.from({ length: 20 }, (_, n) => patch("*", `forced ${n}`)),
  );
  const versions = await Promise.all(
    forced.map(async (answer) => (await json<Task>(answer)).version),
  );
  assert.deepEqual(
    versions.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, n) => n + 3),
  );
  await problem(
    await change(app, "DELETE", path, '"1"'),
    412,
    "precondition_failed",
  );
});

Deno.test("tasks: the same Idempotency-Key and body make one task, another body is refused", async () => {
  await using app = await startApp();
  const send = (title: string) =>
    app.post("/api/tasks", { title }, { "idempotency-key": "k" });
  const [first, second] = await Promise.all([send("a"), send("a")]);
  assert.deepEqual(await json<Task>(first, 201), await json<Task>(second, 201));
  await problem(await send("b"), 422, "idempotency_key_reused");
  const [{ id }] = await listTasks(app);
  await change(app, "DELETE", `/api/tasks/${id}`, "*");
  await problem(await send("a"), 409, "task_deleted");
  assert.deepEqual(await listTasks(app), []);
});

Deno.test("tasks: with the store failing nothing is stored, and the answer says to try again", async () => {
  let faults!: FaultKv;
  await using app = await startApp({
    storeDeadlineMs: 200,
    wrapKv: (kv) => faults = new FaultKv(kv),
  });
  faults.script(...Array(100).fill("drop"));
  await problem(
    await app.post("/api/tasks", { title: "a", tags: ["x"] }),
    503,
    "storage_unknown",
  );
  faults.heal();
  assert.deepEqual(await listTasks(app), []);
  assert.deepEqual(await listTags(app), []);
});

Deno.test("tasks: deleting a project or a tag leaves its tasks whole", async () => {
  await using app = await startApp();
  const project: Project = await json(
    await app.post("/api/projects", { name: "River" }),
    201,
  );
  const task = await newTask(app, {
    title: "a",
    projectId: project.id,
    tags: ["x", "y"],
  });
  const gone = await Promise.all([
    change(app, "DELETE", `/api/projects/${project.id}`, "*"),
    app.fetch("/api/tags/x", { method: "DELETE" }),
  ]);
  assert.deepEqual(gone.map(({ status }) => status), [204, 204]);
  const [after] = await listTasks(app);
  assert.deepEqual(after, { ...task, projectId: null, tags: ["y"] });
});

Deno.test("tasks page: a form sent twice makes one task; typed over, another one", async () => {
  await using app = await startApp();
  const html = await (await app.fetch("/tasks")).text();
  const key = /name="key" value="([^"]+)"/.exec(html)?.[1];
  assert.ok(key !== undefined);
  const send = async (title: string) => {
    const response = await app.fetch("/tasks", {
      method: "POST",
      body: new URLSearchParams({ action: "add", key, title, back: "/tasks" }),
    });
    await response.body?.cancel();
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "/tasks");
  };
  await Promise.all([send("first"), send("first")]);
  assert.equal((await listTasks(app)).length, 1);
  await send("second");
  assert.equal((await listTasks(app)).length, 2);
});

Deno.test("tasks page: forms lead back to pages of ours only, and unknown ones are refused", async () => {
  await using app = await startApp();
  const send = (fields: Record<string, string>) =>
    app.fetch("/tasks", { method: "POST", body: new URLSearchParams(fields) });
  for (
    const back of [
      "https://evil.test/",
      "//evil.test",
      "/\\evil.test",
      "/tasks/../..//evil.test",
      "javascript:alert(1)",
    ]
  ) {
    const response = await send({ action: "add", title: "a", back });
    await response.body?.cancel();
    assert.equal(response.headers.get("location"), "/tasks", back);
  }
  for (
    const [fields, status] of [
      [{}, 400],
      [{ action: "burn" }, 400],
      [{ action: "status", id: newId("tsk"), status: "done" }, 404],
      [{ action: "delete", id: "x" }, 404],
    ] as const
  ) {
    const response = await send(fields);
    await response.body?.cancel();
    assert.equal(response.status, status, JSON.stringify(fields));
  }
});
