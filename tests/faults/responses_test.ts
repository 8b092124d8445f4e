/** Responses whose process dies: one in the background begins again and keeps its id. */
import assert from "node:assert/strict";
import { allEvents, sseEvents } from "../api/v1_rig.ts";
import {
  deltaText,
  responseOf,
  told,
  type ToldEvent,
} from "../api/v1_responses_rig.ts";
import { waitFor } from "../support/wait.ts";
import { processRig } from "./process_rig.ts";

const TEXT = "one two three four five six seven eight nine ten";
const EPOCH_NUMBERS = 10_000_000;

Deno.test("kill -9: a response in the background is made anew, and its stream goes on behind reset", async () => {
  await using rig = await processRig({
    behaviour: { text: TEXT, split: false },
  });
  await using survivor = await rig.start();
  rig.upstream.hold();
  let id = "";
  const seen: ToldEvent[] = [];
  {
    await using server = await rig.start();
    const asked = await server.post(
      "/v1/responses",
      responseOf({ model: "fake/fake-1", background: true }),
    );
    ({ id } = await asked.json());
    await rig.upstream.waitForChat(0);
    rig.upstream.release(3);
    // Another process has only what is in the store.
    const followed = await survivor.fetch(`/v1/responses/${id}?stream=true`);
    const events = sseEvents(followed.body!);
    while (!deltaText(seen).includes("three")) {
      seen.push(...told([(await events.next()).value!]));
    }
    await events.return();
    await server.kill("SIGKILL");
  }
  rig.upstream.release();
  const response = await waitFor("the response to end", async () => {
    const found = await (await survivor.fetch(`/v1/responses/${id}`)).json();
    return found.status !== "in_progress" && found;
  });
  assert.equal(response.status, "completed");
  assert.equal(response.output[0].content[0].text, TEXT);
  const after = seen.at(-1)!.sequence_number;
  const rest = told(
    await allEvents(
      await survivor.fetch(
        `/v1/responses/${id}?stream=true&starting_after=${after}`,
      ),
    ),
  );
  assert.equal(rest[0].type, "reset");
  assert.equal(rest[0].sequence_number, EPOCH_NUMBERS);
  assert.equal(rest[1].type, "response.in_progress");
  assert.equal(deltaText([...seen, ...rest]), TEXT);
  assert.equal(rest.at(-1)?.type, "response.completed");
  const items = await survivor.fetch(`/v1/responses/${id}/input_items`);
  const { data } = await items.json();
  assert.equal(data[0].content[0].text, "How high is the river?");
});

Deno.test("SIGTERM: who streams a response in the background is told to come back, and finds it in the next process", async () => {
  await using rig = await processRig({
    behaviour: { text: TEXT, split: false },
  });
  rig.upstream.hold();
  let id = "";
  {
    await using server = await rig.start();
    const asked = server.post(
      "/v1/responses",
      responseOf({ model: "fake/fake-1", background: true, stream: true }),
    );
    await rig.upstream.waitForChat(0);
    rig.upstream.release(2);
    const answer = await asked;
    id = answer.headers.get("x-freshet-run")!.replace("run_", "resp_");
    const [{ success }, events] = await Promise.all([
      server.kill("SIGTERM"),
      allEvents(answer),
    ]);
    assert.equal(success, true);
    assert.equal(events.at(-1)?.event, "error");
    assert.match(events.at(-1)!.data, /"code":"stream_interrupted"/);
  }
  rig.upstream.release();
  await using server = await rig.start();
  const rest = told(
    await allEvents(await server.fetch(`/v1/responses/${id}?stream=true`)),
  );
  assert.equal(rest[0].type, "response.created");
  assert.equal(deltaText(rest), TEXT);
});
