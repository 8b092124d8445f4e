/** Webhooks over real processes on one store, and a real receiver. */
import assert from "node:assert/strict";
import { startReceiver, verify } from "@/lib/webhooks/testing/receiver.ts";
import type { Page, Webhook, WebhookDelivery } from "@/lib/shared/wire.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

const STEP_DEADLINE_MS = 60_000;

async function withFolder(
  body: (start: () => Promise<ServerProcess>) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const configPath = `${dataDir}/config.json`;
  await Deno.writeTextFile(
    configPath,
    JSON.stringify({
      titles: { enabled: false },
      outgoing: { allow: ["127.0.0.0/8"] },
    }),
  );
  try {
    await body(() =>
      startProcess(dataDir, { env: { FRESHET_CONFIG: configPath } })
    );
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function makeWebhook(
  server: ServerProcess,
  url: string,
): Promise<Webhook & { secret: string }> {
  const response = await server.post("/api/webhooks", {
    url,
    events: ["thread.created"],
  });
  return await response.json();
}

async function makeThread(server: ServerProcess): Promise<string> {
  const response = await server.post("/api/threads", { title: "Levels" });
  return (await response.json()).id;
}

async function deliveriesOf(
  server: ServerProcess,
  { id }: Webhook,
): Promise<WebhookDelivery[]> {
  const response = await server.fetch(
    `/api/webhooks/${id}/deliveries?limit=200`,
  );
  const page: Page<WebhookDelivery> = await response.json();
  return page.items;
}

/** Makes threads until the first of them is heard of: consumers begin with what happens after their start. */
async function untilHeard(
  server: ServerProcess,
  hasHeard: () => boolean,
): Promise<string> {
  let thread = "";
  await waitFor("the consumer", async () => {
    thread = await makeThread(server);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return hasHeard();
  }, STEP_DEADLINE_MS);
  return thread;
}

Deno.test("webhooks: a process that dies between the request and its note sends it again, as the same event", async () => {
  const gate = Promise.withResolvers<void>();
  await using receiver = startReceiver(async () => {
    await gate.promise;
    return new Response("thanks");
  });
  await withFolder(async (start) => {
    const first = await start();
    const webhook = await makeWebhook(first, receiver.url);
    await untilHeard(first, () => receiver.received.length > 0);
    const [lost] = receiver.received;
    await first.kill("SIGKILL");
    receiver.answer = () => new Response("thanks");
    gate.resolve();
    await using second = await start();
    const delivery = await waitFor("the delivery", async () => {
      const all = await deliveriesOf(second, webhook);
      const one = all.find(({ id }) => id === lost.id);
      return one?.state === "delivered" && one;
    }, STEP_DEADLINE_MS);
    assert.ok(delivery.tries >= 2);
    const [unknown] = delivery.attempts;
    assert.deepEqual([unknown.durationMs, unknown.status], [null, null]);
    const repeats = receiver.received.filter(({ id }) => id === lost.id);
    assert.ok(repeats.length >= 2);
    for (const each of repeats) {
      assert.equal(each.body, lost.body);
      verify(webhook.secret, each);
    }
  });
});

Deno.test("webhooks: two processes on one store send each event once", async () => {
  await using receiver = startReceiver();
  await withFolder(async (start) => {
    await using first = await start();
    await using second = await start();
    const webhook = await makeWebhook(first, receiver.url);
    await untilHeard(second, () => receiver.received.length > 0);
    for (let count = 0; count < 10; count += 1) {
      await makeThread(count % 2 === 0 ? first : second);
    }
    await waitFor("all of them", async () => {
      const all = await deliveriesOf(first, webhook);
      return all.length >= 11 &&
        all.every(({ state }) => state === "delivered");
    }, STEP_DEADLINE_MS);
    const ids = receiver.received.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});
