/** What admins do with the jobs of their workspace over HTTP. */
import assert from "node:assert/strict";
import type { Job, Page } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { addTestKinds, type JobKindsRig } from "../support/job_kinds.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

async function refused(response: Response, status: number): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, text);
}

async function begin(app: TestApp, name: string): Promise<Job> {
  const body = { kind: "test.steer", input: { name } };
  return await json(await app.post("/api/jobs", body), 202);
}

/** Begins a job and lets it fail for good. */
async function fail(app: TestApp, rig: JobKindsRig, name: string) {
  const { id } = await begin(app, name);
  const steered = await waitFor("it to run", () => rig.running.get(name));
  steered.fail(`No ${name}`, true);
  await statusOf(app, id, "dead");
  return id;
}

function statusOf(app: TestApp, id: string, status: Job["status"]) {
  return waitFor(`job to be ${status}`, async () => {
    const job: Job = await json(await app.fetch(`/api/jobs/${id}`));
    return job.status === status && job;
  });
}

const act = (path: string) => (app: TestApp) =>
  app.fetch(`/api/jobs/${path}`, { method: "POST" });

const pause = act("kinds/test.steer/pause");
const resume = act("kinds/test.steer/resume");

async function statistics(app: TestApp, query = "") {
  return await json<
    {
      counts: Record<string, number>;
      kinds: { kind: string; isPaused: boolean; waiting: number }[];
      workers: { places: number; busy: number }[];
      oldest: { id: string } | null;
      flow: { dead: number; completed: number; tookMs: { p50: number } | null };
    }
  >(await app.fetch(`/api/jobs/statistics${query}`));
}

Deno.test("admin jobs: a paused kind begins nothing until it goes on", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  await refused(await act("kinds/no.such/pause")(app), 404);
  await refused(await pause(app), 204);
  await refused(await pause(app), 204);
  const { id } = await begin(app, "a");
  const seen = await waitFor("the count", async () => {
    const now = await statistics(app);
    return now.counts.queued === 1 && now;
  });
  assert.deepEqual(
    seen.kinds.map(({ kind, isPaused, waiting }) => [kind, isPaused, waiting]),
    [["test.steer", true, 1]],
  );
  assert.equal(seen.oldest?.id, id);
  const board = await app.fetch("/jobs", {
    headers: { accept: "application/json" },
  });
  assert.match(await board.text(), /"wait":\{"why":"paused"\}/);
  assert.equal(rig.running.size, 0);
  await refused(await resume(app), 204);
  await refused(await resume(app), 204);
  (await waitFor("it to run", () => rig.running.get("a"))).finish();
  await statusOf(app, id, "completed");
});

Deno.test("admin jobs: the failed ones begin again, all of a kind or those that are chosen", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) ids.push(await fail(app, rig, name));
  const counted = await waitFor("the counts", async () => {
    const now = await statistics(app, "?hours=24");
    return now.counts.dead === 3 && now.flow.dead === 3 && now;
  });
  assert.ok(counted.flow.tookMs !== null);
  await refused(await app.fetch("/api/jobs/statistics?hours=2"), 400);
  await refused(await pause(app), 204);
  const retry = async (kind: string) => {
    const begun = await app.post("/api/jobs/retry", { kind });
    const { id }: Job = await json(begun, 202);
    assert.equal(begun.headers.get("location"), `/api/jobs/${id}`);
    return (await statusOf(app, id, "completed")).result;
  };
  const href = "/admin/jobs";
  assert.deepEqual(await retry("thread.title"), {
    text: "0 jobs begun again",
    href,
    retried: 0,
  });
  const chosen = await app.fetch("/admin/jobs", {
    method: "POST",
    body: new URLSearchParams([
      ["action", "retry-chosen"],
      ["back", "/admin/jobs?status=dead"],
      ["id", ids[0]],
      ["id", "job_nonsense"],
    ]),
  });
  await refused(chosen, 303);
  assert.equal(
    chosen.headers.get("location"),
    "/admin/jobs?status=dead&done=retried-1",
  );
  assert.deepEqual(await retry("test.steer"), {
    text: "2 jobs begun again",
    href,
    retried: 2,
  });
  const list: Page<Job> = await json(
    await app.fetch("/api/jobs?scope=workspace&status=queued"),
  );
  assert.deepEqual(list.items.map(({ id }) => id).sort(), ids.toSorted());
  const page = await app.fetch("/admin/jobs?done=retried-2");
  assert.match(await page.text(), /2 jobs begun again/);
});

Deno.test("admin jobs: who does not run the workspace gets none of it, and another workspace's is not there", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const rig = addTestKinds(app);
  const owner = await signedIn(app, OWNER);
  const member = { email: "m@example.org", password: "the member's password" };
  const made = await owner.send("POST", "/api/users", {
    ...member,
    role: "member",
  });
  await refused(made, 201);
  const anna = await signedIn(app, member);
  for (
    const [method, path] of [
      ["GET", "/api/jobs/statistics"],
      ["POST", "/api/jobs/retry"],
      ["POST", "/api/jobs/kinds/test.steer/pause"],
      ["POST", "/api/jobs/kinds/test.steer/resume"],
      ["GET", "/admin/jobs"],
    ]
  ) {
    const headers = { "sec-fetch-site": "same-origin" };
    await refused(await anna.fetch(path, { method, headers }), 403);
  }
  // What an operator may begin, a member may not, nor begin again what once was theirs.
  await refused(
    await anna.send("POST", "/api/jobs", { kind: "models.refresh", input: {} }),
    403,
  );

  const other: { id: string } = await json(
    await owner.send("POST", "/api/workspaces", { name: "Other" }),
    201,
  );
  const hers: Job = await json(
    await anna.send("POST", "/api/jobs", {
      kind: "test.steer",
      input: { name: "hers" },
    }),
    202,
  );
  await waitFor("it to run", () => rig.running.get("hers"));
  const inOther = (fetch: SignedIn["fetch"]) => (path: string) =>
    fetch(path, { headers: { "x-freshet-workspace": other.id } });
  const there = inOther(owner.fetch);
  await json(await owner.fetch(`/api/jobs/${hers.id}`));
  await refused(await there(`/api/jobs/${hers.id}`), 404);
  const list: Page<Job> = await json(await there("/api/jobs?scope=workspace"));
  assert.deepEqual(list.items, []);
});
