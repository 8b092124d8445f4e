/** Answers that go on while nobody looks: asked for in three ways, and told of when they end. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import { FIRST_USER } from "@/lib/shared/spaces.ts";
import type { Job, Message, Notification, Run } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  type ChatRig,
  followRun,
  getMessages,
  getRun,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

interface Told {
  items: Notification[];
  unread: number;
}

async function notifications(app: TestApp, query = ""): Promise<Told> {
  return await json(await app.fetch(`/api/notifications${query}`));
}

/** The notifications once there are so many. */
async function untilTold(app: TestApp, count: number): Promise<Notification[]> {
  return await waitFor(`${count} notifications`, async () => {
    const { items } = await notifications(app);
    return items.length >= count && items;
  });
}

async function untilJob(
  app: TestApp,
  id: string,
  status: Job["status"],
): Promise<Job> {
  return await waitFor(`the job to be ${status}`, async () => {
    const job: Job = await json(await app.fetch(`/api/jobs/${id}`));
    return job.status === status && job;
  });
}

/** Every consumer has read what has happened so far. */
async function settled(app: TestApp): Promise<void> {
  // A later event whose consequence shows: what came before it has been read.
  const job: Job = await json(
    await app.post("/api/jobs", {
      kind: "answer.background",
      input: { threadId: newId("thr"), content: "Is anybody there" },
    }),
    202,
  );
  await untilJob(app, job.id, "dead");
  await waitFor("the news of it", async () => {
    const { items } = await notifications(app, "?event=answer.failed");
    return items.some(({ href }) => href?.startsWith("/jobs"));
  });
}

const askBackground = (app: TestApp, threadId: string, content = "How deep") =>
  app.post("/api/jobs", {
    kind: "answer.background",
    input: { threadId, content, model: "fake-1" },
  });

const held = (): Promise<ChatRig> => startChat({ behaviour: { held: true } });

Deno.test("background: a run that is unknown or another's is not there", async () => {
  await using rig = await startChat();
  for (const id of ["run_x", newId("run")]) {
    const response = await rig.app.post(`/api/runs/${id}/background`, {});
    assert.equal(response.status, 404, await response.text());
  }
});

Deno.test("background: of a run that has ended already nothing is told", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, {
    message: { content: "How deep" },
    model: "fake-1",
  });
  await followRun(rig.app, run.id);
  const response = await rig.app.post(`/api/runs/${run.id}/background`, {});
  assert.equal((await json<Run>(response)).status, "completed");
  await settled(rig.app);
  const { items } = await notifications(rig.app, "?event=answer.completed");
  assert.deepEqual(items, []);
});

Deno.test("background: the end of a run is told once, with its thread, however often it was asked for", async () => {
  await using rig = await held();
  const { app, upstream } = rig;
  const thread = await newThread(app, { title: "River levels" });
  const { run } = await ask(app, thread.id, {
    message: { content: "How deep" },
    model: "fake-1",
  });
  for (let times = 0; times < 3; times += 1) {
    const response = await app.post(`/api/runs/${run.id}/background`, {});
    assert.equal(response.headers.get("location"), `/api/runs/${run.id}`);
    assert.equal((await json<Run>(response, 202)).status, "running");
  }
  await upstream.waitForChat(0);
  upstream.release();
  const [told] = await untilTold(app, 1);
  assert.deepEqual(
    [told.event, told.title, told.href, told.count, told.read],
    [
      "answer.completed",
      "Answer finished: River levels",
      `/c/${thread.id}`,
      1,
      false,
    ],
  );
  assert.match(told.id, /^ntf_[0-9A-Za-z]{22}$/);
  await settled(app);
  assert.equal(
    (await notifications(app, "?event=answer.completed")).items.length,
    1,
  );
});

Deno.test("background: a failure is told with its reason, a stop is not", async () => {
  await using rig = await startChat({
    behaviours: { "fake-1": { held: true }, "fake-2": { held: true } },
  });
  const { app } = rig;
  const [stopped, broken] = await Promise.all([newThread(app), newThread(app)]);
  const begin = async (threadId: string, model: string) => {
    const { run } = await ask(app, threadId, {
      message: { content: "How deep" },
      model,
    });
    await json(await app.post(`/api/runs/${run.id}/background`, {}), 202);
    return run.id;
  };
  const first = await begin(stopped.id, "fake-1");
  await json(await app.post(`/api/runs/${first}/cancel`, {}));
  const second = await begin(broken.id, "fake-2");
  await rig.upstream.close();
  const [told, ...others] = await untilTold(app, 1);
  assert.equal(others.length, 0);
  assert.equal(told.event, "answer.failed");
  assert.equal(told.href, `/c/${broken.id}`);
  assert.equal(told.text, (await getRun(app, second)).error!.message);
});

Deno.test("background: Prefer respond-async tells a person of the end, a key is told nothing", async () => {
  await using rig = await held();
  const { app, upstream } = rig;
  const made = await app.post("/api/keys", { name: "k", scopes: ["api"] });
  const { key } = await json<{ key: string }>(made, 201);
  const begin = async (headers: Record<string, string>) => {
    const thread = await newThread(app);
    const question = { message: { content: "How deep" }, model: "fake-1" };
    const response = await app.post(
      `/api/threads/${thread.id}/runs`,
      question,
      { prefer: "respond-async", ...headers },
    );
    await json(response, 202);
    return thread.id;
  };
  await begin({ authorization: `Bearer ${key}` });
  const own = await begin({});
  await upstream.waitForChat(1);
  upstream.release();
  await untilTold(app, 1);
  await settled(app);
  const { items } = await notifications(app, "?event=answer.completed");
  assert.deepEqual(items.map(({ href }) => href), [`/c/${own}`]);
});

Deno.test("background: whoever opens the thread has read what is about it", async () => {
  await using rig = await held();
  const { app, upstream } = rig;
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, {
    message: { content: "How deep" },
    model: "fake-1",
  });
  await json(await app.post(`/api/runs/${run.id}/background`, {}), 202);
  await upstream.waitForChat(0);
  upstream.release();
  await untilTold(app, 1);
  const read = await app.post(`/api/threads/${thread.id}/read`, {});
  assert.equal(read.status, 204);
  const { items, unread } = await notifications(app);
  assert.deepEqual([items[0].read, unread], [true, 0]);
});

Deno.test("answer.background: a thread that is not there and a temporary one end the job at once", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const temporary = await newThread(app, { temporary: true });
  for (const threadId of [newId("thr"), temporary.id]) {
    const job: Job = await json(await askBackground(app, threadId), 202);
    const dead = await untilJob(app, job.id, "dead");
    assert.equal(dead.attempts.length, 1, dead.error ?? "");
  }
  const refused = await app.post("/api/jobs", {
    kind: "answer.background",
    input: { threadId: "thr_x", content: "" },
  });
  assert.equal(refused.status, 400, await refused.text());
});

Deno.test("answer.background: a key asks nothing that it may not ask, and nothing once it is revoked", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const made = await app.post("/api/keys", {
    name: "k",
    scopes: ["api"],
    models: ["fake-1"],
  });
  const { id, key } = await json<{ id: string; key: string }>(made, 201);
  const asKey = { authorization: `Bearer ${key}` };
  const thread = await newThread(app);
  const askFor = async (model: string, runAt?: string): Promise<Job> =>
    await json(
      await app.post("/api/jobs", {
        kind: "answer.background",
        input: { threadId: thread.id, content: "How deep", model },
        runAt,
      }, asKey),
      202,
    );
  const other = await untilJob(app, (await askFor("fake-2")).id, "dead");
  assert.match(other.error!, /may not ask the model/);
  const later = await askFor(
    "fake-1",
    new Date(Date.now() + 3e6).toISOString(),
  );
  const revoked = await app.fetch(`/api/keys/${id}`, {
    method: "DELETE",
    headers: { "if-match": '"1"' },
  });
  assert.equal(revoked.status, 204, await revoked.text());
  await json(await app.post(`/api/jobs/${later.id}/retry`, {}), 202);
  const late = await untilJob(app, later.id, "dead");
  assert.equal(late.attempts.length, 1);
  assert.equal(upstream.chats().length, 0);
});

Deno.test("answer.background: asks in the thread, and tells of the answer", async () => {
  await using rig = await startChat({ behaviour: { text: "4 m deep" } });
  const { app } = rig;
  const thread = await newThread(app, { title: "River levels" });
  const job: Job = await json(await askBackground(app, thread.id), 202);
  const done = await untilJob(app, job.id, "completed");
  const messages = await getMessages(app, thread.id);
  assert.deepEqual(
    messages.map(({ role, content }) => [role, content]),
    [["user", "How deep"], ["assistant", "4 m deep"]],
  );
  const result = done.result as Record<string, string>;
  assert.equal(result.href, `/c/${thread.id}`);
  assert.equal(result.messageId, messages[1].id);
  const [told] = await untilTold(app, 1);
  assert.deepEqual(
    [told.event, told.title, told.href],
    [
      "answer.completed",
      "Answer finished: River levels",
      `/c/${thread.id}`,
    ],
  );
});

Deno.test("answer.background: waits for a thread that is being answered, without a charge", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  upstream.next({ held: true });
  const thread = await newThread(app);
  await ask(app, thread.id, {
    message: { content: "First" },
    model: "fake-1",
  });
  const job: Job = await json(await askBackground(app, thread.id), 202);
  await waitFor("the job to wait", async () => {
    const now: Job = await json(await app.fetch(`/api/jobs/${job.id}`));
    return now.status === "queued" && Date.parse(now.runAt) > Date.now();
  });
  await upstream.waitForChat(0);
  upstream.release();
  const done = await untilJob(app, job.id, "completed");
  assert.equal(done.attempt, 1);
  assert.equal((await getMessages(app, thread.id)).length, 4);
});

Deno.test("answer.background: cancelling the job stops its answer", async () => {
  await using rig = await held();
  const { app, upstream } = rig;
  const thread = await newThread(app);
  const job: Job = await json(await askBackground(app, thread.id), 202);
  await upstream.waitForChat(0);
  const cancelled: Job = await json(
    await app.post(`/api/jobs/${job.id}/cancel`, {}),
  );
  assert.equal(cancelled.status, "cancelled");
  const [, answer] = await waitFor("the end of the answer", async () => {
    const messages = await getMessages(app, thread.id);
    return messages[1]?.status === "stopped" && messages;
  });
  assert.equal(answer.status, "stopped");
});

Deno.test("answer.background: an answer that fails is asked for again, beside the question that is there", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const thread = await newThread(app);
  upstream.next(...Array.from({ length: 3 }, () => ({ status: 503 })));
  const job: Job = await json(await askBackground(app, thread.id), 202);
  await untilJob(app, job.id, "completed");
  const tree: { items: Message[] } = await json(
    await app.fetch(`/api/threads/${thread.id}/messages?tree=1`),
  );
  const questions = tree.items.filter(({ role }) => role === "user");
  assert.equal(questions.length, 1);
  assert.equal(tree.items.at(-1)!.status, "complete");
});

Deno.test("answer.background: who was told of it is who asked, by their own budget", async () => {
  await using rig = await startChat({}, {
    configFile: {
      budgets: [{ subject: `user:${FIRST_USER}`, period: "day", tokens: 1 }],
    },
  });
  const { app, upstream } = rig;
  const thread = await newThread(app);
  const job: Job = await json(await askBackground(app, thread.id), 202);
  const dead = await untilJob(app, job.id, "dead");
  assert.equal(dead.attempts.length, 1);
  assert.match(dead.error!, /budget/);
  assert.equal(upstream.chats().length, 0);
});
