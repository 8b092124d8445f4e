/** What is left of a program's run some time after its end. */
import assert from "node:assert/strict";
import { RunRetentionStore } from "@/lib/chat/run_retention_store.ts";
import {
  allEvents,
  openAIError,
  postChat,
  question,
  startChat,
  textOf,
} from "./v1_rig.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KEPT = { eventsMs: 60 * MINUTE_MS, recordMs: 30 * DAY_MS };
/** Too long for a record, so that it has parts of its own. */
const TEXT = "one two three ".repeat(3_000);

async function rig(headers: Record<string, string>) {
  const chat = await startChat({ behaviour: { text: TEXT, burst: 50 } });
  const { store, owner, hub } = chat.app.services;
  const old = new RunRetentionStore(store, owner, KEPT);
  const response = await postChat(chat.app, question(), headers);
  const id = response.headers.get("x-freshet-run")!;
  await response.body?.cancel();
  hub.clear();
  const sweep = (ms: number) =>
    old.sweep(AbortSignal.timeout(10_000), Date.now() + ms);
  const get = (path = "") => chat.app.fetch(`/v1/runs/${id}${path}`);
  return { ...chat, get, sweep };
}

Deno.test("retention: an attached run is gone with its events", async () => {
  const chat = await rig({});
  try {
    await chat.sweep(59 * MINUTE_MS);
    const kept = await (await chat.get()).json();
    assert.equal(kept.output_text, TEXT);
    await chat.sweep(61 * MINUTE_MS);
    await openAIError(await chat.get(), 404, "not_found");
  } finally {
    await chat[Symbol.asyncDispose]();
  }
});

Deno.test("retention: a detached run keeps its text for 30 days, and tells it in one chunk", async () => {
  const chat = await rig({ "x-freshet-detach": "true" });
  try {
    await chat.sweep(61 * MINUTE_MS);
    const events = await allEvents(await chat.get("/events"));
    assert.equal(textOf(events), TEXT);
    const [last] = events.slice(-2, -1);
    assert.equal(JSON.parse(last.data).choices[0].finish_reason, "stop");
    assert.equal(events.at(-1)?.data, "[DONE]");
    await chat.sweep(29 * DAY_MS);
    assert.equal((await (await chat.get()).json()).output_text, TEXT);
    await chat.sweep(31 * DAY_MS);
    await openAIError(await chat.get(), 404, "not_found");
  } finally {
    await chat[Symbol.asyncDispose]();
  }
});
