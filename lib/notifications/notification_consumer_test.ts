import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { notificationStateKey, runKey } from "@/lib/kv/keys.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import { notificationRig, SPACE } from "./testing/notification_rig.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

type Rig = Awaited<ReturnType<typeof notificationRig>>;

/** Nobody chose anything, or what a test chooses from version 0 on. */
const ANY_VERSION = () => {};

/** The event of a job that has ended. */
function jobEnd(rig: Rig, kind: string, status: "completed" | "dead") {
  const jobId = newId("job");
  return rig.event(`job.${status}`, {
    jobId,
    kind,
    title: `Work ${kind}`,
    status,
    error: status === "dead" ? "It broke" : null,
  }, { subject: jobId });
}

Deno.test("notifications: jobs that nobody wants to hear of and events of others lead to nothing", async () => {
  using rig = await notificationRig();
  await rig.consume([
    rig.event("job.failed", { kind: "told.do" }),
    rig.event("job.cancelled", { kind: "told.do" }),
    jobEnd(rig, "quiet.do", "completed"),
    rig.event("thread.updated", {}),
    rig.event("run.completed", { threadId: newId("thr") }, {
      subject: newId("run"),
    }),
    rig.event("document.stored", {}),
  ]);
  assert.deepEqual(await rig.all(), []);
});

Deno.test("notifications: the end of a job is told with what it came to, a dead one always", async () => {
  using rig = await notificationRig();
  const done = jobEnd(rig, "told.do", "completed");
  rig.jobs.set(done.event.subject, {
    result: { inline: { href: "/exports/1", text: "Two threads are in it." } },
  });
  const dead = jobEnd(rig, "quiet.do", "dead");
  rig.clock.advance(MINUTE_MS);
  await rig.consume([done, dead]);
  const all = await rig.all();
  assert.deepEqual(
    all.map(({ event, title, text, href }) => [event, title, text, href])
      .sort(),
    [
      [
        "job.completed",
        "Done: Work told.do",
        "Two threads are in it.",
        "/exports/1",
      ],
      [
        "job.dead",
        "Given up: Work quiet.do",
        "It broke",
        `/jobs/${dead.event.subject}`,
      ],
    ],
  );
});

Deno.test("notifications: a result that leads out of the app leads to its job instead", async () => {
  using rig = await notificationRig();
  for (const href of ["https://evil.example", "//evil.example", "/\\evil"]) {
    const done = jobEnd(rig, "told.do", "completed");
    rig.jobs.set(done.event.subject, { result: { inline: { href } } });
    await rig.consume([done]);
    const [told] = await rig.all();
    assert.equal(told.href, `/jobs/${done.event.subject}`);
    rig.clock.advance(1);
  }
});

Deno.test("notifications: the same event read again shows once", async () => {
  using rig = await notificationRig();
  const done = jobEnd(rig, "told.do", "completed");
  await rig.consume([done]);
  await rig.consume([done]);
  assert.equal((await rig.all()).length, 1);
  assert.equal(await rig.notifications.unread(SPACE), 1);
});

Deno.test("notifications: 5,000 failing jobs are one line with their count, and one mail", async () => {
  using rig = await notificationRig();
  await rig.settings.change(SPACE, { "job.dead": { mail: true } }, ANY_VERSION);
  const events = Array.from(
    { length: 5_000 },
    () => jobEnd(rig, "told.do", "dead"),
  );
  await rig.consume(events);
  const [told, ...others] = await rig.all();
  assert.equal(others.length, 0);
  assert.equal(told.count, 5_000);
  assert.equal(
    told.title,
    "5,000 jobs given up, the latest: Work told.do",
  );
  assert.equal(told.href, "/jobs?tab=finished&status=dead");
  assert.equal(await rig.notifications.unread(SPACE), 1);
  assert.equal(rig.mails.length, 1);
});

Deno.test("notifications: what comes after a line was read, or an hour later, is a line of its own", async () => {
  using rig = await notificationRig();
  await rig.consume([jobEnd(rig, "told.do", "dead")]);
  const [first] = await rig.all();
  await rig.notifications.setRead(SPACE, first.id, true);
  rig.clock.advance(1);
  await rig.consume([jobEnd(rig, "told.do", "dead")]);
  rig.clock.advance(61 * MINUTE_MS);
  await rig.consume([jobEnd(rig, "told.do", "dead")]);
  assert.deepEqual((await rig.all()).map(({ count }) => count), [1, 1, 1]);
});

Deno.test("notifications: what somebody does not want is nowhere, and mails can be all there is", async () => {
  using rig = await notificationRig();
  await rig.settings.change(SPACE, {
    "job.dead": { app: false },
    "job.completed": { app: false, mail: true },
  }, ANY_VERSION);
  await rig.consume([
    jobEnd(rig, "told.do", "dead"),
    jobEnd(rig, "told.do", "completed"),
  ]);
  assert.deepEqual(await rig.all(), []);
  const [mail, ...others] = rig.mails;
  assert.equal(others.length, 0);
  assert.equal(mail.subject, "Done: Work told.do");
  assert.match(mail.text, /https:\/\/example\.org\/jobs\/job_/);
});

Deno.test("notifications: a run is told of when it was left, whether it ended before its mark or after", async () => {
  using rig = await notificationRig();
  const ended = async (status: string) => {
    const id = newId("run");
    const run = { v: 1 as const, id, status, threadId: newId("thr") };
    const unit = new UnitOfWork().guard(runKey(SPACE, id), null, run);
    assert.ok((await commit(rig.kv, unit)).ok);
    return id;
  };
  const [before, after] = [await ended("completed"), await ended("running")];
  await rig.background.mark(SPACE, before, "usr_a");
  await rig.background.mark(SPACE, after, "usr_a");
  await rig.consume([
    rig.event("run.completed", {}, { subject: before }),
    rig.event("run.backgrounded", {}, { subject: before }),
    rig.event("run.backgrounded", {}, { subject: after }),
  ]);
  assert.equal((await rig.all()).length, 1);
  assert.equal(await rig.background.find(SPACE, before), null);
  assert.notEqual(await rig.background.find(SPACE, after), null);
});

Deno.test("notifications: those who run a workspace are each told of a budget and a newcomer, who did it is not", async () => {
  const users = ["usr_1", "usr_2", "usr_3"];
  using rig = await notificationRig({ admins: users });
  await rig.consume([
    rig.event("budget.exceeded", { period: "day" }, {
      space: "wsp_a",
      subject: "user:usr_9",
    }),
    rig.event("user.created", {
      details: { by: "invitation" },
      actor: { user: "usr_2", key: null },
    }, { space: "wsp_a", subject: "usr_9" }),
    rig.event("user.created", { details: { by: "admin" } }, {
      space: "wsp_a",
      subject: "usr_8",
    }),
  ]);
  await rig.consume(rig.passedOn);
  const titles = async (user: string) =>
    (await rig.all(`wsp_a/${user}`)).map(({ title }) => title).sort();
  assert.deepEqual(await titles("usr_1"), [
    "Person usr_9 has joined",
    "Spent: today’s budget of user:usr_9",
  ]);
  assert.deepEqual(await titles("usr_2"), [
    "Spent: today’s budget of user:usr_9",
  ]);
  assert.deepEqual(await titles("usr_9"), ["Spent: your budget"]);
});

Deno.test("notifications: a space keeps the newest, and its count stays right", async () => {
  using rig = await notificationRig({ mostKept: 10 });
  for (let index = 0; index < 25; index += 1) {
    rig.clock.advance(61 * MINUTE_MS);
    await rig.consume([jobEnd(rig, "told.do", "dead")]);
  }
  const all = await rig.all();
  assert.equal(all.length, 10);
  assert.equal(await rig.notifications.unread(SPACE), 10);
  const newest = new Date(rig.clock.now()).toISOString();
  assert.equal(all[0].createdAt, newest);
});

Deno.test("notifications: 90 days after their last change they are gone, and their count with them", async () => {
  using rig = await notificationRig();
  await rig.consume([jobEnd(rig, "told.do", "completed")]);
  rig.clock.advance(89 * DAY_MS);
  await rig.consume([jobEnd(rig, "told.do", "completed")]);
  const { signal } = new AbortController();
  assert.equal(await rig.notifications.sweep(signal), 0);
  rig.clock.advance(2 * DAY_MS);
  assert.equal((await rig.all()).length, 1);
  assert.equal(await rig.notifications.sweep(signal), 1);
  assert.equal(await rig.notifications.unread(SPACE), 1);
  rig.clock.advance(89 * DAY_MS);
  assert.equal(await rig.notifications.sweep(signal), 1);
  assert.equal(await rig.notifications.unread(SPACE), 0);
  assert.equal(await rig.notifications.sweep(signal), 0);
});

Deno.test("notifications: all are read at once, in pages each stands once, and filters find them", async () => {
  using rig = await notificationRig();
  const events = Array.from({ length: 130 }, () => {
    rig.clock.advance(61 * MINUTE_MS);
    return jobEnd(rig, "told.do", "dead");
  });
  await rig.consume(events);
  const ids = (await rig.all()).map(({ id }) => id);
  assert.equal(new Set(ids).size, 130);
  await rig.notifications.setRead(SPACE, ids[0], true);
  const unreadOnly = { read: false, event: null };
  const page = { limit: 200, cursor: null };
  const list = (filter: typeof unreadOnly) =>
    rig.notifications.list(SPACE, filter, page);
  assert.equal((await list(unreadOnly)).items.length, 129);
  assert.equal(await rig.notifications.readAll(SPACE), 129);
  assert.equal(await rig.notifications.unread(SPACE), 0);
  assert.equal((await list(unreadOnly)).items.length, 0);
  assert.equal(await rig.notifications.readAll(SPACE), 0);
});

Deno.test("notifications: a state that was erased is counted anew from what is there", async () => {
  using rig = await notificationRig();
  await rig.consume([
    jobEnd(rig, "told.do", "completed"),
    jobEnd(rig, "told.do", "completed"),
  ]);
  const unit = new UnitOfWork()
    .guard(runKey("wsp_test", newId("run")), null, { v: 1 })
    .delete(notificationStateKey(SPACE));
  assert.ok((await commit(rig.kv, unit)).ok);
  assert.equal(await rig.notifications.unread(SPACE), 2);
});
