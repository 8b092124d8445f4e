/** Chats of the AI SDK's own client, unchanged, against `/api/chat`. */
import assert from "node:assert/strict";
import {
  AbstractChat,
  type ChatState,
  type ChatStatus,
  DefaultChatTransport,
  type UIMessage,
} from "ai";
import type { TestApp } from "../support/app.ts";
import { startChat } from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";

/** What `useChat` keeps in React, kept in plain fields. */
class PlainState implements ChatState<UIMessage> {
  status: ChatStatus = "ready";
  error: Error | undefined = undefined;
  messages: UIMessage[];

  constructor(messages: UIMessage[]) {
    this.messages = messages;
  }

  pushMessage = (message: UIMessage) => {
    this.messages = [...this.messages, message];
  };
  popMessage = () => {
    this.messages = this.messages.slice(0, -1);
  };
  replaceMessage = (index: number, message: UIMessage) => {
    this.messages = this.messages.with(index, structuredClone(message));
  };
  snapshot = <T>(thing: T): T => structuredClone(thing);
}

class PlainChat extends AbstractChat<UIMessage> {
  constructor(
    app: TestApp,
    { id = "chat-1", messages = [], body = {} }: {
      id?: string;
      messages?: UIMessage[];
      body?: Record<string, unknown>;
    } = {},
  ) {
    super({
      id,
      state: new PlainState(messages),
      transport: new DefaultChatTransport({
        api: `${app.url}/api/chat`,
        body: { model: "fake-1", ...body },
      }),
    });
  }

  /** The text of the last message, if it is an answer. */
  get answer(): string {
    const last = this.messages.at(-1);
    return last?.role === "assistant"
      ? last.parts.map((part) => part.type === "text" ? part.text : "").join("")
      : "";
  }
}

Deno.test("useChat: an answer streams into the message, and the next question brings the whole chat", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "It is high." }, { text: "It is falling." });
  const chat = new PlainChat(rig.app);
  await chat.sendMessage({ text: "How high is it?" });
  assert.equal(chat.error, undefined);
  assert.equal(chat.status, "ready");
  assert.equal(chat.answer, "It is high.");
  await chat.sendMessage({ text: "And now?" });
  assert.equal(chat.answer, "It is falling.");
  const asked = rig.upstream.chats().at(-1)!.body as { messages: unknown };
  assert.deepEqual(asked.messages, [
    { role: "user", content: "How high is it?" },
    { role: "assistant", content: "It is high." },
    { role: "user", content: "And now?" },
  ]);
  const { metadata } = chat.messages.at(-1)!;
  assert.match((metadata as { runId: string }).runId, /^run_/);
});

Deno.test("useChat: a regenerated answer takes the place of the old one", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "One." }, { text: "Two." });
  const chat = new PlainChat(rig.app);
  await chat.sendMessage({ text: "Count" });
  await chat.regenerate();
  assert.equal(chat.messages.length, 2);
  assert.equal(chat.answer, "Two.");
});

Deno.test("useChat: a page that comes back resumes the answer from its beginning, and nothing after its end", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "One two three four five." });
  rig.upstream.hold();
  const first = new PlainChat(rig.app);
  void first.sendMessage({ text: "Count" });
  rig.upstream.release(2);
  await waitFor("the first words", () => first.answer !== "");
  const question = first.messages[0];
  await first.stop();
  const second = new PlainChat(rig.app, { messages: [question] });
  const resumed = second.resumeStream();
  await waitFor("the words so far", () => second.answer !== "");
  rig.upstream.release();
  await resumed;
  assert.equal(second.answer, "One two three four five.");
  assert.equal(second.messages.length, 2);
  const third = new PlainChat(rig.app, { messages: [question] });
  await third.resumeStream();
  assert.equal(third.messages.length, 1);
  const nothing = await rig.app.fetch("/api/chat/chat-1/stream");
  assert.equal(nothing.status, 204);
});

Deno.test("useChat: leaving does not stop the answer, and cancel does", async () => {
  await using rig = await startChat();
  rig.upstream.hold();
  const chat = new PlainChat(rig.app);
  void chat.sendMessage({ text: "Count" });
  await rig.upstream.waitForChat(0);
  rig.upstream.release(1);
  await waitFor("the first word", () => chat.answer !== "");
  await chat.stop();
  const running = await rig.app.fetch("/api/chat/chat-1/stream");
  assert.equal(running.status, 200);
  assert.equal(running.headers.get("x-vercel-ai-ui-message-stream"), "v1");
  const answer = await rig.app.post("/api/chat/chat-1/cancel", {});
  assert.equal((await answer.json()).status, "cancelled");
  await rig.upstream.waitForHangUp(0);
  const text = await running.text();
  assert.match(text, /"type":"abort"/);
  assert.ok(text.endsWith("data: [DONE]\n\n"));
});

Deno.test("useChat: an answer that is complete although nobody waited is there to be asked for again by its run", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "Done alone." });
  const response = await rig.app.post("/api/chat", {
    id: "chat-2",
    model: "fake-1",
    messages: [{
      id: "1",
      role: "user",
      parts: [{ type: "text", text: "Go" }],
    }],
  });
  assert.equal(response.status, 200);
  await response.body!.cancel();
  const run = response.headers.get("x-freshet-run");
  await waitFor("the end of the run", async () => {
    const record = await (await rig.app.fetch(`/v1/runs/${run}`)).json();
    return record.status === "completed" &&
      record.output_text === "Done alone.";
  });
});

Deno.test("useChat: without a model the default one answers; params go to the provider", async () => {
  await using rig = await startChat();
  const chat = new PlainChat(rig.app, {
    body: { model: undefined, params: { temperature: 0.5 } },
  });
  await chat.sendMessage({ text: "Hello" });
  assert.equal(chat.error, undefined);
  const { body } = rig.upstream.chats().at(-1)!;
  assert.equal((body as { temperature: number }).temperature, 0.5);
});

Deno.test("useChat: what goes wrong before the first word is the chat's error", async () => {
  await using rig = await startChat();
  const chat = new PlainChat(rig.app, { body: { model: "nobody" } });
  await chat.sendMessage({ text: "Hello" });
  assert.equal(chat.status, "error");
  assert.match(chat.error!.message, /model_not_found/);
});

Deno.test("useChat: a stream that breaks says so, and keeps what had come", async () => {
  await using rig = await startChat();
  rig.upstream.next(
    ...Array.from(
      { length: 4 },
      () => ({ text: "One two three.", cutAfter: 2 }),
    ),
  );
  const chat = new PlainChat(rig.app);
  await chat.sendMessage({ text: "Count" });
  assert.equal(chat.status, "error");
  assert.notEqual(chat.answer, "");
});

for (
  const [what, body] of [
    ["no messages", { id: "c", messages: [] }],
    ["no id", { messages: [{ id: "1", role: "user", parts: [] }] }],
    ["an old form of message", {
      id: "c",
      messages: [{ id: "1", role: "user", content: "Hi" }],
    }],
    ["a wrong param", {
      id: "c",
      messages: [{ id: "1", role: "user", parts: [] }],
      params: { temperature: "hot" },
    }],
    ["a sound", {
      id: "c",
      messages: [{
        id: "1",
        role: "user",
        parts: [{
          type: "file",
          mediaType: "audio/wav",
          url: "data:audio/wav;base64,AA",
        }],
      }],
    }],
  ] as const
) {
  Deno.test(`/api/chat: ${what} is 400 invalid_request`, async () => {
    await using rig = await startChat();
    const response = await rig.app.post("/api/chat", body);
    assert.equal(response.status, 400);
    assert.equal((await response.json()).code, "invalid_request");
  });
}

Deno.test("/api/chat: a chat in which nothing was asked has no stream and nothing to stop", async () => {
  await using rig = await startChat();
  const stream = await rig.app.fetch("/api/chat/nobody/stream");
  assert.equal(stream.status, 204);
  const cancel = await rig.app.post("/api/chat/nobody/cancel", {});
  assert.equal(cancel.status, 404);
  await cancel.body?.cancel();
});
