/** What is left of a run some time after its end. */
import assert from "node:assert/strict";
import { RunRetentionStore } from "@/lib/chat/run_retention_store.ts";
import {
  askWhole,
  followRun,
  getMessages,
  startChat,
} from "../support/chat_client.ts";
import { assemble } from "../support/sse.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KEPT = { eventsMs: 60 * MINUTE_MS, recordMs: 30 * DAY_MS };
const TEXT = "one two three ".repeat(1_000);

async function rig() {
  const chat = await startChat({
    models: ["fake-1"],
    behaviour: { text: TEXT, burst: 50 },
  });
  const { store, owner } = chat.app.services;
  const old = new RunRetentionStore(store, owner, KEPT);
  return {
    ...chat,
    sweepAfter: (ms: number) =>
      old.sweep(AbortSignal.timeout(10_000), Date.now() + ms),
    // In memory a run is kept for those who come late; here it is to come from the store.
    forget: () => chat.app.services.hub.clear(),
    [Symbol.asyncDispose]: () => chat[Symbol.asyncDispose](),
  };
}

Deno.test("events of an ended run: kept for 60 minutes, then its text takes their place", async () => {
  await using chat = await rig();
  const { events } = await askWhole(chat.app, "x");
  const { runId } = events[0].data;
  const end = events.at(-1)!.id;
  chat.forget();
  await chat.sweepAfter(59 * MINUTE_MS);
  assert.deepEqual(await followRun(chat.app, runId), events);
  await chat.sweepAfter(61 * MINUTE_MS);
  const whole = await followRun(chat.app, runId);
  assert.ok(whole.length < events.length);
  assert.equal(assemble(whole), TEXT);
  assert.equal(whole.at(-1)!.id, end);
});

Deno.test("events of an ended run: whoever comes back to a place that is gone gets a reset and the whole text", async () => {
  await using chat = await rig();
  const { events } = await askWhole(chat.app, "x");
  const { runId } = events[0].data;
  chat.forget();
  await chat.sweepAfter(61 * MINUTE_MS);
  for (const { id } of [events[1], events[2], events.at(-2)!]) {
    const rest = await followRun(chat.app, runId, id);
    assert.equal(rest[0].event, "reset", id);
    assert.equal(assemble(rest), TEXT);
  }
  assert.deepEqual(await followRun(chat.app, runId, events.at(-1)!.id), []);
});

Deno.test("record of an ended run: gone after 30 days, while the thread keeps its answer", async () => {
  await using chat = await rig();
  const { thread, events } = await askWhole(chat.app, "x");
  const { runId } = events[0].data;
  chat.forget();
  await chat.sweepAfter(61 * MINUTE_MS);
  await chat.sweepAfter(29 * DAY_MS);
  assert.equal((await chat.app.fetch(`/api/runs/${runId}`)).status, 200);
  await chat.sweepAfter(31 * DAY_MS);
  assert.equal((await chat.app.fetch(`/api/runs/${runId}`)).status, 404);
  assert.equal((await getMessages(chat.app, thread.id))[1].content, TEXT);
  assert.equal(await chat.sweepAfter(62 * DAY_MS), 0, "nothing is left to do");
});
