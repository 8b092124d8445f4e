import assert from "node:assert/strict";
import { readAllowList } from "@/lib/net/outgoing_rules.ts";
import { sendWebhook } from "./send_webhook.ts";
import { startReceiver } from "./testing/receiver.ts";

const OPEN = readAllowList(["127.0.0.0/8"]);
const CLOSED = readAllowList([]);

const request = (url: string, signal = new AbortController().signal) => ({
  url,
  headers: { "content-type": "application/json", "webhook-id": "evt_1" },
  body: "{}",
  signal,
});

Deno.test("sendWebhook: a name that leads inside at the time of sending is refused, whatever it led to before", async () => {
  await using receiver = startReceiver();
  const asked: string[] = [];
  const url = `http://hooks.example:${receiver.port}/`;
  const outcome = await sendWebhook(request(url), {
    allow: CLOSED,
    resolve: (host) => {
      asked.push(host);
      return Promise.resolve(["127.0.0.1"]);
    },
  });
  assert.deepEqual(asked, ["hooks.example"]);
  assert.equal(outcome.isAccepted, false);
  assert.match(outcome.error ?? "", /not on the public internet/);
  assert.equal(receiver.received.length, 0);
});

Deno.test("sendWebhook: a receiver that hangs is given up after its time", async () => {
  const gate = Promise.withResolvers<void>();
  await using receiver = startReceiver(async () => {
    await gate.promise;
    return new Response("late");
  });
  const outcome = await sendWebhook(request(receiver.url), {
    allow: OPEN,
    timeoutMs: 200,
  });
  assert.equal(outcome.status, null);
  assert.match(outcome.error ?? "", /did not answer within/);
  gate.resolve();
});

Deno.test("sendWebhook: of an answer without end only the beginning is read", async () => {
  let sent = 0;
  await using receiver = startReceiver(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 1;
          controller.enqueue(new TextEncoder().encode("endless ".repeat(100)));
        },
      }),
    )
  );
  const outcome = await sendWebhook(request(receiver.url), { allow: OPEN });
  assert.equal(outcome.isAccepted, true);
  assert.equal(outcome.excerpt.length, 300);
  assert.ok(sent < 2_000, `${sent}`);
});

Deno.test("sendWebhook: Retry-After is read as seconds or as a date", async () => {
  const asked: [header: string, atLeast: number, atMost: number][] = [
    ["90", 90_000, 90_000],
    [new Date(Date.now() + 60_000).toUTCString(), 30_000, 61_000],
    [new Date(0).toUTCString(), 0, 0],
  ];
  for (const [header, atLeast, atMost] of asked) {
    await using receiver = startReceiver(() =>
      new Response(null, { status: 503, headers: { "retry-after": header } })
    );
    const { retryAfterMs } = await sendWebhook(request(receiver.url), {
      allow: OPEN,
    });
    assert.ok(retryAfterMs !== null && retryAfterMs >= atLeast, header);
    assert.ok(retryAfterMs <= atMost, header);
  }
});

Deno.test("sendWebhook: who gives up gets the reason", async () => {
  const gate = Promise.withResolvers<void>();
  await using receiver = startReceiver(async () => {
    await gate.promise;
    return new Response("late");
  });
  const stop = new AbortController();
  const sending = sendWebhook(request(receiver.url, stop.signal), {
    allow: OPEN,
  });
  stop.abort(new Error("Cancelled"));
  await assert.rejects(sending, /Cancelled/);
  gate.resolve();
});
