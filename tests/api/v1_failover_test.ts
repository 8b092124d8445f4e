/** Programs whose answer breaks off in the middle, where a route has another model. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import { type Behaviour, startFakeUpstream } from "../support/fake_upstream.ts";
import { allEvents, postChat, question, textOf } from "./v1_rig.ts";

const TEXT = "one two three four five six";

/** An app with a route over two providers: the first as told, the second well. */
async function start(first: Behaviour) {
  const upstreams = [
    await startFakeUpstream({ behaviour: { text: TEXT, ...first } }),
    await startFakeUpstream({ behaviour: { text: TEXT } }),
  ];
  const ids = ["first", "second"];
  const app = await startApp({
    configFile: {
      providers: ids.map((id, index) => ({
        id,
        baseUrl: upstreams[index].url,
        apiKey: "sk-test",
        models: ["fake-1"],
      })),
      routes: [{
        id: "best",
        strategy: "priority",
        targets: ids.map((provider) => ({ provider, model: "fake-1" })),
        retries: 0,
      }],
    },
  });
  return {
    app,
    upstreams,
    async [Symbol.asyncDispose]() {
      await app.close();
      for (const upstream of upstreams) await upstream.close();
    },
  };
}

const BODY = question({ model: "best", stream: true });

Deno.test("failover: before the first token nobody notices, and the name stays the route's", async () => {
  await using rig = await start({ status: 500 });
  const response = await postChat(rig.app, BODY);
  const events = await allEvents(response);
  assert.equal(textOf(events), TEXT);
  assert.equal(JSON.parse(events[0].data).model, "best");
  assert.equal(rig.upstreams[1].chats().length, 1);
});

Deno.test("failover: a stall after the greeting, before the first token, is not noticed either", async () => {
  await using rig = await start({ endAfter: 0 });
  const events = await allEvents(await postChat(rig.app, BODY));
  assert.equal(textOf(events), TEXT);
  assert.equal(events.at(-1)?.data, "[DONE]");
});

Deno.test("failover: in the middle of the answer a stream ends with the error", async () => {
  await using rig = await start({ cutAfter: 3 });
  const events = await allEvents(await postChat(rig.app, BODY));
  assert.match(events.at(-2)!.data, /"code":"provider_stream_broken"/);
  assert.equal(events.at(-1)?.data, "[DONE]");
  assert.equal(rig.upstreams[1].chats().length, 0);
});

Deno.test("failover: with x-freshet-failover: restart the answer begins anew under the next epoch", async () => {
  await using rig = await start({ cutAfter: 3 });
  const headers = { "x-freshet-failover": "restart" };
  const events = await allEvents(await postChat(rig.app, BODY, headers));
  const reset = events.find(({ event }) => event === "reset");
  assert.equal(reset?.id, "2.0");
  assert.equal(JSON.parse(reset.data).epoch, 2);
  assert.equal(textOf(events), TEXT);
  assert.equal(events.at(-1)?.data, "[DONE]");
  const whole = await postChat(
    rig.app,
    question({ model: "best" }),
    headers,
  );
  const { choices: [{ message }] } = await whole.json();
  assert.equal(message.content, TEXT);
});
