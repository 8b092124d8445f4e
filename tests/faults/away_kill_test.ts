/** Answers asked for in the background, over processes that are killed at each step of theirs. */
import assert from "node:assert/strict";
import type { Job, Notification, Page, Task } from "@/lib/shared/wire.ts";
import { ask, getMessages, newThread } from "../support/chat_client.ts";
import type { ServerProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

async function notifications(server: ServerProcess): Promise<Notification[]> {
  const page: Page<Notification> = await json(
    await server.fetch("/api/notifications?limit=200"),
  );
  return page.items;
}

const untilTold = (server: ServerProcess, href: string) =>
  waitFor("the notification", async () => {
    const all = await notifications(server);
    return all.find((each) => each.href === href);
  }, STEP_DEADLINE_MS);

/** A model that waits until the upstream is released, and one that does not. */
const [HELD, QUICK] = ["fake/held", "fake/fake-1"];

const askByJob = async (
  server: ServerProcess,
  threadId: string,
  model: string,
) =>
  await json<Job>(
    await server.post("/api/jobs", {
      kind: "answer.background",
      input: { threadId, content: "How deep", model },
    }),
    202,
  );

/** What a process has come to with an answer when it is killed; the last one is nearest to that. */
const STEPS: Record<
  string,
  (server: ServerProcess, threadId: string) => Promise<void>
> = {
  "a run was left to itself": async (server, threadId) => {
    const { run } = await ask(server, threadId, {
      message: { content: "How deep" },
      model: HELD,
    });
    await json(await server.post(`/api/runs/${run.id}/background`, {}), 202);
  },
  "the question is asked": async (server, threadId) => {
    await askByJob(server, threadId, HELD);
    await waitFor("the question", async () => {
      return (await getMessages(server, threadId)).length === 2;
    }, STEP_DEADLINE_MS);
  },
  "the answer is whole": async (server, threadId) => {
    await askByJob(server, threadId, QUICK);
    await waitFor("the answer", async () => {
      const [, answer] = await getMessages(server, threadId);
      return answer?.status === "complete";
    }, STEP_DEADLINE_MS);
  },
  "the job is stored": async (server, threadId) => {
    await askByJob(server, threadId, QUICK);
  },
};

Deno.test("away: whatever a process is killed at, there is one question, one answer and one notification", async () => {
  await using rig = await processRig({ models: ["fake-1", "held"] });
  const { upstream } = rig;
  const first = await rig.start();
  const threads = new Map<string, string>();
  for (const [what, step] of Object.entries(STEPS)) {
    const { id } = await newThread(first);
    threads.set(what, id);
    await step(first, id);
  }
  await first.kill("SIGKILL");
  await using second = await rig.start();
  for (const [what, id] of threads) {
    await waitFor("the answer", async () => {
      // What the second process asks is held anew.
      upstream.release();
      return (await getMessages(second, id))[1]?.status === "complete";
    }, STEP_DEADLINE_MS);
    const { count, event } = await untilTold(second, `/c/${id}`);
    assert.deepEqual([count, event], [1, "answer.completed"], what);
    const messages = await getMessages(second, id, "?tree=1");
    assert.deepEqual(
      messages.map(({ role, status }) => [role, status]),
      [["user", "complete"], ["assistant", "complete"]],
      what,
    );
  }
  assert.equal((await notifications(second)).length, threads.size);
});

Deno.test("away: two processes on one store tell of each answer once, and one does the task that the other dies of", async () => {
  await using rig = await processRig({ models: ["fake-1", "held"] });
  const { upstream } = rig;
  const first = await rig.start();
  await using second = await rig.start();
  const threads = await Promise.all(
    Array.from({ length: 10 }, () => newThread(first)),
  );
  await Promise.all(
    threads.map(({ id }, index) =>
      askByJob(index % 2 === 0 ? first : second, id, QUICK)
    ),
  );
  for (const { id } of threads) await untilTold(second, `/c/${id}`);
  assert.equal((await notifications(first)).length, threads.length);
  for (const { id } of threads) {
    assert.equal((await getMessages(first, id, "?tree=1")).length, 2);
  }
  upstream.hold();
  const asked = upstream.chats().length;
  const task: Task = await json(
    await first.post("/api/tasks", { title: "Check the gauge" }),
    201,
  );
  await json(await first.post(`/api/tasks/${task.id}/run`, {}), 202);
  await upstream.waitForChat(asked, STEP_DEADLINE_MS);
  await first.kill("SIGKILL");
  upstream.release();
  const done = await waitFor("the task to be done", async () => {
    const now: Task = await json(await second.fetch(`/api/tasks/${task.id}`));
    return now.status === "done" && now;
  }, STEP_DEADLINE_MS);
  const messages = await getMessages(second, done.threadId!, "?tree=1");
  assert.deepEqual(
    messages.map(({ role, status }) => [role, status]),
    [["user", "complete"], ["assistant", "complete"]],
  );
  await untilTold(second, `/c/${done.threadId}`);
  assert.equal((await notifications(second)).length, threads.length + 1);
});
