/** What is kept of Responses, and how long; what comes out of the cache. */
import { FIRST_WORKSPACE, programSpace } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import { RunRetentionStore } from "@/lib/chat/run_retention_store.ts";
import * as keys from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import { waitFor } from "../support/wait.ts";
import {
  type ChatRig,
  clientOf,
  openAIError,
  sseEvents,
  startChat,
} from "./v1_rig.ts";
import {
  allTold,
  deltaText,
  postResponse,
  responseOf,
} from "./v1_responses_rig.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KEPT = { eventsMs: 60 * MINUTE_MS, recordMs: 30 * DAY_MS };
const CALLS = [{ name: "get_level", arguments: '{"river":"Limmat"}' }];
/** Too long for a record, so that it has parts of its own. */
const LONG = "How high is the river? ".repeat(2_000);

/** Removes what is kept no longer after so long, and forgets what is in memory. */
async function sweep({ app }: ChatRig, ms: number): Promise<void> {
  const { store, owner, hub } = app.services;
  hub.clear();
  const old = new RunRetentionStore(store, owner, KEPT);
  await old.sweep(AbortSignal.timeout(10_000), Date.now() + ms);
}

async function create(rig: ChatRig, more: Record<string, unknown> = {}) {
  const answer = await postResponse(rig.app, responseOf(more));
  assert.equal(answer.status, 200);
  return await answer.json();
}

for (const background of [false, true]) {
  const kind = background ? "in the background" : "that was waited for";
  Deno.test(`responses: one ${kind} keeps calls, usage and input for 30 days`, async () => {
    await using rig = await startChat({
      behaviour: { toolCalls: CALLS, usage: "own" },
    });
    const { id } = await create(rig, { background, input: LONG });
    const read = async (path = "") =>
      await (await rig.app.fetch(`/v1/responses/${id}${path}`)).json();
    const before = await waitFor("the response to end", async () => {
      const found = await read();
      return found.status === "completed" && found;
    });
    assert.equal(before.output[0].arguments, CALLS[0].arguments);
    await sweep(rig, 61 * MINUTE_MS);
    await sweep(rig, 29 * DAY_MS);
    assert.deepEqual(await read(), before);
    const { data } = await read("/input_items");
    assert.equal(data[0].content[0].text, LONG);
    await sweep(rig, 31 * DAY_MS);
    const gone = await rig.app.fetch(`/v1/responses/${id}`);
    await openAIError(gone, 404, "not_found");
  });
}

Deno.test("responses: what is deleted leaves no row behind", async () => {
  await using rig = await startChat({
    behaviour: { text: "one two", usage: "own" },
  });
  const { id } = await create(rig, { input: LONG });
  const runId = id.replace("resp_", "run_");
  const { store } = rig.app.services;
  const rows = async () => {
    const log = keys.runLog(programSpace(FIRST_WORKSPACE), runId);
    return (await Array.fromAsync(list(store, log))).length;
  };
  assert.ok(await rows() > 0);
  await clientOf(rig.app).responses.delete(id);
  await sweep(rig, MINUTE_MS);
  assert.equal(await rows(), 0);
  const kept = await store.kv.get(
    keys.responseKey(programSpace(FIRST_WORKSPACE), runId),
  );
  assert.equal(kept.value, null);
});

Deno.test("responses: a kept answer is a Response of its own, and nobody is asked", async () => {
  await using rig = await startChat({ behaviour: { usage: "own" } });
  const ask = (more: Record<string, unknown> = {}) =>
    postResponse(rig.app, responseOf({ temperature: 0, ...more }));
  const first = await (await ask()).json();
  const answer = await ask();
  assert.equal(answer.headers.get("x-freshet-cache"), "hit-l1");
  const again = await answer.json();
  assert.notEqual(again.id, first.id);
  assert.equal(
    again.output[0].content[0].text,
    first.output[0].content[0].text,
  );
  const streamed = await allTold(await ask({ stream: true }));
  assert.equal(deltaText(streamed), first.output[0].content[0].text);
  const found = await clientOf(rig.app).responses.retrieve(again.id);
  assert.equal(found.output_text, first.output[0].content[0].text);
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("responses: one in the background whose provider refuses has failed, and says why", async () => {
  await using rig = await startChat({ behaviour: { status: 400 } });
  const { id } = await create(rig, { background: true });
  const found = await waitFor("the response to end", async () => {
    const read = await clientOf(rig.app).responses.retrieve(id);
    return read.status !== "in_progress" && read;
  });
  assert.equal(found.status, "failed");
  assert.equal(found.error?.code, "invalid_prompt");
});

Deno.test("responses: who hangs up stops one that is not in the background", async () => {
  await using rig = await startChat({ behaviour: { text: "one two three" } });
  rig.upstream.hold();
  const asked = postResponse(rig.app, responseOf({ stream: true }));
  await rig.upstream.waitForChat(0);
  rig.upstream.release(1);
  const answer = await asked;
  const id = answer.headers.get("x-freshet-run")!.replace("run_", "resp_");
  const events = sseEvents(answer.body!);
  await events.next();
  await events.return();
  const found = await waitFor("the response to end", async () => {
    const read = await clientOf(rig.app).responses.retrieve(id);
    return read.status !== "in_progress" && read;
  });
  assert.equal(found.status, "cancelled");
});
