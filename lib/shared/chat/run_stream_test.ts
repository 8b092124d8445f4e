import assert from "node:assert/strict";
import { FakeTime } from "@std/testing/time";
import type { Place, PlacedRunEvent } from "./answer.ts";
import { followRun } from "./run_stream.ts";
import {
  chunk,
  done,
  FakePage,
  FakeServer,
  FakeStream,
  START,
  until,
} from "./testing/fake_server.ts";

const EVENTS = "GET /api/runs/run_1/events";

/** Follows run_1 and collects what comes. */
function follow(
  server: FakeServer,
  options: { response?: Response; after?: Place; page?: FakePage } = {},
) {
  const events: PlacedRunEvent[] = [];
  const abort = new AbortController();
  const ended = followRun({
    runId: "run_1",
    response: options.response,
    after: options.after ?? null,
    signal: abort.signal,
    fetch: server.fetch,
    page: options.page ?? new FakePage(),
    onEvent: (event) => events.push(event),
    random: () => 0,
  });
  return { events, ended, abort };
}

const textOf = (events: PlacedRunEvent[]) =>
  events.map(({ event }) => event.event === "chunk" ? event.data.content : "")
    .join("");

Deno.test("followRun: reads the response it was given to the end", async () => {
  const server = new FakeServer();
  const stream = new FakeStream();
  const { events, ended } = follow(server, { response: stream.response });
  stream.send([START, chunk("Hel"), chunk("lo"), done()], 0);
  assert.equal(await ended, "ended");
  assert.equal(textOf(events), "Hello");
  assert.equal(server.calls.length, 0);
});

Deno.test("followRun: reads events whose bytes are cut anywhere", async () => {
  const text =
    `: hi\n\nid: 1.1\nevent: chunk\ndata: {"content":"grün 🌊"}\n\n` +
    `id: 1.2\nevent: done\ndata: ${JSON.stringify(done().data)}\n\n`;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of new TextEncoder().encode(text)) {
        controller.enqueue(new Uint8Array([byte]));
      }
    },
  });
  const { events, ended } = follow(new FakeServer(), {
    response: new Response(body),
  });
  assert.equal(await ended, "ended");
  assert.equal(textOf(events), "grün 🌊");
});

Deno.test("followRun: attaches again after a cut, from the last event it has", async () => {
  const server = new FakeServer();
  const page = new FakePage();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(EVENTS, () => second.response);
  const { events, ended } = follow(server, { response: first.response, page });
  first.send([START, chunk("Hel")], 0);
  await until(() => events.length === 2);
  first.cut();
  second.send([chunk("lo"), done()], 2);
  assert.equal(await ended, "ended");
  assert.equal(server.calls[0].headers.get("last-event-id"), "1.1");
  assert.equal(textOf(events), "Hello");
});

Deno.test("followRun: attaches again after a stream that ends without an end", async () => {
  const server = new FakeServer();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(EVENTS, () => second.response);
  const { events, ended } = follow(server, { response: first.response });
  first.write("retry: 1\n\n");
  first.send([START], 0);
  first.end();
  second.send([done()], 1);
  assert.equal(await ended, "ended");
  assert.equal(events.length, 2);
});

Deno.test("followRun: tries on while the server refuses, and asks at once when the network is back", async () => {
  const server = new FakeServer();
  const page = new FakePage();
  const stream = new FakeStream();
  server.on(
    EVENTS,
    () => new Response(null, { status: 503 }),
    () => Promise.reject(new TypeError("offline")),
    () => stream.response,
  );
  const { ended } = follow(server, { page });
  await until(() => server.calls.length === 1);
  while (server.calls.length < 3) {
    page.online();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  stream.send([done()], 1);
  assert.equal(await ended, "ended");
});

Deno.test("followRun: asks without a place when it has none", async () => {
  const server = new FakeServer();
  const stream = new FakeStream();
  server.on(EVENTS, () => stream.response);
  const { ended } = follow(server);
  stream.send([START, done()], 0);
  await ended;
  assert.equal(server.calls[0].headers.get("last-event-id"), null);
});

Deno.test("followRun: says that the run is gone", async () => {
  const server = new FakeServer();
  server.on(EVENTS, () => new Response(null, { status: 404 }));
  assert.equal(await follow(server).ended, "gone");
});

Deno.test("followRun: a hidden page holds no connection, and goes on when it shows", async () => {
  const server = new FakeServer();
  const page = new FakePage();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(EVENTS, () => second.response);
  const { events, ended } = follow(server, { response: first.response, page });
  first.send([START, chunk("Hel")], 0);
  await until(() => events.length === 2);
  page.set(true);
  await until(() => first.isCancelled);
  assert.equal(server.calls.length, 0);
  page.set(false);
  await until(() => server.calls.length === 1);
  second.send([chunk("lo"), done()], 2);
  assert.equal(await ended, "ended");
  assert.equal(textOf(events), "Hello");
});

Deno.test("followRun: ends with its signal and lets go of the connection", async () => {
  const stream = new FakeStream();
  const { events, ended, abort } = follow(new FakeServer(), {
    response: stream.response,
  });
  stream.send([START], 0);
  await until(() => events.length === 1);
  abort.abort();
  assert.equal(await ended, "aborted");
  assert.ok(stream.isCancelled);
});

Deno.test("followRun: passes over events it does not know and ids it cannot read", async () => {
  const stream = new FakeStream();
  const { events, ended } = follow(new FakeServer(), {
    response: stream.response,
  });
  stream.write("id: 1.1\nevent: later_invention\ndata: {}\n\n");
  stream.write("event: chunk\ndata: {}\n\n");
  stream.send([done()], 2);
  await ended;
  assert.deepEqual(events.map(({ event }) => event.event), ["done"]);
});

Deno.test("followRun: an event whose data is not JSON counts as a cut", async () => {
  const server = new FakeServer();
  const page = new FakePage();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(EVENTS, () => second.response);
  const { events, ended } = follow(server, { response: first.response, page });
  first.send([START], 0);
  first.write("id: 1.1\nevent: chunk\ndata: {oops\n\n");
  second.send([chunk("x"), done()], 1);
  assert.equal(await ended, "ended");
  assert.equal(server.calls[0].headers.get("last-event-id"), "1.0");
  assert.equal(textOf(events), "x");
});

Deno.test("followRun: a connection that says nothing for 25 s is left for a new one", async () => {
  using time = new FakeTime();
  const server = new FakeServer();
  const [silent, next] = [new FakeStream(), new FakeStream()];
  server.on(EVENTS, () => next.response);
  const { events, ended } = follow(server, { response: silent.response });
  silent.send([START, chunk("Hel")], 0);
  await time.tickAsync(20_000);
  assert.equal(server.calls.length, 0);
  silent.write(": heartbeat\n\n");
  await time.tickAsync(20_000);
  assert.equal(server.calls.length, 0);
  await time.tickAsync(10_000);
  assert.equal(silent.isCancelled, true);
  assert.equal(server.calls.length, 1);
  assert.equal(server.calls[0].headers.get("last-event-id"), "1.1");
  next.send([chunk("lo"), done()], 2);
  await time.tickAsync(100);
  assert.equal(await ended, "ended");
  assert.equal(textOf(events), "Hello");
});

Deno.test("followRun: a connection from before an outage is replaced as soon as the network is back", async () => {
  const server = new FakeServer();
  const [stale, next] = [new FakeStream(), new FakeStream()];
  server.on(EVENTS, () => next.response);
  const page = new FakePage();
  const { ended, events } = follow(server, { response: stale.response, page });
  stale.send([START, chunk("Hel")], 0);
  await until(() => events.length === 2);
  page.online();
  await until(() => stale.isCancelled && server.calls.length === 1);
  next.send([chunk("lo"), done()], 2);
  assert.equal(await ended, "ended");
});
