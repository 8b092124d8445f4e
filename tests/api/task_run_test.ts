/** Tasks that a model does: what is asked, what comes of it, and what the task says meanwhile. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import type {
  Job,
  Notification,
  Page,
  Project,
  Task,
} from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import { getMessages, getThread, startChat } from "../support/chat_client.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

const newTask = async (app: TestApp, body: unknown): Promise<Task> =>
  await json(await app.post("/api/tasks", body), 201);

const getTask = async (app: TestApp, id: string): Promise<Task> =>
  await json(await app.fetch(`/api/tasks/${id}`));

const run = async (app: TestApp, id: string, status = 202): Promise<Job> =>
  await json(await app.post(`/api/tasks/${id}/run`, {}), status);

async function untilTask(
  app: TestApp,
  id: string,
  status: Task["status"],
): Promise<Task> {
  return await waitFor(`the task to be ${status}`, async () => {
    const task = await getTask(app, id);
    return task.status === status && task;
  });
}

Deno.test("task.run: a task that is not there cannot be done, and nobody enqueues one beside its task", async () => {
  await using rig = await startChat();
  for (const id of ["tsk_x", newId("tsk")]) {
    const response = await rig.app.post(`/api/tasks/${id}/run`, {});
    assert.equal(response.status, 404, await response.text());
  }
  const task = await newTask(rig.app, { title: "Check the gauge" });
  const response = await rig.app.post("/api/jobs", {
    kind: "task.run",
    input: { taskId: task.id, title: task.title },
  });
  assert.equal(response.status, 400, await response.text());
});

Deno.test("task.run: the answer is in the task's thread, asked for as its project wants it, and told of", async () => {
  await using rig = await startChat({ behaviour: { text: "It is 4 m." } });
  const { app, upstream } = rig;
  const project: Project = await json(
    await app.post("/api/projects", {
      name: "River",
      systemPrompt: "You are a hydrologist",
      defaultModel: "fake-2",
    }),
    201,
  );
  const task = await newTask(app, {
    title: "Check the gauge",
    notes: "at noon",
    projectId: project.id,
  });
  const response = await app.post(`/api/tasks/${task.id}/run`, {});
  const job: Job = await json(response.clone(), 202);
  assert.equal(response.headers.get("location"), `/api/jobs/${job.id}`);
  assert.equal(job.kind, "task.run");
  const done = await untilTask(app, task.id, "done");
  assert.equal(done.jobId, job.id);
  const thread = await getThread(app, done.threadId!);
  assert.deepEqual(
    [thread.title, thread.titleSource, thread.projectId],
    ["Check the gauge", "user", project.id],
  );
  const [question, answer] = await getMessages(app, thread.id);
  assert.match(question.content, /Task: Check the gauge[^]*at noon/);
  assert.equal(answer.content, "It is 4 m.");
  const [{ body }] = upstream.chats();
  assert.equal(body.model, "fake-2");
  assert.equal(body.messages[0].content, "You are a hydrologist");
  const told = await waitFor("a notification", async () => {
    const page: Page<Notification> = await json(
      await app.fetch("/api/notifications"),
    );
    return page.items[0];
  });
  assert.deepEqual(
    [told.event, told.title, told.href],
    [
      "answer.completed",
      "Answer finished: Task “Check the gauge”",
      `/c/${thread.id}`,
    ],
  );
});

Deno.test("task.run: while it is done there is one job, and the task says so", async () => {
  await using rig = await startChat({ behaviour: { held: true } });
  const { app, upstream } = rig;
  const task = await newTask(app, { title: "Check the gauge" });
  const first = await run(app, task.id);
  await upstream.waitForChat(0);
  const doing = await getTask(app, task.id);
  assert.deepEqual([doing.status, doing.jobId], ["doing", first.id]);
  const again = await Promise.all([1, 2, 3].map(() => run(app, task.id, 200)));
  assert.deepEqual(
    again.map(({ id }) => id),
    [first.id, first.id, first.id],
  );
  upstream.release();
  await untilTask(app, task.id, "done");
  assert.equal(upstream.chats().length, 1);
});

Deno.test("task.run: two at the same time begin one job", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const task = await newTask(app, { title: "Check the gauge" });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => app.post(`/api/tasks/${task.id}/run`, {})),
  );
  const jobs: Job[] = await Promise.all(
    answers.map((response) => response.json()),
  );
  assert.equal(new Set(jobs.map(({ id }) => id)).size, 1);
  assert.equal(answers.filter(({ status }) => status === 202).length, 1);
});

Deno.test("task.run: a task that a model cannot do is to be done again, and its job says why", async () => {
  await using rig = await startChat({ behaviour: { status: 400 } });
  const { app } = rig;
  const task = await newTask(app, { title: "Check the gauge" });
  const { id } = await run(app, task.id);
  const back = await waitFor("the end of the job", async () => {
    const job: Job = await json(await app.fetch(`/api/jobs/${id}`));
    return job.status === "dead" && job;
  });
  assert.notEqual(back.error, null);
  assert.equal((await untilTask(app, task.id, "todo")).jobId, id);
});

Deno.test("task.run: cancelling gives the task back and stops the answer", async () => {
  await using rig = await startChat({ behaviour: { held: true } });
  const { app, upstream } = rig;
  const task = await newTask(app, { title: "Check the gauge" });
  const job = await run(app, task.id);
  await upstream.waitForChat(0);
  await json(await app.post(`/api/jobs/${job.id}/cancel`, {}));
  const back = await untilTask(app, task.id, "todo");
  const answer = await waitFor("the end of the answer", async () => {
    const messages = await getMessages(app, back.threadId!);
    return messages[1]?.status === "stopped" && messages[1];
  });
  assert.equal(answer.role, "assistant");
});

Deno.test("task.run: a task in a thread is done there, and one whose words change meanwhile is asked once", async () => {
  await using rig = await startChat({ behaviour: { held: true } });
  const { app, upstream } = rig;
  const thread = await json<{ id: string }>(
    await app.post("/api/threads", {}),
    201,
  );
  const task = await newTask(app, {
    title: "Check the gauge",
    threadId: thread.id,
  });
  await run(app, task.id);
  await upstream.waitForChat(0);
  const { version } = await getTask(app, task.id);
  const patched = await app.fetch(`/api/tasks/${task.id}`, {
    method: "PATCH",
    headers: {
      "content-type": "application/json",
      "if-match": `"${version}"`,
    },
    body: JSON.stringify({ notes: "Twice a day" }),
  });
  assert.equal(patched.status, 200, await patched.text());
  upstream.release();
  const done = await untilTask(app, task.id, "done");
  assert.deepEqual(
    [done.threadId, done.notes],
    [thread.id, "Twice a day"],
  );
  assert.equal((await getMessages(app, thread.id)).length, 2);
});

Deno.test("/tasks: who only reads is offered nothing that would be refused", async () => {
  await using rig = await startChat({}, { env: PASSWORD_MODE });
  const { app } = rig;
  const owner = await signedIn(app, OWNER);
  const person = { email: "reader@example.org", password: "a long password" };
  const created = await owner.send("POST", "/api/users", {
    ...person,
    role: "member",
  });
  const { id }: { id: string } = await json(created, 201);
  const member = await signedIn(app, person);
  await json(await member.send("POST", "/api/tasks", { title: "Gauge" }), 201);
  const before = await (await member.fetch("/tasks")).text();
  assert.match(before, /Add task/);
  await json(
    await owner.send("PATCH", `/api/users/${id}`, { role: "viewer" }, {
      "if-match": created.headers.get("etag") ?? "",
    }),
  );
  const reader = await signedIn(app, person);
  const page = await (await reader.fetch("/tasks")).text();
  assert.match(page, /Gauge/);
  assert.doesNotMatch(page, /Add task|Let the model do it|Delete task/);
});
