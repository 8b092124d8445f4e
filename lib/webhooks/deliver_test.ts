import assert from "node:assert/strict";
import type { Clock } from "@/lib/clock.ts";
import { systemClock } from "@/lib/clock.ts";
import { JobDelay, JobRefusal } from "@/lib/jobs/job_kind.ts";
import { readAllowList } from "@/lib/net/outgoing_rules.ts";
import { commit } from "@/lib/kv/commit.ts";
import { runKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Secrets } from "@/lib/secrets/secrets.ts";
import { Deliverer } from "./deliver.ts";
import { ReceiverPlaces } from "./receiver_places.ts";
import { type Receiver, startReceiver, verify } from "./testing/receiver.ts";
import { putWebhook, webhookRig } from "./testing/webhook_rig.ts";
import { messageId, type WebhookRecord } from "./webhook_record.ts";
import { newWebhookSecret } from "./webhook_secret.ts";
import { WebhookSwitch } from "./webhook_switch.ts";

const SPACE = "wsp_a/usr_a";
const DAY_MS = 86_400_000;

/** The machine's clock, ahead by as much as a test wants. */
interface ShiftedClock extends Clock {
  aheadMs: number;
}

interface Rig extends AsyncDisposable {
  store: Store;
  clock: ShiftedClock;
  webhook: WebhookRecord;
  secret: string;
  /** Enqueues a delivery of an event, and does an attempt at it. */
  attempt(subject: string, number?: number): Promise<unknown>;
  load(): Promise<WebhookRecord | undefined>;
}

async function rigOf(
  receiver: Receiver,
  {
    isMember = () => Promise.resolve(true),
    secretsLater,
    oldSecret,
  }: {
    isMember?: () => Promise<boolean>;
    secretsLater?: string;
    /** Signs beside the secret for another day. */
    oldSecret?: string;
  } = {},
): Promise<Rig> {
  const clock: ShiftedClock = {
    ...systemClock,
    aheadMs: 0,
    now: () => Date.now() + clock.aheadMs,
  };
  const store = await openStore({ location: ":memory:", clock });
  const rig = webhookRig(store);
  const sealerOf = (text: string) =>
    new Secrets(() => Promise.resolve(text)).forPurpose("webhooks");
  const first = "a secret of 32 characters or more";
  const secret = newWebhookSecret();
  const webhook = await putWebhook(rig, SPACE, {
    url: receiver.url,
    secrets: [
      { sealed: await sealerOf(first).seal(secret), until: null },
      ...(oldSecret === undefined ? [] : [{
        sealed: await sealerOf(first).seal(oldSecret),
        until: clock.now() + DAY_MS,
      }]),
    ],
  });
  const deliverer = new Deliverer({
    webhooks: rig.webhooks,
    deliveries: rig.deliveryStore,
    places: new ReceiverPlaces(clock),
    sealer: sealerOf(secretsLater ?? first),
    rules: { allow: readAllowList(["127.0.0.0/8"]) },
    isMember,
    webhookSwitch: new WebhookSwitch(rig.webhooks),
  });
  const messages = new Map<string, string>();
  const made = async (subject: string) => {
    const known = messages.get(subject);
    if (known !== undefined) return known;
    const place = {
      generation: store.generation,
      versionstamp: String(messages.size).padStart(20, "0"),
      index: 0,
    };
    const event = {
      type: "thread.created",
      at: clock.now(),
      subject,
      data: {},
    };
    const unit = new UnitOfWork()
      .guard(runKey(SPACE, subject), null, { v: 1 });
    rig.deliveries.add(unit, [webhook], { space: SPACE, place, event });
    assert.ok((await commit(store, unit)).ok);
    messages.set(subject, messageId(place));
    return messageId(place);
  };
  return {
    store,
    clock,
    webhook,
    secret,
    async attempt(subject, number = 1) {
      const message = await made(subject);
      return await deliverer.deliver(
        {
          id: "job_1",
          space: SPACE,
          attempt: number,
          input: { webhook: webhook.id, message, type: "thread.created" },
          signal: new AbortController().signal,
          log: silentLogger(),
          progress: () => {},
          askedBy: null,
        } as Parameters<Deliverer["deliver"]>[0],
      ).then(
        (outcome) => outcome,
        (error) => error,
      );
    },
    load: async () => (await rig.webhooks.load(SPACE, webhook.id))?.record,
    [Symbol.asyncDispose]: () => {
      store.close();
      return Promise.resolve();
    },
  };
}

Deno.test("Deliverer: one that fails for days is switched off, one that failed in between is not", async () => {
  await using receiver = startReceiver(() =>
    new Response(null, { status: 500 })
  );
  await using rig = await rigOf(receiver);
  assert.ok(await rig.attempt("a") instanceof JobDelay);
  rig.clock.aheadMs += 4 * DAY_MS;
  receiver.answer = () => new Response();
  assert.ok(!(await rig.attempt("b") instanceof Error));
  receiver.answer = () => new Response(null, { status: 500 });
  assert.ok(await rig.attempt("c") instanceof JobDelay);
  rig.clock.aheadMs += 4 * DAY_MS;
  assert.ok(await rig.attempt("d") instanceof JobDelay);
  assert.equal((await rig.load())?.off, null);
  rig.clock.aheadMs += 2 * DAY_MS;
  assert.ok(await rig.attempt("e") instanceof JobRefusal);
  assert.equal((await rig.load())?.off, "failing");
  const count = receiver.received.length;
  assert.ok(!(await rig.attempt("f") instanceof Error));
  assert.equal(receiver.received.length, count);
});

Deno.test("Deliverer: the timestamp is that of the attempt, the id that of the event", async () => {
  await using receiver = startReceiver(() =>
    new Response(null, { status: 500 })
  );
  await using rig = await rigOf(receiver);
  await rig.attempt("a");
  rig.clock.aheadMs += 200_000;
  receiver.answer = () => new Response();
  await rig.attempt("a", 2);
  const [first, second] = receiver.received;
  assert.equal(first.id, second.id);
  assert.equal(first.body, second.body);
  const secondsOf = ({ headers }: typeof first) =>
    Number(headers["webhook-timestamp"]);
  assert.ok(secondsOf(second) - secondsOf(first) >= 200);
  verify(rig.secret, second);
});

Deno.test("Deliverer: an old secret signs until its time has come, and no longer", async () => {
  await using receiver = startReceiver();
  const oldSecret = newWebhookSecret();
  await using rig = await rigOf(receiver, { oldSecret });
  await rig.attempt("a");
  rig.clock.aheadMs += DAY_MS;
  await rig.attempt("b");
  const [before, after] = receiver.received
    .map(({ headers }) => headers["webhook-signature"].split(" ").length);
  assert.deepEqual([before, after], [2, 1]);
  verify(oldSecret, receiver.received[0]);
});

Deno.test("Deliverer: the last attempt is the end", async () => {
  await using receiver = startReceiver(() =>
    new Response(null, { status: 404 })
  );
  await using rig = await rigOf(receiver);
  assert.ok(await rig.attempt("a", 8) instanceof JobDelay);
  assert.ok(await rig.attempt("a", 9) instanceof JobRefusal);
});

Deno.test("Deliverer: who is no member any more is told nothing", async () => {
  await using receiver = startReceiver();
  await using rig = await rigOf(receiver, {
    isMember: () => Promise.resolve(false),
  });
  await rig.attempt("a");
  assert.equal(receiver.received.length, 0);
});

Deno.test("Deliverer: with another FRESHET_SECRET nothing is sent, and the reason names it", async () => {
  await using receiver = startReceiver();
  await using rig = await rigOf(receiver, {
    secretsLater: "another secret of 32 characters or more",
  });
  const error = await rig.attempt("a");
  assert.ok(error instanceof JobRefusal);
  assert.match(error.message, /FRESHET_SECRET/);
  assert.equal(receiver.received.length, 0);
});
