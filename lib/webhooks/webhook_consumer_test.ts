import assert from "node:assert/strict";
import type { CursorRecord } from "@/lib/events/consumer.ts";
import { Consumers } from "@/lib/events/consumers.ts";
import { commit } from "@/lib/kv/commit.ts";
import {
  cursorKey,
  eventsNoticeTrimKey,
  runKey,
  webhookDeliveries,
} from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { putWebhook, webhookRig } from "./testing/webhook_rig.ts";
import type { DeliveryRecord } from "./webhook_record.ts";

const WORKSPACE = "wsp_a";
const SPACE = "wsp_a/usr_a";

async function emit(store: Store, subject: string, type = "thread.created") {
  const unit = new UnitOfWork()
    .guard(runKey(SPACE, `made-${subject}`), null, { v: 1 })
    .event(SPACE, { type, at: 0, subject, data: {} })
    .event(WORKSPACE, { type, at: 0, subject: `${subject}-w`, data: {} });
  assert.ok((await commit(store, unit)).ok);
}

async function deliveriesOf(
  store: Store,
  space: string,
  webhook: string,
): Promise<DeliveryRecord[]> {
  const rows = list<DeliveryRecord>(
    store,
    webhookDeliveries(space, webhook, null),
  );
  return (await Array.fromAsync(rows)).map(({ value }) => value);
}

function start(store: Store, ...others: Parameters<Consumers["add"]>[0][]) {
  const consumers = new Consumers(store, silentLogger());
  consumers.add(webhookRig(store).consumer);
  for (const other of others) consumers.add(other);
  consumers.start();
  return consumers;
}

async function until(store: Store, probe: () => Promise<boolean>) {
  while (!await probe()) {
    await new Promise<void>((resolve) => store.clock.after(20, resolve));
  }
}

const hasBegun = (store: Store) => async () => {
  const { value } = await get<CursorRecord>(store, cursorKey("webhooks"));
  return value !== null && value.sync === undefined;
};

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`webhooks: each event has one delivery and one job, whatever the store does and whoever dies (seed ${seed})`, async () => {
    using test = await openTestStore();
    const { store, calm, faults } = test;
    const rig = webhookRig(calm);
    const own = await putWebhook(rig, SPACE);
    const all = await putWebhook(rig, WORKSPACE);
    const running = [start(store)];
    await test.drive(until(calm, hasBegun(calm)));
    running.push(start(store));
    faults.randomly(seed, 0.2, BRIEF_FAULTS);
    const count = 20;
    await test.drive((async () => {
      for (let round = 0; round < count; round += 1) {
        await emit(calm, `s${round}`);
        if (round % 6 === 3) {
          const dying = running.shift()!;
          running.push(start(store));
          await dying.stop();
        }
        await new Promise<void>((resolve) => store.clock.after(50, resolve));
      }
      await until(
        calm,
        async () =>
          (await deliveriesOf(calm, WORKSPACE, all.id)).length === 2 * count,
      );
    })());
    faults.heal();
    await test.drive(Promise.all(running.map((each) => each.stop())));
    const told = await deliveriesOf(calm, SPACE, own.id);
    assert.equal(told.length, count);
    const jobs = [
      ...await rig.jobStore.list(SPACE, {
        status: "queued",
        kind: null,
        before: null,
        limit: 500,
      }),
    ];
    assert.deepEqual(
      jobs.map(({ id }) => id).sort(),
      told.map(({ job }) => job).sort(),
    );
    const ids = (await deliveriesOf(calm, WORKSPACE, all.id)).map(({ event }) =>
      `${event.versionstamp} ${event.index}`
    );
    assert.equal(new Set(ids).size, ids.length);
  });
}

Deno.test("webhooks: one subscriber that fails stops none of the others", async () => {
  using test = await openTestStore();
  const { store } = test;
  const rig = webhookRig(store);
  const own = await putWebhook(rig, SPACE);
  let failures = 0;
  const consumers = start(store, {
    name: "broken",
    handle: () => {
      failures += 1;
      return Promise.reject(new Error("broken"));
    },
    resync: () => Promise.resolve(null),
  });
  await test.drive(until(store, hasBegun(store)));
  await test.drive((async () => {
    for (const subject of ["a", "b", "c"]) await emit(store, subject);
    await until(store, async () =>
      failures > 2 &&
      (await deliveriesOf(store, SPACE, own.id)).length === 3);
  })());
  await test.drive(consumers.stop());
});

for (
  const [what, change] of [
    ["were trimmed", { vs: "0".repeat(20) }],
    ["are of another history of the store", { gen: "another" }],
  ] as const
) {
  Deno.test(`webhooks: events that ${what} are told as lost, in the place where they were`, async () => {
    using test = await openTestStore();
    const { store } = test;
    const rig = webhookRig(store);
    const own = await putWebhook(rig, SPACE, { events: ["budget.*"] });
    await emit(store, "before");
    const cursor = { v: 1, gen: store.generation, vs: "0".repeat(20) } as const;
    const behind = new UnitOfWork()
      .guard(cursorKey("webhooks"), null, { ...cursor, ...change })
      .set(eventsNoticeTrimKey(), { v: 1, vs: "1".padStart(20, "0") });
    assert.ok((await commit(store, behind)).ok);
    const consumers = start(store);
    await test.drive(
      until(
        store,
        async () => (await deliveriesOf(store, SPACE, own.id)).length === 1,
      ),
    );
    await test.drive(consumers.stop());
    const [lost] = await deliveriesOf(store, SPACE, own.id);
    assert.equal(lost.type, "events.lost");
    const message = await rig.deliveryStore.message(SPACE, lost.event);
    assert.equal(message?.data.subject, "webhooks");
    assert.equal(
      message?.data.from,
      "gen" in change ? null : `${store.generation}.${"0".repeat(20)}.0`,
    );
    assert.ok(String(message?.data.to) > `${store.generation}.`);
  });
}

Deno.test("webhooks: the first start tells of nothing lost", async () => {
  using test = await openTestStore();
  const { store } = test;
  const own = await putWebhook(webhookRig(store), SPACE, { events: ["*"] });
  const consumers = start(store);
  await test.drive(until(store, hasBegun(store)));
  await emit(store, "first");
  await test.drive(
    until(
      store,
      async () => (await deliveriesOf(store, SPACE, own.id)).length > 0,
    ),
  );
  await test.drive(consumers.stop());
  const told = await deliveriesOf(store, SPACE, own.id);
  assert.deepEqual(told.map(({ type }) => type), ["thread.created"]);
});
