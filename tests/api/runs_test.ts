/** Asking and answering over HTTP: the main path, and who may hear what when. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import {
  ask,
  askStream,
  askWhole,
  followRun,
  getMessages,
  getRun,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { assemble, collectEvents, readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "Grüße aus Zürich 🌊: the crest passed at 14:02. 河川水位。";

Deno.test("run: a question is answered token by token, and both are stored", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { thread, events } = await askWhole(rig.app, "How high is the river?");
  assert.equal(events[0].event, "start");
  assert.equal(events[0].id, "1.0");
  assert.ok(events.filter(({ event }) => event === "chunk").length > 5);
  assert.equal(assemble(events), TEXT);
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, seq) => `1.${seq}`),
  );
  const last = events[events.length - 1];
  assert.equal(last.event, "done");
  assert.equal(last.data.status, "completed");
  assert.equal(last.data.finishReason, "stop");
  assert.ok(last.data.usage.outputTokens > 0);

  const messages = await getMessages(rig.app, thread.id);
  assert.deepEqual(
    messages.map(({ role, content, status }) => [role, content, status]),
    [
      ["user", "How high is the river?", "complete"],
      ["assistant", TEXT, "complete"],
    ],
  );
  const stored = await getThread(rig.app, thread.id);
  assert.equal(stored.title, "How high is the river?");
  assert.equal(stored.activeRunId, null);
  assert.equal(stored.headMessageId, messages[1].id);
});

Deno.test("run: done is sent only when the answer can be read back", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "x" },
  });
  for await (const event of readEvents(response.body!)) {
    if (event.event !== "done") continue;
    const messages = await getMessages(rig.app, thread.id);
    assert.equal(messages[1].content, TEXT);
    assert.equal(messages[1].status, "complete");
    assert.equal((await getThread(rig.app, thread.id)).activeRunId, null);
  }
});

Deno.test("run: tokens reach the client one by one, not at the end", async () => {
  await using rig = await startChat({
    behaviours: { "fake-1": { text: "one two three four" } },
  });
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "x" },
    model: "fake-1",
  });
  const events = readEvents(response.body!);
  assert.equal((await events.next()).value!.event, "start");
  rig.upstream.release(1);
  assert.equal((await events.next()).value!.event, "chunk");
  rig.upstream.release(1);
  assert.equal((await events.next()).value!.event, "chunk");
  rig.upstream.release();
  const rest = await Array.fromAsync(events);
  assert.equal(rest[rest.length - 1].event, "done");
});

Deno.test("run: without Accept it answers 201 with run, question and Location, and goes on", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const thread = await newThread(rig.app);
  const response = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "hello" },
  });
  assert.equal(response.status, 201);
  const { run, message } = await response.json();
  assert.equal(response.headers.get("location"), `/api/runs/${run.id}`);
  assert.equal(message.content, "hello");
  assert.equal(message.role, "user");
  assert.equal(run.threadId, thread.id);
  assert.equal(run.epoch, 1);
  const events = await followRun(rig.app, run.id);
  assert.equal(assemble(events), TEXT);
  const ended = await getRun(rig.app, run.id);
  assert.equal(ended.status, "completed");
  assert.equal(ended.outputText, TEXT);
});

Deno.test("run: the branch so far goes to the model, in order", async () => {
  await using rig = await startChat({ behaviour: { text: "answer" } });
  const { thread } = await askWhole(rig.app, "first");
  await collectEvents(
    await askStream(rig.app, thread.id, { message: { content: "second" } }),
  );
  const chat = await rig.upstream.waitForChat(1);
  assert.deepEqual(chat.body.messages, [
    { role: "user", content: "first" },
    { role: "assistant", content: "answer" },
    { role: "user", content: "second" },
  ]);
});

Deno.test("run: a thread takes one question at a time, and is free again after the answer", async () => {
  await using rig = await startChat();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, {
    message: { content: "one" },
  });
  const busy = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "two" },
  });
  assert.equal(busy.status, 409);
  const problem = await busy.json();
  assert.equal(problem.code, "thread_busy");
  assert.equal(problem.activeRunId, run.id);
  assert.equal((await getThread(rig.app, thread.id)).activeRunId, run.id);
  rig.upstream.release();
  await followRun(rig.app, run.id);
  await ask(rig.app, thread.id, { message: { content: "two" } });
});

Deno.test("run: two questions at the same moment start one run", async () => {
  await using rig = await startChat();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      (_, index) =>
        rig.app.post(`/api/threads/${thread.id}/runs`, {
          message: { content: `q${index}` },
        }),
    ),
  );
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, ...Array(7).fill(409)]);
  for (const answer of answers) await answer.body?.cancel();
  const messages = await getMessages(rig.app, thread.id, "?tree=1");
  assert.equal(messages.length, 2);
});

Deno.test("run: the same message id attaches to the same run, with another text it is refused", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const thread = await newThread(rig.app);
  const message = { id: newId("msg"), content: "once" };
  const first = await ask(rig.app, thread.id, { message });
  assert.equal(first.message.id, message.id);
  const again = await ask(rig.app, thread.id, { message });
  assert.equal(again.run.id, first.run.id);
  const stream = await collectEvents(
    await askStream(rig.app, thread.id, { message }),
  );
  assert.equal(assemble(stream), TEXT);
  assert.equal(rig.upstream.chats().length, 1);
  const other = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { ...message, content: "twice" },
  });
  assert.equal(other.status, 422);
  assert.equal((await other.json()).code, "idempotency_key_reused");
});

Deno.test("run: the same question many times at once is one run and one request to the provider", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const thread = await newThread(rig.app);
  const message = { id: newId("msg"), content: "once" };
  const started = await Promise.all(
    Array.from({ length: 8 }, () => ask(rig.app, thread.id, { message })),
  );
  assert.equal(new Set(started.map(({ run }) => run.id)).size, 1);
  assert.equal(
    assemble(await followRun(rig.app, started[0].run.id)),
    TEXT,
  );
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("run: regenerate makes a sibling of the answer and keeps the old one", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "first answer" }, { text: "second answer" });
  const { thread } = await askWhole(rig.app, "question");
  const [question, old] = await getMessages(rig.app, thread.id);
  const { run, message } = await ask(rig.app, thread.id, {
    regenerate: old.id,
  });
  assert.equal(message.id, question.id);
  await followRun(rig.app, run.id);
  const branch = await getMessages(rig.app, thread.id);
  assert.deepEqual(branch.map(({ content }) => content), [
    "question",
    "second answer",
  ]);
  assert.deepEqual(branch[1].siblings, [old.id, run.messageId]);
  const all = await getMessages(rig.app, thread.id, "?tree=1");
  assert.equal(all.length, 3);
  const chat = await rig.upstream.waitForChat(1);
  assert.deepEqual(chat.body.messages, [{ role: "user", content: "question" }]);
});

Deno.test("run: params go to the provider, and usage is always asked for", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  await collectEvents(
    await askStream(rig.app, thread.id, {
      message: { content: "x" },
      model: "fake-2",
      params: { temperature: 0.25, seed: 7 },
    }),
  );
  const { body } = await rig.upstream.waitForChat(0);
  assert.equal(body.model, "fake-2");
  assert.equal(body.temperature, 0.25);
  assert.equal(body.seed, 7);
  assert.equal(body.stream, true);
  assert.deepEqual(body.stream_options, { include_usage: true });
  assert.equal((await getThread(rig.app, thread.id)).model, "fake-2");
});

Deno.test("run: usage that the provider leaves out is estimated and says so", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: TEXT, usage: "none" }, {
    text: TEXT,
    usage: "own",
  });
  const estimated = (await askWhole(rig.app, "x")).events.at(-1)!;
  assert.equal(estimated.data.usage.estimated, true);
  assert.ok(estimated.data.usage.outputTokens > 0);
  const reported = (await askWhole(rig.app, "x")).events.at(-1)!;
  assert.equal(reported.data.usage.estimated, false);
});

Deno.test("run: reasoning comes as events of its own and is no part of the answer", async () => {
  await using rig = await startChat({
    behaviour: { text: "42", reasoning: "six times seven" },
  });
  const { thread, events } = await askWhole(rig.app, "x");
  const reasoning = events.filter(({ event }) => event === "reasoning");
  assert.equal(
    reasoning.map(({ data }) => data.content).join(""),
    "six times seven",
  );
  assert.equal((await getMessages(rig.app, thread.id))[1].content, "42");
});

Deno.test("run: an answer of 2 MB arrives and is stored byte for byte", async () => {
  await using rig = await startChat();
  const { thread, events } = await askWhole(rig.app, "x", "huge");
  const text = "0123456789abcde ".repeat(2 * 1024 * 1024 / 16);
  assert.ok(assemble(events) === text, "the streamed text differs");
  const [, answer] = await getMessages(rig.app, thread.id);
  assert.ok(answer.content === text, "the stored text differs");
  assert.ok(
    assemble(await followRun(rig.app, answer.runId!)) === text,
    "the replay differs",
  );
});

for (
  const [name, behaviour] of [
    ["one event of 700 KB", { text: "x".repeat(700_000), wholeText: true }],
    ["one event of 3 MB", { text: "äö ".repeat(1_000_000), wholeText: true }],
    ["one JSON document of 3 MB", {
      text: "äö ".repeat(1_000_000),
      ignoresStream: true,
    }],
  ] as const
) {
  Deno.test(`run: an answer that comes in ${name} is cut, stored and told whole`, async () => {
    await using rig = await startChat({ behaviours: { "fake-1": behaviour } });
    const { thread, events } = await askWhole(rig.app, "x");
    assert.equal(events.at(-1)!.data.status, "completed");
    assert.ok(assemble(events) === behaviour.text, "the streamed text differs");
    rig.app.services.hub.clear();
    const [, answer] = await getMessages(rig.app, thread.id);
    assert.ok(answer.content === behaviour.text, "the stored text differs");
    const replay = await followRun(rig.app, answer.runId!);
    assert.ok(assemble(replay) === behaviour.text, "the replay differs");
  });
}

Deno.test("run: a tool call too large to keep fails its run and no other", async () => {
  await using rig = await startChat();
  const calls = [{ name: "f", arguments: JSON.stringify("y".repeat(700_000)) }];
  rig.upstream.next({ toolCalls: calls, wholeText: true }, { text: "fine" });
  const first = await askWhole(rig.app, "x");
  assert.equal(first.events.at(-1)!.data.code, "provider_malformed");
  const second = await askWhole(rig.app, "y");
  assert.equal(assemble(second.events), "fine");
});

Deno.test("messages: stay in order of time whatever ids clients make", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const id = `msg_${"z".repeat(22)}`;
  await collectEvents(
    await askStream(rig.app, thread.id, { message: { id, content: "one" } }),
  );
  const all = await getMessages(rig.app, thread.id, "?tree=1");
  assert.deepEqual(all.map(({ role }) => role), ["user", "assistant"]);
});

Deno.test("follow: whoever has heard the end is told to stay away", async () => {
  await using rig = await startChat();
  const { events } = await askWhole(rig.app, "x");
  const path = `/api/runs/${events[0].data.runId}/events`;
  const headers = { "last-event-id": events.at(-1)!.id };
  assert.equal((await rig.app.fetch(path, { headers })).status, 204);
  rig.app.services.hub.clear();
  assert.equal((await rig.app.fetch(path, { headers })).status, 204);
});

Deno.test("run: a question of a million characters is stored and sent whole", async () => {
  await using rig = await startChat({ behaviour: { text: "ok" } });
  const content = "ä".repeat(1_000_000);
  const { thread } = await askWhole(rig.app, content);
  assert.ok((await getMessages(rig.app, thread.id))[0].content === content);
  const { body } = await rig.upstream.waitForChat(0);
  assert.ok(body.messages[0].content === content);
});

Deno.test("follow: from any event on, live or ended, nothing is lost and nothing comes twice", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { events } = await askWhole(rig.app, "x");
  const runId = events[0].data.runId;
  for (const from of ["memory", "store"]) {
    if (from === "store") rig.app.services.hub.clear();
    for (let seq = 0; seq < events.length; seq += 1) {
      const rest = await followRun(rig.app, runId, `1.${seq}`);
      assert.deepEqual(
        rest,
        events.slice(seq + 1),
        `after 1.${seq} from ${from}`,
      );
    }
    assert.deepEqual(await followRun(rig.app, runId), events);
  }
});

Deno.test("follow: a forged, garbled or future Last-Event-ID gets reset and the whole text", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  const { events } = await askWhole(rig.app, "x");
  const runId = events[0].data.runId;
  for (const id of ["1.999999", "7.1", "-1.-1", "garbage", "1.0.0", "0.0"]) {
    const again = await followRun(rig.app, runId, id);
    assert.equal(again[0].event, "reset", id);
    assert.equal(again[0].id, "1.0", id);
    assert.equal(assemble(again), TEXT, id);
    assert.equal(again.at(-1)!.event, "done", id);
  }
});

Deno.test("follow: hanging up does not stop the answer", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "x" },
  });
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  rig.upstream.release();
  const [, answer] = await waitFor("the answer to be stored", async () => {
    const messages = await getMessages(rig.app, thread.id);
    return messages[1].status === "complete" && messages;
  });
  assert.equal(answer.content, TEXT);
});

Deno.test("follow: two followers of one run get the same events", async () => {
  await using rig = await startChat({ behaviour: { text: TEXT } });
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, { message: { content: "x" } });
  const followers = [followRun(rig.app, run.id), followRun(rig.app, run.id)];
  rig.upstream.release();
  const [one, other] = await Promise.all(followers);
  assert.deepEqual(one, other);
  assert.equal(assemble(one), TEXT);
});

Deno.test("cancel: closes the provider's socket, keeps the text and marks it stopped", async () => {
  await using rig = await startChat({
    behaviour: { text: "one two three four five six" },
  });
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "x" },
  });
  const events = readEvents(response.body!);
  const { runId } = (await events.next()).value!.data;
  rig.upstream.release(3);
  let text = "";
  for (let count = 0; count < 3; count += 1) {
    text += (await events.next()).value!.data.content;
  }

  const cancelled = await rig.app.fetch(`/api/runs/${runId}/cancel`, {
    method: "POST",
  });
  assert.equal(cancelled.status, 200);
  assert.equal((await cancelled.json()).status, "cancelled");
  await rig.upstream.waitForHangUp(0);
  assert.equal(rig.upstream.chats()[0].hungUp, true);
  const rest = await Array.fromAsync(events);
  assert.equal(rest.at(-1)!.event, "done");
  assert.equal(rest.at(-1)!.data.status, "cancelled");

  const [, answer] = await getMessages(rig.app, thread.id);
  assert.equal(answer.status, "stopped");
  assert.ok(text.length > 0 && answer.content.startsWith(text));
  const again = await rig.app.fetch(`/api/runs/${runId}/cancel`, {
    method: "POST",
  });
  assert.equal(again.status, 200);
  assert.equal((await again.json()).status, "cancelled");
});

Deno.test("cancel: works before the first token and on a provider that never answers", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, {
    message: { content: "x" },
    model: "silent",
  });
  await rig.upstream.waitForChat(0);
  const response = await rig.app.fetch(`/api/runs/${run.id}/cancel`, {
    method: "POST",
  });
  assert.equal((await response.json()).status, "cancelled");
  await rig.upstream.waitForHangUp(0);
  await ask(rig.app, thread.id, { message: { content: "next" } });
});

Deno.test("cancel: an answer that is complete stays complete", async () => {
  await using rig = await startChat();
  const { events } = await askWhole(rig.app, "x");
  const { runId } = events[0].data;
  const response = await rig.app.fetch(`/api/runs/${runId}/cancel`, {
    method: "POST",
  });
  assert.equal(response.status, 200);
  assert.equal((await response.json()).status, "completed");
});
