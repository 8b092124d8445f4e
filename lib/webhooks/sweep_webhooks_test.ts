import assert from "node:assert/strict";
import { systemClock } from "@/lib/clock.ts";
import { commit } from "@/lib/kv/commit.ts";
import { runKey, webhookDeliveries, webhookMessages } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { list } from "@/lib/kv/reads.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { sweepWebhooks } from "./sweep_webhooks.ts";
import { putWebhook, webhookRig } from "./testing/webhook_rig.ts";

const SPACE = "wsp_a/usr_a";
const DAY_MS = 86_400_000;
const SIGNAL = new AbortController().signal;

Deno.test("sweepWebhooks: old deliveries go, and with a webhook all of its own", async () => {
  const clock = { ...systemClock, now: () => nowMs };
  let nowMs = Date.now();
  const store = await openStore({ location: ":memory:", clock });
  const rig = webhookRig(store);
  const kept = await putWebhook(rig, SPACE);
  const gone = await putWebhook(rig, SPACE);
  const deliver = async (number: number) => {
    const place = {
      generation: store.generation,
      versionstamp: String(number).padStart(20, "0"),
      index: 0,
    };
    const event = { type: "thread.created", at: nowMs, subject: "", data: {} };
    const unit = new UnitOfWork()
      .guard(runKey(SPACE, String(number)), null, { v: 1 });
    rig.deliveries.add(unit, [kept, gone], { space: SPACE, place, event });
    assert.ok((await commit(store, unit)).ok);
  };
  const count = async (selector: Deno.KvListSelector) =>
    (await Array.fromAsync(list(store, selector))).length;
  const countOf = ({ id }: { id: string }) =>
    count(webhookDeliveries(SPACE, id, null));
  await deliver(1);
  nowMs += 20 * DAY_MS;
  await deliver(2);
  const sweep = () => sweepWebhooks(rig.webhooks, rig.deliveryStore, SIGNAL);
  await sweep();
  assert.deepEqual([await countOf(kept), await countOf(gone)], [2, 2]);
  const loaded = await rig.webhooks.load(SPACE, gone.id);
  const event = { type: "webhook.deleted", at: 0, subject: "", data: {} };
  assert.ok(await rig.webhooks.remove(loaded!, { space: SPACE, event }));
  nowMs += 11 * DAY_MS;
  await sweep();
  assert.deepEqual([await countOf(kept), await countOf(gone)], [1, 0]);
  assert.equal(await count(webhookMessages(SPACE)), 1);
  assert.deepEqual(
    (await rig.webhooks.index("wsp_a")).map(({ id }) => id),
    [kept.id],
  );
  store.close();
});
