/** Jobs over HTTP: what is answered, what is refused, and to whom. */
import assert from "node:assert/strict";
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { JobBoard } from "@/lib/shared/jobs/job_board.ts";
import type { Job, Page } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { addTestKinds, type Steered } from "../support/job_kinds.ts";
import { PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { OWNER } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

async function problem(response: Response, status: number, code: string) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.match(
    response.headers.get("content-type") ?? "",
    /^application\/problem\+json/,
  );
  assert.equal(JSON.parse(text).code, code, text);
  return JSON.parse(text);
}

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

const steer = (name: string, more: object = {}) => ({
  kind: "test.steer",
  input: { name },
  ...more,
});

async function begin(app: TestApp, name: string, more = {}): Promise<Job> {
  return await json(await app.post("/api/jobs", steer(name, more)), 202);
}

async function read(app: TestApp, id: string): Promise<Job> {
  return await json(await app.fetch(`/api/jobs/${id}`));
}

function statusOf(app: TestApp, id: string, status: Job["status"]) {
  return waitFor(`job to be ${status}`, async () => {
    const job = await read(app, id);
    return job.status === status && job;
  });
}

function runningOf(
  { running }: { running: ReadonlyMap<string, Steered> },
  name: string,
) {
  return waitFor(`job "${name}" to run`, () => running.get(name));
}

Deno.test("jobs: what is none is refused, with a word for each field", async () => {
  await using app = await startApp();
  addTestKinds(app);
  const post = (body: unknown) => app.post("/api/jobs", body);
  await problem(
    await post(steer("a", { kind: "no.such" })),
    400,
    "unknown_job_kind",
  );
  // What only the program begins is answered like what there is not.
  await problem(
    await post({ kind: "test.hidden", input: {} }),
    400,
    "unknown_job_kind",
  );
  const wrong = await problem(
    await post({ kind: "test.steer", input: { nom: "a" } }),
    400,
    "invalid_request",
  );
  assert.deepEqual(
    wrong.errors.map(({ path }: { path: string }) => path).sort(),
    ["input", "input.name"],
  );
  for (
    const [field, value] of [
      ["runAt", "tomorrow"],
      ["runAt", "2026-11-30"],
      ["runAt", "2999-01-01T00:00:00Z"],
      ["priority", "urgent"],
      ["dedupKey", ""],
      ["dedupKey", "d".repeat(201)],
      ["kind", 7],
    ] as const
  ) {
    const { errors } = await problem(
      await post(steer("a", { [field]: value })),
      400,
      "invalid_request",
    );
    assert.equal(errors[0].path, field);
  }
  await problem(
    await post(steer("a", { owner: "me" })),
    400,
    "invalid_request",
  );
  const { items }: Page<Job> = await json(await app.fetch("/api/jobs"));
  assert.deepEqual(items, []);
});

Deno.test("jobs: lists refuse what they cannot narrow by", async () => {
  await using app = await startApp();
  for (
    const query of [
      "status=failed",
      "cursor=nonsense",
      "limit=0",
      "limit=201",
      "scope=world",
    ]
  ) {
    await problem(
      await app.fetch(`/api/jobs?${query}`),
      400,
      "invalid_request",
    );
  }
  await problem(
    await app.fetch(`/api/jobs/${newId("job")}`),
    404,
    "not_found",
  );
  await problem(await app.fetch("/api/jobs/nonsense"), 404, "not_found");
  const put = await app.fetch("/api/jobs", { method: "PUT" });
  await problem(put, 405, "method_not_allowed");
});

Deno.test("jobs: one is begun, told of as it goes on, and ends with its result", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const response = await app.post("/api/jobs", steer("river"));
  const path = response.headers.get("location");
  const job = await json<Job>(response, 202);
  assert.equal(path, `/api/jobs/${job.id}`);
  assert.match(job.id, /^job_[0-9A-Za-z]{22}$/);
  const { createdAt, runAt, ...rest } = job;
  assert.ok(Math.abs(Date.parse(createdAt) - Date.parse(runAt)) < 1_000);
  assert.deepEqual(rest, {
    id: job.id,
    kind: "test.steer",
    title: "Survey of river",
    status: "queued",
    priority: "normal",
    attempt: 0,
    maxAttempts: 3,
    progress: { value: 0, message: "" },
    input: { name: "river" },
    result: null,
    error: null,
    attempts: [],
    correlationId: null,
    dedupKey: null,
    startedAt: null,
    finishedAt: null,
  });
  const steered = await runningOf(rig, "river");
  steered.progress(0.4, "2 of 5");
  await waitFor(
    "progress",
    async () => (await read(app, job.id)).progress.message === "2 of 5",
  );
  await problem(
    await app.fetch(`/api/jobs/${job.id}/result`),
    404,
    "not_found",
  );
  steered.finish({ text: "5 surveyed" });
  const done = await statusOf(app, job.id, "completed");
  assert.deepEqual(done.result, { text: "5 surveyed" });
  assert.equal(done.attempts.length, 1);
  const file = await app.fetch(`/api/jobs/${job.id}/result`);
  assert.equal(
    file.headers.get("content-disposition"),
    `attachment; filename="${job.id}.json"`,
  );
  assert.deepEqual(await json(file), { text: "5 surveyed" });
});

Deno.test("jobs: of twenty that ask at once with one key, one is new", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const response = await app.post(
        "/api/jobs",
        steer("delta", { dedupKey: "nightly" }),
      );
      const { status } = response;
      return { status, id: (await json<Job>(response, status)).id };
    }),
  );
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
  assert.deepEqual(
    answers.map(({ status }) => status).sort(),
    [...Array(19).fill(200), 202],
  );
  (await runningOf(rig, "delta")).finish();
  await statusOf(app, answers[0].id, "completed");
  const next = await begin(app, "delta", { dedupKey: "nightly" });
  assert.notEqual(next.id, answers[0].id);
});

Deno.test("jobs: no workspace takes all the places of a kind that has several", async () => {
  await using app = await startApp();
  const greedy = app.services.jobKinds.all.filter(
    ({ perProcess, perWorkspace }) =>
      perProcess > 1 && perWorkspace >= perProcess,
  );
  assert.deepEqual(greedy.map(({ kind }) => kind), []);
});

Deno.test("jobs: cancelling ends one that runs and one that waits, and asking again changes nothing", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const running = await begin(app, "a");
  const { signal } = await runningOf(rig, "a");
  const later = await begin(app, "b", {
    runAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  for (const { id } of [running, later]) {
    const cancel = () =>
      app.fetch(`/api/jobs/${id}/cancel`, { method: "POST" });
    assert.equal((await json<Job>(await cancel())).status, "cancelled");
    const again = await json<Job>(await cancel());
    assert.equal(again.status, "cancelled");
    assert.deepEqual(again, await read(app, id));
  }
  assert.ok(signal.aborted);
});

Deno.test("jobs: a dead one keeps its reasons and is begun again; a running one is not", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const { id } = await begin(app, "a");
  const retry = () => app.fetch(`/api/jobs/${id}/retry`, { method: "POST" });
  await runningOf(rig, "a");
  await problem(await retry(), 409, "job_running");
  rig.running.get("a")!.fail("The gauge is gone", true);
  const dead = await statusOf(app, id, "dead");
  assert.equal(dead.error, "The gauge is gone");
  assert.deepEqual(dead.attempts.map(({ error }) => error), [
    "The gauge is gone",
  ]);
  const answer = await retry();
  assert.equal(answer.headers.get("location"), `/api/jobs/${id}`);
  assert.equal((await json<Job>(answer, 202)).status, "queued");
  (await runningOf(rig, "a")).finish();
  const done = await statusOf(app, id, "completed");
  assert.equal(done.attempts.length, 2);
});

Deno.test("jobs: lists go from page to page, by state and by kind, without a gap", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const made: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    const isLater = index % 2 === 1;
    const { id } = await begin(
      app,
      `job ${index}`,
      isLater ? { runAt: new Date(Date.now() + 3_600_000) } : {},
    );
    made.push(id);
    if (isLater) continue;
    (await runningOf(rig, `job ${index}`)).finish();
    await statusOf(app, id, "completed");
  }
  const walk = async (query: string) => {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${cursor}`;
      const list: Page<Job> = await json(
        await app.fetch(`/api/jobs?limit=2${query}${more}`),
      );
      assert.ok(list.items.length <= 2);
      found.push(...list.items.map(({ id }) => id));
      cursor = list.nextCursor;
    } while (cursor !== null);
    return found;
  };
  assert.deepEqual(await walk(""), made.toReversed());
  assert.deepEqual(await walk("&kind=test.steer"), made.toReversed());
  assert.deepEqual(await walk("&kind=test.hidden"), []);
  const waiting = made.filter((_, index) => index % 2 === 1).toReversed();
  assert.deepEqual(await walk("&status=queued"), waiting);
});

Deno.test("jobs: viewers read, keys need their scope, and others' jobs are not there", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const rig = addTestKinds(app);
  const owner = await signedIn(app, OWNER);
  const people: Record<string, Awaited<ReturnType<typeof signedIn>>> = {};
  for (const role of ["viewer", "member", "admin"]) {
    const person = {
      email: `${role}@example.org`,
      password: `the password of ${role}`,
    };
    const made = await owner.send("POST", "/api/users", { ...person, role });
    assert.equal(made.status, 201, await made.text());
    people[role] = await signedIn(app, person);
  }
  const { viewer, member, admin } = people;
  await problem(await app.post("/api/jobs", steer("a")), 401, "sign_in_needed");
  await problem(
    await viewer.send("POST", "/api/jobs", steer("a")),
    403,
    "forbidden",
  );
  const { items }: Page<Job> = await json(await viewer.fetch("/api/jobs"));
  assert.deepEqual(items, []);

  const job: Job = await json(
    await member.send("POST", "/api/jobs", steer("secret places")),
    202,
  );
  await runningOf(rig, "secret places");
  const path = `/api/jobs/${job.id}`;
  // The viewer may not; to another member it is nowhere; an admin runs the workspace.
  await problem(
    await viewer.send("POST", `${path}/cancel`, {}),
    403,
    "forbidden",
  );
  await problem(await viewer.fetch(path), 404, "not_found");
  const hers: Job = await json(
    await owner.send("POST", "/api/jobs", steer("b")),
    202,
  );
  await runningOf(rig, "b");
  for (const suffix of ["", "/result"]) {
    await problem(
      await member.fetch(`/api/jobs/${hers.id}${suffix}`),
      404,
      "not_found",
    );
  }
  for (const verb of ["cancel", "retry"]) {
    await problem(
      await member.send("POST", `/api/jobs/${hers.id}/${verb}`, {}),
      404,
      "not_found",
    );
  }
  const everyone = "/api/jobs?scope=workspace";
  await problem(await member.fetch(everyone), 403, "forbidden");
  const all: Page<Job> = await json(await admin.fetch(everyone));
  assert.deepEqual(all.items.map(({ id }) => id), [hers.id, job.id]);
  // An admin sees how it goes, and nothing of what it is about.
  for (const each of [all.items[1], await json<Job>(await admin.fetch(path))]) {
    assert.equal(each.id, job.id);
    assert.deepEqual(
      [each.title, each.input, each.result, each.dedupKey],
      ["test.steer", null, null, null],
    );
  }
  for (const page of [`/jobs/${job.id}`, "/admin/jobs"]) {
    const html = await (await admin.fetch(page)).text();
    assert.match(html, /test\.steer/);
    assert.doesNotMatch(html, /Survey of secret places/);
  }
  const ended: Job = await json(
    await admin.send("POST", `${path}/cancel`, {}),
  );
  assert.equal(ended.status, "cancelled");

  const keyOf = async (scopes: string[]) => {
    const made = await owner.send("POST", "/api/keys", { name: "k", scopes });
    const { key } = await json<{ key: string }>(made, 201);
    return { authorization: `Bearer ${key}` };
  };
  const list = async (path: string, scopes: string[]) =>
    await app.fetch(path, { headers: await keyOf(scopes) });
  await problem(await list("/api/jobs", ["v1"]), 403, "forbidden");
  await json(await list("/api/jobs", ["api"]));
  // An owner's key without the scope admin is a person's like any other.
  await problem(await list(everyone, ["api"]), 403, "forbidden");
  await json(await list(everyone, ["api", "admin"]));
});

Deno.test("jobs page: what is offered is begun once, however often its button is pressed", async () => {
  await using app = await startApp();
  const begin = (kind: string) =>
    app.fetch("/jobs", {
      method: "POST",
      body: new URLSearchParams({ action: "begin", kind }),
    });
  const html = await (await app.fetch("/jobs")).text();
  const offered = [...html.matchAll(/name="kind" value="([^"]+)"/g)]
    .map(([, kind]) => kind);
  assert.ok(offered.includes("search.rebuild"), offered.join());
  // No mail is set, and there is nobody else.
  assert.ok(!offered.includes("usage.report"), offered.join());
  assert.ok(!offered.includes("members.export"), offered.join());
  for (const kind of offered) {
    const answer = await begin(kind);
    assert.equal(answer.headers.get("location"), "/jobs?done=begun");
  }
  const { items }: Page<Job> = await json(await app.fetch("/api/jobs"));
  assert.deepEqual(items.map(({ kind }) => kind).sort(), offered.toSorted());
  for (const { id } of items) {
    const { result } = await statusOf(app, id, "completed");
    assert.equal(typeof (result as { text: unknown }).text, "string");
  }
  for (const kind of ["usage.report", "thread.title", ""]) {
    const refused = await begin(kind);
    await refused.body?.cancel();
    assert.equal(refused.status, 400);
  }
});

Deno.test("jobs page: what ended last is on view, however long ago it was asked for", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const long = await begin(app, "long");
  const slow = await runningOf(rig, "long");
  for (let index = 0; index < 6; index += 1) {
    const { id } = await begin(app, `short ${index}`);
    (await runningOf(rig, `short ${index}`)).finish();
    await statusOf(app, id, "completed");
  }
  slow.finish();
  await statusOf(app, long.id, "completed");
  const { sections }: JobBoard = await json(
    await app.fetch("/jobs", { headers: { accept: "application/json" } }),
  );
  const lately = sections.find(({ name }) => name === "lately")!;
  assert.equal(lately.jobs.length, 5);
  assert.equal(lately.jobs[0].id, long.id);
});

Deno.test("jobs page: what goes on behind other things is left out, unless it fails", async () => {
  await using app = await startApp();
  addTestKinds(app);
  const { job } = await app.services.jobs.enqueue(LOCAL_SPACE, {
    kind: "test.hidden",
    input: {},
  });
  await statusOf(app, job.id, "completed");
  const shown = async (query: string) => {
    const headers = { accept: "application/json" };
    const board = await app.fetch(`/jobs${query}`, { headers });
    return (await board.text()).includes(job.id);
  };
  assert.equal(await shown(""), false);
  assert.equal(await shown("?tab=finished"), false);
  const failing = await app.services.jobStore.load(LOCAL_SPACE, job.id);
  const dead = { ...failing!.record, status: "dead", error: "No" } as const;
  assert.ok(await app.services.jobStore.change(failing!, dead, "dead"));
  assert.equal(await shown(""), true);
  assert.equal(await shown("?tab=finished&status=dead"), true);
});

Deno.test("jobs page: forms act and lead back, and what they may not is refused", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const { id } = await begin(app, "a");
  await runningOf(rig, "a");
  const post = (fields: Record<string, string>) =>
    app.fetch("/jobs", { method: "POST", body: new URLSearchParams(fields) });
  const evil = await post({ action: "cancel", id, back: "//evil.example/" });
  assert.equal(evil.status, 303);
  assert.equal(evil.headers.get("location"), "/jobs?done=cancelled");
  await statusOf(app, id, "cancelled");
  const back = await post({
    action: "retry",
    id,
    back: "/jobs?tab=finished&status=dead",
  });
  assert.equal(
    back.headers.get("location"),
    "/jobs?tab=finished&status=dead&done=retried",
  );
  const again = await post({ action: "cancel", id, back: `/jobs/${id}` });
  assert.equal(again.headers.get("location"), `/jobs/${id}?done=cancelled`);
  for (const fields of [{ action: "explode", id }, { id }]) {
    const response = await post(fields as Record<string, string>);
    await response.body?.cancel();
    assert.equal(response.status, 400);
  }
  const gone = await post({ action: "cancel", id: newId("job") });
  await gone.body?.cancel();
  assert.equal(gone.status, 404);
});
