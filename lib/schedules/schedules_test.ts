import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { jobList } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import { rounds } from "@/tests/support/size.ts";
import {
  MEMBER,
  scheduleWorld,
  SPACE,
  wanted,
} from "./testing/schedule_rig.ts";

const HOUR_MS = 3_600_000;
const any = () => {};

Deno.test("Ticker: a due time gets one job however many processes look at the same moment", async () => {
  using world = await scheduleWorld();
  const processes = Array.from({ length: 5 }, () => world.begin());
  const [first] = processes;
  const { id } = await world.drive(first.schedules.create(SPACE, wanted()));
  await world.lookAt("2026-01-02T05:59:59.999Z", ...processes);
  assert.equal((await world.jobs()).length, 0);
  await world.lookAt("2026-01-02T06:00:00Z", ...processes);
  await world.lookAt("2026-01-02T06:00:01Z", ...processes);
  assert.equal((await world.jobs()).length, 1);
  const { items } = await world.drive(
    first.schedules.history(SPACE, id, { limit: 10, cursor: null }),
  );
  assert.deepEqual(
    items.map(({ kind, at, status, missed }) => ({ kind, at, status, missed })),
    [{
      kind: "due",
      at: "2026-01-02T06:00:00.000Z",
      status: "queued",
      missed: 0,
    }],
  );
});

Deno.test("Ticker: after an outage `once` makes one job for all that was missed, and `skip` none", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const hourly = { cron: "0 * * * *" };
  const once = await world.drive(
    process.schedules.create(SPACE, wanted({ ...hourly, missed: "once" })),
  );
  const skip = await world.drive(
    process.schedules.create(SPACE, wanted({ ...hourly, missed: "skip" })),
  );
  const later = world.begin();
  await world.lookAt("2026-01-04T09:20:00Z", later);
  await world.lookAt("2026-01-04T09:20:01Z", later, process);
  const jobs = await world.jobs();
  assert.deepEqual(jobs.map(({ correlationId }) => correlationId), [once.id]);
  const [madeUp, left] = await Promise.all(
    [once.id, skip.id].map((id) =>
      world.drive(later.schedules.require(SPACE, id))
    ),
  );
  assert.equal(madeUp.last?.at, "2026-01-04T09:00:00.000Z");
  assert.equal(left.last?.kind, "missed");
  assert.equal(left.nextAt, "2026-01-04T10:00:00.000Z");
  assert.equal(madeUp.nextAt, left.nextAt);
  const { items: [run] } = await world.drive(
    later.schedules.history(SPACE, skip.id, { limit: 1, cursor: null }),
  );
  assert.equal(run.missed, 69);
});

Deno.test("Ticker: `skip` still begins what is due a moment ago", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  await world.drive(
    process.schedules.create(SPACE, wanted({ missed: "skip" })),
  );
  await world.lookAt("2026-01-02T06:00:20Z", process);
  assert.equal((await world.jobs()).length, 1);
});

Deno.test("Ticker: a clock that is set back begins nothing twice, and keeps nothing from beginning", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { id } = await world.drive(process.schedules.create(SPACE, wanted()));
  await world.lookAt("2026-01-02T06:00:00Z", process);
  process.skewMs = -HOUR_MS;
  await world.lookAt("2026-01-02T06:10:00Z", process);
  // By its clock it is seven in the morning once more.
  await world.lookAt("2026-01-02T07:00:30Z", process);
  assert.equal((await world.jobs()).length, 1);
  process.skewMs = 0;
  await world.lookAt("2026-01-03T06:00:00Z", process);
  assert.equal((await world.jobs()).length, 2);
  const { nextAt } = await world.drive(process.schedules.require(SPACE, id));
  assert.equal(nextAt, "2026-01-04T06:00:00.000Z");
});

Deno.test("Ticker: what a clock a year ahead has planned is planned anew, also by a new process", async () => {
  using world = await scheduleWorld();
  const ahead = world.begin();
  const { id } = await world.drive(ahead.schedules.create(SPACE, wanted()));
  ahead.skewMs = 365 * 24 * HOUR_MS;
  await world.lookAt("2026-01-01T12:30:00Z", ahead);
  const { nextAt: wrong } = await world.drive(
    ahead.schedules.require(SPACE, id),
  );
  assert.equal(wrong, "2027-01-02T06:00:00.000Z");
  const process = world.begin();
  await world.lookAt("2026-01-01T13:00:00Z", process);
  const { nextAt } = await world.drive(process.schedules.require(SPACE, id));
  assert.equal(nextAt, "2026-01-02T06:00:00.000Z");
});

Deno.test("Ticker: what a clock a year ahead has planned is planned anew by the process whose clock it was", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { id } = await world.drive(process.schedules.create(SPACE, wanted()));
  process.skewMs = 365 * 24 * HOUR_MS;
  await world.lookAt("2026-01-01T12:30:00Z", process);
  process.skewMs = 0;
  await world.lookAt("2026-01-01T13:00:00Z", process);
  const { nextAt } = await world.drive(process.schedules.require(SPACE, id));
  assert.equal(nextAt, "2026-01-02T06:00:00.000Z");
});

Deno.test("Schedules.update: a due time that had come counts, and the new text from then on", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { id } = await world.drive(process.schedules.create(SPACE, wanted()));
  world.clock.advance(
    Date.parse("2026-01-02T06:00:00.005Z") - world.clock.now(),
  );
  const { schedules } = process;
  const changed = await world.drive(
    schedules.update(SPACE, id, { cron: "0 8 * * *" }, any),
  );
  assert.equal(changed.nextAt, "2026-01-02T07:00:00.000Z");
  await world.lookAt("2026-01-02T06:00:01Z", process);
  assert.equal((await world.jobs()).length, 1);
  await world.lookAt("2026-01-02T07:00:00Z", process);
  assert.equal((await world.jobs()).length, 2);
});

Deno.test("Schedules.update: back to a text whose time had its job begins nothing twice", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { schedules } = process;
  const { id } = await world.drive(schedules.create(SPACE, wanted()));
  await world.lookAt("2026-01-02T06:00:00Z", process);
  process.skewMs = -60_000;
  for (const cron of ["0 9 * * *", "0 7 * * *"]) {
    await world.drive(schedules.update(SPACE, id, { cron }, any));
  }
  await world.lookAt("2026-01-02T06:01:30Z", process);
  assert.equal((await world.jobs()).length, 1);
  const { nextAt } = await world.drive(schedules.require(SPACE, id));
  assert.equal(nextAt, "2026-01-03T06:00:00.000Z");
});

Deno.test("Schedules: paused or deleted at its due time, nothing begins any more", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { schedules } = process;
  const paused = await world.drive(schedules.create(SPACE, wanted()));
  const deleted = await world.drive(schedules.create(SPACE, wanted()));
  world.clock.advance(Date.parse("2026-01-02T06:00:00Z") - world.clock.now());
  await world.drive(schedules.update(SPACE, paused.id, { paused: true }, any));
  await world.drive(schedules.delete(SPACE, deleted.id, any));
  await world.lookAt("2026-01-02T06:00:01Z", process);
  assert.equal((await world.jobs()).length, 0);
  const resumed = await world.drive(
    schedules.update(SPACE, paused.id, { paused: false }, any),
  );
  // What passed while it was paused is not made up for.
  assert.equal(resumed.nextAt, "2026-01-03T06:00:00.000Z");
  await world.lookAt("2026-01-02T06:00:02Z", process);
  assert.equal((await world.jobs()).length, 0);
});

Deno.test("Ticker: an owner who is gone, or may only read, pauses a schedule with the reason", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { schedules } = process;
  for (const standing of [null, { ...MEMBER, role: "viewer" as const }]) {
    world.standing = MEMBER;
    const { id } = await world.drive(
      schedules.create(SPACE, wanted({ cron: "* * * * *" })),
    );
    world.standing = standing;
    await world.lookAt(
      new Date(world.clock.now() + 61_000).toISOString(),
      process,
    );
    const { paused, nextAt } = await world.drive(schedules.require(SPACE, id));
    assert.equal(nextAt, null);
    assert.equal(paused?.by, "program");
    assert.match(paused?.reason ?? "", /^Its owner /);
  }
  assert.equal((await world.jobs()).length, 0);
});

Deno.test("Schedules.run: makes a job at once and leaves the next due time, also of one that is paused", async () => {
  using world = await scheduleWorld();
  const { schedules } = world.begin();
  const { id, nextAt } = await world.drive(
    schedules.create(SPACE, wanted({ paused: true })),
  );
  const [one, two] = await world.drive(
    Promise.all([schedules.run(SPACE, id), schedules.run(SPACE, id)]),
  );
  assert.notEqual(one.id, two.id);
  const shown = await world.drive(schedules.require(SPACE, id));
  assert.deepEqual([shown.nextAt, shown.version], [nextAt, 1]);
  const { items } = await world.drive(
    schedules.history(SPACE, id, { limit: 10, cursor: null }),
  );
  assert.deepEqual(items.map(({ kind }) => kind), ["manual", "manual"]);
});

Deno.test("Ticker: a schedule whose jobs pile up begins no more than ten of them", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { id } = await world.drive(
    process.schedules.create(SPACE, wanted({ cron: "* * * * *" })),
  );
  for (let minute = 1; minute <= 13; minute += 1) {
    const at = Date.UTC(2026, 0, 1, 12, minute);
    await world.lookAt(new Date(at).toISOString(), process);
  }
  assert.equal((await world.jobs()).length, 10);
  const { last } = await world.drive(process.schedules.require(SPACE, id));
  assert.equal(last?.kind, "crowded");
});

Deno.test("Schedules.create: what nothing could come of is refused", async () => {
  using world = await scheduleWorld();
  const { schedules } = world.begin();
  const code = async (more: Parameters<typeof wanted>[0]) => {
    try {
      await world.drive(schedules.create(SPACE, wanted(more)));
    } catch (error) {
      assert.ok(error instanceof AppError, String(error));
      return `${error.status} ${error.code}`;
    }
  };
  const job = { type: "job" as const, input: {} };
  assert.equal(
    await code({ target: { ...job, kind: "no.such" } }),
    "400 unknown_job_kind",
  );
  const large = { ...job, kind: "test.do", input: "x".repeat(30_000) };
  assert.equal(await code({ target: large }), "413 job_input_too_large");
});

Deno.test("Ticker: a schedule that cannot be read does not hold up the others", async () => {
  using world = await scheduleWorld();
  const process = world.begin();
  const { id } = await world.drive(process.schedules.create(SPACE, wanted()));
  const loaded = await world.drive(process.store.load(SPACE, id));
  await world.drive(process.store.replace(
    loaded!,
    { ...loaded!.record, cron: "not any more" },
    "changed",
  ));
  await world.drive(process.schedules.create(SPACE, wanted()));
  await world.lookAt("2026-01-02T06:00:00Z", process);
  assert.equal((await world.jobs()).length, 1);
  const broken = await world.drive(process.store.load(SPACE, id));
  assert.equal(broken?.record.paused?.by, "program");
});

Deno.test("Ticker: hundreds that are due at the same time all begin, once each, by any of several processes", async () => {
  using world = await scheduleWorld();
  const processes = Array.from({ length: 3 }, () => world.begin());
  const count = rounds(300, 1_000);
  const made = Array.from(
    { length: count },
    (_, place) =>
      processes[place % 3].schedules.create(
        `wsp_a/usr_${place % 50}`,
        wanted(),
      ),
  );
  await world.drive(Promise.all(made));
  await world.lookAt("2026-01-02T06:00:00Z", ...processes);
  const jobs = await Array.fromAsync(
    list(world.calm, jobList("wsp_a", "queued", null)),
  );
  assert.equal(jobs.length, count);
});

Deno.test("Ticker: over the changes of the clocks a daily time has one job a day, and each half hour has one", async () => {
  const MINUTES = 10;
  for (
    const [cron, from, hours, expected] of [
      ["30 2 * * *", "2026-03-28T00:00:00Z", 72, 3],
      ["30 2 * * *", "2026-10-24T00:00:00Z", 72, 3],
      ["*/30 * * * *", "2026-03-28T22:00:00Z", 4, 8],
      ["*/30 * * * *", "2026-10-24T22:00:00Z", 4, 8],
    ] as const
  ) {
    using world = await scheduleWorld();
    const processes = [world.begin(), world.begin()];
    const begin = Date.parse(from);
    world.clock.advance(begin - world.clock.now());
    await world.drive(processes[0].schedules.create(SPACE, wanted({ cron })));
    for (let minute = MINUTES; minute <= hours * 60; minute += MINUTES) {
      const at = new Date(begin + minute * 60_000).toISOString();
      await world.lookAt(at, ...processes);
    }
    // Ten may wait at most, and there are fewer.
    assert.equal((await world.jobs()).length, expected, `${cron} ${from}`);
  }
});
