import assert from "node:assert/strict";
import {
  FakePage,
  FakeServer,
  FakeStream,
  until,
} from "@/lib/shared/chat/testing/fake_server.ts";
import type { LiveMessage } from "./live_wire.ts";
import { openLive } from "./open_live.ts";

const ROUTE = "GET /api/live?channels=threads,thread:thr_1";

const event = (index: number): LiveMessage => ({
  id: `gen.0a.${index}`,
  type: "thread.updated",
  channel: "threads",
  at: "2026-01-01T00:00:00.000Z",
  data: { threadId: "thr_1" },
});

function say(stream: FakeStream, message: LiveMessage): void {
  const id = "cursor" in message
    ? message.cursor
    : "id" in message
    ? message.id
    : "";
  stream.write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`);
}

function listen(server: FakeServer, page = new FakePage()) {
  const messages: LiveMessage[] = [];
  const live = openLive({
    channels: ["threads", "thread:thr_1"],
    fetch: server.fetch,
    page,
    onEvent: (message) => messages.push(message),
    random: () => 0,
  });
  const lastEventIds = () =>
    server.calls.map(({ headers }) => headers.get("last-event-id"));
  return { messages, live, lastEventIds, page };
}

Deno.test("openLive: tells every message, and goes on behind the newest after a cut", async () => {
  const server = new FakeServer();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(ROUTE, () => first.response, () => second.response);
  const { live, messages, lastEventIds } = listen(server);
  first.write("retry: 1\n\n");
  say(first, { type: "hello", cursor: "gen.0a.0" });
  say(first, event(1));
  say(first, event(2));
  await until(() => messages.length === 3);
  first.cut();
  await until(() => server.calls.length === 2);
  say(second, event(3));
  await until(() => messages.length === 4);
  assert.deepEqual(lastEventIds(), [null, "gen.0a.2"]);
  assert.deepEqual(messages.slice(1), [event(1), event(2), event(3)]);
  live.close();
});

Deno.test("openLive: a hidden page holds no connection, and goes on when it shows", async () => {
  const server = new FakeServer();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(ROUTE, () => first.response, () => second.response);
  const { live, messages, lastEventIds, page } = listen(server);
  say(first, event(1));
  await until(() => messages.length === 1);
  page.set(true);
  await until(() => first.isCancelled);
  assert.equal(server.calls.length, 1);
  page.set(false);
  await until(() => server.calls.length === 2);
  assert.deepEqual(lastEventIds(), [null, "gen.0a.1"]);
  say(second, event(2));
  await until(() => messages.length === 2);
  live.close();
  await until(() => second.isCancelled);
});

Deno.test("openLive: a page that is hidden from the start does not connect", async () => {
  const server = new FakeServer();
  const page = new FakePage();
  page.set(true);
  const { live } = listen(server, page);
  await Promise.resolve();
  assert.equal(server.calls.length, 0);
  live.close();
  page.set(false);
  assert.equal(server.calls.length, 0);
});

Deno.test("openLive: failures are tried again, a refusal is not", async () => {
  const server = new FakeServer();
  const stream = new FakeStream();
  stream.write("retry: 1\n\n");
  stream.end();
  server.on(
    ROUTE,
    () => stream.response,
    () => new Response(null, { status: 503 }),
    () => new Response(null, { status: 404 }),
  );
  const { live, page } = listen(server);
  await until(() => server.calls.length === 3);
  await until(() => {
    page.set(false);
    return true;
  });
  assert.equal(server.calls.length, 3);
  live.close();
});
