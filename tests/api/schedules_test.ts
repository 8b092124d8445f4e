/** Schedules over HTTP: made, changed and begun, and what a scheduled prompt leaves in its thread. */
import assert from "node:assert/strict";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { ScheduleStore } from "@/lib/schedules/schedule_store.ts";
import { newId } from "@/lib/shared/ids.ts";
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import type {
  Job,
  Message,
  Page,
  Schedule,
  ScheduleRun,
  Thread,
} from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { startChat } from "../support/chat_client.ts";
import { json } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

async function problem(response: Response, status: number, code: string) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(JSON.parse(text).code, code, text);
  return JSON.parse(text);
}

const PROMPT = { type: "prompt", prompt: "How high is the river?" };

function wanted(more: Record<string, unknown> = {}) {
  return {
    name: "Morning",
    cron: "0 7 * * 1-5",
    timeZone: "Europe/Stockholm",
    target: PROMPT,
    ...more,
  };
}

async function make(
  app: TestApp,
  more: Record<string, unknown> = {},
): Promise<Schedule> {
  return await json(await app.post("/api/schedules", wanted(more)), 201);
}

function change(
  app: TestApp,
  method: "PATCH" | "DELETE",
  id: string,
  ifMatch: string | null,
  body?: unknown,
): Promise<Response> {
  return app.fetch(`/api/schedules/${id}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(ifMatch === null ? {} : { "if-match": ifMatch }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function act(app: TestApp, id: string, verb: string, status = 200) {
  const path = `/api/schedules/${id}/${verb}`;
  return await json<Schedule & Job>(
    await app.fetch(path, { method: "POST" }),
    status,
  );
}

/** The job of a schedule's newest run, once it is over. */
async function ended(app: TestApp, id: string, nth = 0): Promise<ScheduleRun> {
  return await waitFor("the end of the job", async () => {
    const { items }: Page<ScheduleRun> = await json(
      await app.fetch(`/api/schedules/${id}/runs`),
    );
    const run = items[nth];
    return ["completed", "dead", "cancelled"].includes(run?.status ?? "") &&
      run;
  });
}

async function messagesOf(app: TestApp, href: string): Promise<Message[]> {
  const thread = href.replace("/c/", "");
  const { items }: Page<Message> = await json(
    await app.fetch(`/api/threads/${thread}/messages`),
  );
  return items;
}

Deno.test("POST /api/schedules: what cannot be is refused, and says which field and why", async () => {
  await using app = await startApp();
  const refused: [Record<string, unknown>, number, string, RegExp][] = [
    [{ cron: "61 * * * *" }, 400, "invalid_request", /minute “61”/],
    [{ cron: "* * * * * *" }, 400, "invalid_request", /once a minute/],
    [{ cron: "0 0 31 2 *" }, 400, "invalid_request", /never comes/],
    [{ cron: 7 }, 400, "invalid_request", /cron/],
    [{ timeZone: "Mars/Olympus" }, 400, "invalid_request", /time zone/],
    [{ name: " " }, 400, "invalid_request", /name: must not be empty/],
    [{ missed: "twice" }, 400, "invalid_request", /skip or once/],
    [{ target: { type: "mail" } }, 400, "invalid_request", /prompt or a job/],
    [
      { target: { ...PROMPT, prompt: "\n" } },
      400,
      "invalid_request",
      /must not be empty/,
    ],
    [
      { target: { ...PROMPT, prompt: "x".repeat(10_001) } },
      400,
      "invalid_request",
      /10,000/,
    ],
    [
      { target: { ...PROMPT, projectId: newId("prj") } },
      404,
      "not_found",
      /project/,
    ],
    [
      { target: { type: "job", kind: "prompt.ask" } },
      400,
      "unknown_job_kind",
      /prompt\.ask/,
    ],
    [
      { target: { type: "job", kind: "search.rebuild", input: { scope: 1 } } },
      400,
      "invalid_request",
      /input/,
    ],
    [{ surprise: 1 }, 400, "invalid_request", /surprise/i],
  ];
  for (const [more, status, code, message] of refused) {
    const body = await problem(
      await app.post("/api/schedules", wanted(more)),
      status,
      code,
    );
    assert.match(body.detail, message, JSON.stringify(more).slice(0, 80));
  }
  const { items }: Page<Schedule> = await json(
    await app.fetch("/api/schedules"),
  );
  assert.deepEqual(items, []);
});

Deno.test("schedules: one is made once, read in words and times, changed by its version, and deleted", async () => {
  await using app = await startApp();
  const headers = { "idempotency-key": "one" };
  const [made, again]: Schedule[] = await Promise.all(
    [0, 1].map(async () =>
      await json(await app.post("/api/schedules", wanted(), headers), 201)
    ),
  );
  assert.equal(made.id, again.id);
  assert.equal(made.words, "every weekday at 07:00");
  assert.equal(made.nextTimes.length, 5);
  assert.equal(made.nextTimes[0], made.nextAt);
  const local = new Intl.DateTimeFormat("sv-SE", {
    timeZone: "Europe/Stockholm",
    hour: "2-digit",
    minute: "2-digit",
  });
  for (const time of made.nextTimes) {
    assert.equal(local.format(new Date(time)), "07:00");
  }
  const body = { cron: "@daily", name: "Night" };
  await problem(
    await change(app, "PATCH", made.id, null, body),
    428,
    "precondition_required",
  );
  const patched: Schedule = await json(
    await change(app, "PATCH", made.id, '"1"', body),
  );
  assert.deepEqual([patched.name, patched.words, patched.version], [
    "Night",
    "every day at 00:00",
    2,
  ]);
  await problem(
    await change(app, "PATCH", made.id, '"1"', body),
    412,
    "precondition_failed",
  );
  const paused = await act(app, made.id, "pause");
  assert.deepEqual([paused.paused?.by, paused.nextAt], ["person", null]);
  assert.equal((await act(app, made.id, "resume")).paused, null);
  await problem(
    await change(app, "DELETE", made.id, '"1"'),
    412,
    "precondition_failed",
  );
  const gone = await change(app, "DELETE", made.id, "*");
  assert.equal(gone.status, 204);
  for (const id of [made.id, newId("sch"), "sch_x", "thr_x"]) {
    await problem(await app.fetch(`/api/schedules/${id}`), 404, "not_found");
  }
});

Deno.test("GET /api/schedules/preview: words and five times, or what is wrong", async () => {
  await using app = await startApp();
  const preview = (cron: string, zone = "UTC") =>
    app.fetch(
      `/api/schedules/preview?${new URLSearchParams({ cron, timeZone: zone })}`,
    );
  const { words, nextTimes } = await json<Schedule>(
    await preview("*/15 8-17 * * MON-FRI"),
  );
  assert.equal(
    words,
    "every 15 minutes from 08:00 to 17:59 on every weekday",
  );
  assert.equal(nextTimes.length, 5);
  const body = await problem(
    await preview("0 25 * * *"),
    400,
    "invalid_request",
  );
  assert.match(body.detail, /hour “25”/);
  const { errors } = await problem(
    await preview("@daily", "Nowhere"),
    400,
    "invalid_request",
  );
  assert.deepEqual(errors.map(({ path }: { path: string }) => path), [
    "timeZone",
  ]);
});

Deno.test("schedules: a prompt that is due posts its answer into a new thread each time", async () => {
  await using rig = await startChat({ behaviour: { text: "Two metres." } });
  const { app } = rig;
  const { id } = await make(app);
  const { store } = app.services;
  const schedules = new ScheduleStore(store, new JobStore(store));
  const loaded = await schedules.load(LOCAL_SPACE, id);
  const dueAt = Date.now() - 1_000;
  await schedules.replace(
    loaded!,
    { ...loaded!.record, nextAt: dueAt },
    "planned",
  );
  const run = await ended(app, id);
  assert.deepEqual([run.kind, run.status, run.error], [
    "due",
    "completed",
    null,
  ]);
  const messages = await messagesOf(app, run.href!);
  assert.deepEqual(messages.map(({ role, content }) => ({ role, content })), [
    { role: "user", content: "How high is the river?" },
    { role: "assistant", content: "Two metres." },
  ]);
  const job = await act(app, id, "run", 202);
  assert.equal(job.title, "Scheduled prompt “Morning”");
  const second = await ended(app, id);
  assert.notEqual(second.href, run.href);
  const threads: Page<Thread> = await json(await app.fetch("/api/threads"));
  assert.equal(threads.items.length, 2);
  assert.match(threads.items[0].title, /^Morning, \d+ \w+ \d{4}/);
});

Deno.test("schedules: answers in one thread wait for each other, and for those of people", async () => {
  await using rig = await startChat({ behaviour: { text: "Two metres." } });
  const { app, upstream } = rig;
  const { id } = await make(app, { target: { ...PROMPT, thread: "same" } });
  upstream.hold();
  await act(app, id, "run", 202);
  await upstream.waitForChat(0);
  await act(app, id, "run", 202);
  const { threadId } = await json<Schedule>(
    await app.fetch(`/api/schedules/${id}`),
  );
  upstream.release();
  const [second, first] = [await ended(app, id, 0), await ended(app, id, 1)];
  assert.equal(first.href, `/c/${threadId}`);
  assert.equal(second.href, first.href);
  const messages = await messagesOf(app, first.href!);
  assert.deepEqual(messages.map(({ role }) => role), [
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
});

Deno.test("schedules: a provider that fails is asked again, and a question that nobody pays for is not", async () => {
  const configFile = {
    budgets: [{ subject: "user:*", period: "day", tokens: 0 }],
  };
  await using broke = await startChat({}, { configFile });
  const { id } = await make(broke.app);
  await act(broke.app, id, "run", 202);
  const refused = await ended(broke.app, id);
  assert.equal(refused.status, "dead");
  assert.match(refused.error ?? "", /budget/i);
  assert.equal(broke.upstream.chats().length, 0);
  await broke[Symbol.asyncDispose]();

  await using rig = await startChat({ behaviour: { text: "Two metres." } });
  rig.upstream.next({ status: 400 });
  const again = await make(rig.app);
  await act(rig.app, again.id, "run", 202);
  const run = await ended(rig.app, again.id);
  const job: Job = await json(await rig.app.fetch(`/api/jobs/${run.jobId}`));
  assert.equal(job.status, "completed", job.error ?? "");
  const messages = await messagesOf(rig.app, run.href!);
  assert.equal(messages.at(-1)?.content, "Two metres.");
});

Deno.test("schedules: the program's own is seen and run by admins, and not deleted", async () => {
  await using app = await startApp();
  const list = () => app.fetch("/api/schedules?scope=workspace");
  const own = await waitFor("the schedule of the program", async () => {
    const { items } = await json<Page<Schedule>>(await list());
    return items.find(({ target }) =>
      target.type === "job" && target.kind === "retention.run"
    );
  });
  assert.equal(own.isProgram, true);
  assert.deepEqual(own.target, {
    type: "job",
    kind: "retention.run",
    input: {},
  });
  await act(app, own.id, "run", 202);
  const run = await ended(app, own.id);
  assert.equal(run.status, "completed", run.error ?? "");
  await problem(
    await change(app, "DELETE", own.id, "*"),
    409,
    "program_schedule",
  );
  assert.equal((await act(app, own.id, "pause")).paused?.by, "person");
  await problem(
    await app.fetch("/api/schedules?scope=planet"),
    400,
    "invalid_request",
  );
});
