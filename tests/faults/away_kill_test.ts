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

const askByJob = async (server: ServerProcess, threadId: string) =>
  await json<Job>(
    await server.post("/api/jobs", {
      kind: "answer.background",
      input: { threadId, content: "How deep", model: "fake-1" },
    }),
    202,
  );

/** Where a process is killed: what it has done by then. */
type Step = (
  server: ServerProcess,
  threadId: string,
  upstream: Awaited<ReturnType<typeof processRig>>["upstream"],
) => Promise<void>;

const STEPS: Record<string, Step> = {
  "the job is stored": async (server, threadId) => {
    await askByJob(server, threadId);
  },
  "the question is asked": async (server, threadId, upstream) => {
    const asked = upstream.chats().length;
    await askByJob(server, threadId);
    await upstream.waitForChat(asked, STEP_DEADLINE_MS);
  },
  "the answer is whole": async (server, threadId, upstream) => {
    await askByJob(server, threadId);
    upstream.release();
    await waitFor("the answer", async () => {
      const [, answer] = await getMessages(server, threadId);
      return answer?.status === "complete";
    }, STEP_DEADLINE_MS);
  },
  "a run was left to itself": async (server, threadId) => {
    const { run } = await ask(server, threadId, {
      message: { content: "How deep" },
      model: "fake-1",
    });
    await json(await server.post(`/api/runs/${run.id}/background`, {}), 202);
  },
};

Deno.test("away: whatever a process is killed at, there is one question, one answer and one notification", async () => {
  await using rig = await processRig({ models: ["fake-1"] });
  const { upstream } = rig;
  let server = await rig.start();
  try {
    for (const [what, step] of Object.entries(STEPS)) {
      upstream.hold();
      const { id } = await newThread(server);
      await step(server, id, upstream);
      await server.kill("SIGKILL");
      upstream.release();
      server = await rig.start();
      const { count } = await untilTold(server, `/c/${id}`);
      assert.equal(count, 1, what);
      const told = (await notifications(server))
        .filter(({ href }) => href === `/c/${id}`);
      assert.equal(told.length, 1, what);
      assert.equal(told[0].event, "answer.completed", what);
      const messages = await getMessages(server, id, "?tree=1");
      assert.deepEqual(
        messages.map(({ role, status }) => [role, status]),
        [["user", "complete"], ["assistant", "complete"]],
        what,
      );
    }
  } finally {
    await server.kill("SIGKILL");
  }
});

Deno.test("away: a task whose process is killed is done by the next one, once", async () => {
  await using rig = await processRig({ models: ["fake-1"] });
  const { upstream } = rig;
  upstream.hold();
  const first = await rig.start();
  const task: Task = await json(
    await first.post("/api/tasks", { title: "Check the gauge" }),
    201,
  );
  await json(await first.post(`/api/tasks/${task.id}/run`, {}), 202);
  await upstream.waitForChat(0, STEP_DEADLINE_MS);
  await using second = await rig.start();
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
  assert.equal((await notifications(second)).length, 1);
});

Deno.test("away: two processes on one store tell of each answer once", async () => {
  await using rig = await processRig({ models: ["fake-1"] });
  await using first = await rig.start();
  await using second = await rig.start();
  const threads = await Promise.all(
    Array.from({ length: 10 }, () => newThread(first)),
  );
  await Promise.all(
    threads.map(({ id }, index) =>
      askByJob(index % 2 === 0 ? first : second, id)
    ),
  );
  for (const { id } of threads) await untilTold(second, `/c/${id}`);
  const told = await notifications(first);
  assert.equal(told.length, threads.length);
  for (const { id } of threads) {
    assert.equal((await getMessages(first, id, "?tree=1")).length, 2);
  }
});
