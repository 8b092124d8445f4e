import assert from "node:assert/strict";
import { until } from "@/lib/shared/chat/testing/fake_server.ts";
import { LiveClient, type LiveNotice } from "./live_client.ts";
import type { LiveParts } from "./live_connection.ts";
import type { LiveEvent } from "./live_wire.ts";
import { FakeLive, FakeLivePage } from "./testing/fake_live.ts";

const event = (
  index: number,
  channel = "jobs",
  more: Partial<LiveEvent> = {},
): LiveEvent => ({
  id: `g.${index}`,
  type: "job.progress",
  channel,
  at: "2026-01-01T00:00:00.000Z",
  data: { subject: "job_1" },
  ...more,
});

/** A client over a server and a page of the test; no pause is longer than a moment. */
function start(parts: Partial<LiveParts> = {}) {
  const server = new FakeLive();
  const page = new FakeLivePage();
  const client = new LiveClient({
    socket: server.transport("socket"),
    stream: server.transport("stream"),
    page,
    random: () => 0.5,
    ...parts,
    timesMs: { first: 1, longest: 4, soon: 1, ...parts.timesMs },
  });
  const heard: (LiveEvent | LiveNotice)[] = [];
  const types = () => heard.map(({ type, id }) => id ?? type);
  return {
    server,
    page,
    client,
    heard,
    types,
    listen: (channel: string) => client.on(channel, (each) => heard.push(each)),
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("LiveClient: handlers of several islands share one connection, and each hears its channels", async () => {
  const { client, server, listen, heard } = start();
  const other: string[] = [];
  const stops = [
    listen("jobs"),
    client.on("documents", ({ channel }) => other.push(channel)),
    client.on("jobs", ({ type }) => other.push(type)),
  ];
  await settled();
  assert.equal(server.connections.length, 1);
  assert.deepEqual(server.newest.channels, ["jobs", "documents"]);
  assert.equal(client.state.value, "connecting");
  server.newest.hello();
  assert.equal(client.state.value, "open");
  server.newest.say(event(1));
  assert.deepEqual(heard.map(({ type }) => type), [
    "channel.open",
    "job.progress",
  ]);
  assert.deepEqual(other, ["channel.open", "documents", "job.progress"]);
  for (const stop of stops) stop();
  await settled();
  assert.equal(server.open, 0);
  assert.equal(client.state.value, "off");
});

Deno.test("LiveClient: an event that several channels have reaches the handlers of all, once each", async () => {
  const { server, listen, types } = start();
  const stops = [listen("threads"), listen("thread:thr_1"), listen("jobs")];
  await settled();
  server.newest.hello();
  server.newest.say(event(1, "threads", { also: ["thread:thr_1"] }));
  assert.deepEqual(types().slice(3), ["g.1", "g.1"]);
  for (const stop of stops) stop();
});

Deno.test("LiveClient: a cut connection is opened again behind the newest message, and the handler is not told to read again", async () => {
  const { server, listen, types, client } = start();
  const stop = listen("jobs");
  await settled();
  server.newest.hello("g.0");
  server.newest.say(event(1));
  server.newest.say({ type: "heartbeat", cursor: "g.7" });
  server.newest.end("soon");
  assert.equal(client.state.value, "reconnecting");
  await until(() => server.connections.length === 2);
  assert.equal(server.newest.cursor, "g.7");
  server.newest.hello("g.7");
  server.newest.say(event(8));
  assert.deepEqual(types(), ["channel.open", "g.1", "g.8"]);
  assert.equal(client.state.value, "open");
  stop();
});

Deno.test("LiveClient: what cannot be told any more is said to every handler", async () => {
  const { server, listen, types } = start();
  const stops = [listen("jobs"), listen("documents")];
  await settled();
  server.newest.hello();
  server.newest.say({
    type: "events.lost",
    id: "g.9",
    data: { from: "g.1", to: "g.9" },
  });
  assert.deepEqual(types().slice(2), ["events.lost", "events.lost"]);
  server.newest.end("soon");
  await until(() => server.connections.length === 2);
  assert.equal(server.newest.cursor, "g.9");
  for (const stop of stops) stop();
});

Deno.test("LiveClient: channels come and go on an open socket without another one", async () => {
  const { server, listen, types } = start();
  const stops = [listen("jobs")];
  await settled();
  stops.push(listen("documents"));
  await settled();
  assert.deepEqual(server.newest.requests, [], "nothing before the hello");
  server.newest.hello();
  assert.deepEqual(server.newest.requests, [{ subscribe: ["documents"] }]);
  assert.deepEqual(types(), ["channel.open"]);
  server.newest.say({
    type: "subscribed",
    channels: ["documents"],
    cursor: "g.2",
  });
  assert.deepEqual(types(), ["channel.open", "channel.open"]);
  stops[0]();
  await settled();
  assert.deepEqual(server.newest.requests.slice(1), [{
    unsubscribe: ["jobs"],
  }]);
  assert.equal(server.connections.length, 1);
  stops[1]();
});

Deno.test("LiveClient: a handler that comes later to an open channel is told that it is open", async () => {
  const { server, listen, client } = start();
  const stop = listen("jobs");
  await settled();
  server.newest.hello();
  const late: string[] = [];
  const stopLate = client.on("jobs", ({ type }) => late.push(type));
  await settled();
  assert.deepEqual(late, ["channel.open"]);
  stop();
  stopLate();
});

Deno.test("LiveClient: where no socket gets through, server-sent events do, and sockets are left alone", async () => {
  const { server, listen, types } = start();
  const stop = listen("jobs");
  await settled();
  server.newest.end("cut");
  await until(() => server.connections.length === 2);
  assert.equal(server.newest.kind, "stream");
  server.newest.hello();
  server.newest.say(event(1));
  server.newest.end("cut");
  await until(() => server.connections.length === 3);
  assert.equal(server.newest.kind, "stream");
  assert.equal(server.newest.cursor, "g.1");
  assert.deepEqual(types(), ["channel.open", "g.1"]);
  stop();
});

Deno.test("LiveClient: a server that answers on neither way is asked for a socket again", async () => {
  const { server, listen } = start();
  const stop = listen("jobs");
  for (const [count, kind] of [[1, "socket"], [2, "stream"], [3, "socket"]]) {
    await until(() => server.connections.length === count);
    assert.equal(server.newest.kind, kind);
    server.newest.end("cut");
  }
  stop();
});

Deno.test("LiveClient: a proxy that cuts every socket soon after it opened gets server-sent events", async () => {
  const { server, listen } = start();
  const stop = listen("jobs");
  for (const count of [1, 2]) {
    await until(() => server.connections.length === count);
    assert.equal(server.newest.kind, "socket");
    server.newest.hello();
    server.newest.end("cut");
  }
  await until(() => server.connections.length === 3);
  assert.equal(server.newest.kind, "stream");
  stop();
});

Deno.test("LiveClient: another channel over server-sent events takes another connection, behind the cursor", async () => {
  const { server, listen } = start({ socket: null });
  const stops = [listen("jobs")];
  await settled();
  server.newest.hello("g.5");
  stops.push(listen("documents"));
  await settled();
  assert.equal(server.open, 1);
  assert.deepEqual(server.newest.channels, ["jobs", "documents"]);
  assert.equal(server.newest.cursor, "g.5");
  for (const stop of stops) stop();
});

Deno.test("LiveClient: a socket that says nothing counts as dead", async () => {
  const { server, listen } = start({
    timesMs: { hello: 1_000, silence: 5, first: 1 },
  });
  const stop = listen("jobs");
  await settled();
  server.newest.hello("g.3");
  await until(() => server.connections.length >= 2);
  assert.ok(server.connections[0].isClosed);
  assert.equal(server.connections[1].cursor, "g.3");
  stop();
});

Deno.test("LiveClient: an ended session is told and tried again, without an end", async () => {
  const { server, listen, client } = start();
  const stop = listen("jobs");
  await settled();
  server.newest.hello();
  server.newest.end("sign_in");
  assert.equal(client.state.value, "signed_out");
  await until(() => server.connections.length === 2);
  server.newest.end("sign_in");
  assert.equal(client.state.value, "signed_out");
  await until(() => server.connections.length === 3);
  server.newest.hello();
  assert.equal(client.state.value, "open");
  stop();
});

Deno.test("LiveClient: a stream that ends with a word about the session is an ended session", async () => {
  const { server, listen, client } = start({ socket: null });
  const stop = listen("jobs");
  await settled();
  server.newest.hello();
  server.newest.say({
    type: "ended",
    data: { code: "sign_in_needed", message: "You were signed out." },
  });
  assert.equal(client.state.value, "signed_out");
  stop();
});

Deno.test("LiveClient: a refused channel is told to its handlers, and the others go on without it", async () => {
  const { server, listen, heard } = start();
  const stops = [listen("workspace"), listen("jobs")];
  await settled();
  server.newest.say({
    type: "error",
    data: {
      code: "forbidden",
      message: "This channel is for admins.",
      channels: ["workspace"],
    },
  });
  server.newest.end("refused");
  assert.deepEqual(heard.map(({ type, channel }) => [type, channel]), [
    ["channel.refused", "workspace"],
  ]);
  assert.equal(heard[0].data.code, "forbidden");
  await until(() => server.connections.length === 2);
  assert.deepEqual(server.newest.channels, ["jobs"]);
  for (const stop of stops) stop();
});

Deno.test("LiveClient: a page that is hidden for long holds no connection, and goes on when it shows", async () => {
  const { server, listen, page, client } = start({ timesMs: { hidden: 2 } });
  const stop = listen("jobs");
  await settled();
  server.newest.hello("g.4");
  page.tell("hidden");
  assert.equal(server.open, 1, "not at once");
  await until(() => server.open === 0);
  assert.equal(client.state.value, "off");
  page.tell("shown");
  assert.equal(server.open, 1);
  assert.equal(server.newest.cursor, "g.4");
  stop();
  await settled();
  assert.equal(page.listeners, 0);
});

Deno.test("LiveClient: a stream is let go as soon as the page is hidden, a left page keeps nothing", async () => {
  const { server, listen, page } = start({ socket: null });
  const stop = listen("jobs");
  await settled();
  server.newest.hello();
  page.tell("hidden");
  assert.equal(server.open, 0);
  page.tell("shown");
  assert.equal(server.open, 1);
  page.tell("gone");
  assert.equal(server.open, 0);
  stop();
});

Deno.test("LiveClient: a page that is hidden from the start does not connect", async () => {
  const { server, listen, page } = start();
  page.tell("hidden");
  const stop = listen("jobs");
  await settled();
  assert.equal(server.connections.length, 0);
  page.tell("shown");
  assert.equal(server.connections.length, 1);
  stop();
});

Deno.test("LiveClient: a network that is back is not kept waiting for the pause", async () => {
  const { server, listen, page } = start({
    timesMs: { first: 60_000, longest: 60_000 },
  });
  const stop = listen("jobs");
  await settled();
  server.newest.hello("g.2");
  server.newest.end("cut");
  assert.equal(server.open, 0);
  page.tell("online");
  assert.equal(server.open, 1);
  assert.equal(server.newest.cursor, "g.2");
  stop();
});

Deno.test("LiveClient: a pause is drawn anew each time, from nothing to the longest", async () => {
  let draws = 0;
  const { server, listen } = start({
    random: () => {
      draws += 1;
      return 0;
    },
    timesMs: { first: 1e9, longest: 1e9 },
  });
  const stop = listen("jobs");
  for (let count = 1; count <= 5; count += 1) {
    await until(() => server.connections.length === count);
    assert.equal(draws, count - 1);
    server.newest.end("cut");
  }
  stop();
});

Deno.test("LiveClient: the error of one handler keeps no other from hearing", async () => {
  const { server, listen, client, types } = start();
  const told: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    told.push(event.error);
  };
  addEventListener("error", onError);
  const stops = [
    client.on("jobs", () => {
      throw new Error("Broken");
    }),
    listen("jobs"),
  ];
  await settled();
  server.newest.hello();
  server.newest.say(event(1));
  assert.deepEqual(types(), ["channel.open", "g.1"]);
  await until(() => told.length === 2);
  removeEventListener("error", onError);
  for (const stop of stops) stop();
});
