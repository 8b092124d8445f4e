/** The live feed over WebSockets: `docs/live.md`. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import {
  FIRST_WORKSPACE,
  programSpace,
  userSpace,
} from "@/lib/shared/spaces.ts";
import type { LiveMessage } from "@/lib/shared/live/live_wire.ts";
import { startApp } from "../support/app.ts";
import { type LiveTestSocket, openLiveSocket } from "../support/live_socket.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";
import { newThread } from "../support/chat_client.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import { bearer, makeKey, revokeKey } from "./key_rig.ts";
import { emit, numbered } from "./live_rig.ts";

/** Whether a socket never opened; which code that has differs between clients. */
async function isRefused({ closed, messages }: LiveTestSocket) {
  return [0, 1006].includes((await closed).code) && messages.length === 0;
}

Deno.test("live socket: what no protocol knows is answered in words, and the socket stays", async () => {
  await using app = await startApp();
  const live = openLiveSocket(app.url, "jobs");
  await live.word("hello");
  for (
    const text of [
      "nonsense",
      "[]",
      "{}x",
      "null",
      '{"subscribe":"jobs"}',
      '{"subscribe":[1]}',
      '{"subscribe":["jobs"],"more":1}',
      `{"subscribe":[${Array(21).fill('"jobs"').join()}]}`,
    ]
  ) {
    live.socket.send(text);
    const error = await live.word("error");
    assert.deepEqual(error.data.channels, [], text);
    assert.equal(error.data.code, "invalid_request");
  }
  live.say({ subscribe: ["nothing", "thread:1", "documents"] });
  const error = await live.word("error");
  assert.deepEqual(error.data.channels, ["nothing", "thread:1"]);
  assert.equal((await live.next()).type, "subscribed");
  await emit(app, "document.ready", numbered(1, 1));
  assert.equal((await live.event()).channel, "documents");
  await live.close();
});

Deno.test("live socket: at most 20 channels, and those before stay", async () => {
  await using app = await startApp();
  const live = openLiveSocket(app.url, "jobs");
  await live.word("hello");
  const threads = await Promise.all(
    Array.from({ length: 20 }, () => newThread(app)),
  );
  const names = threads.map(({ id }) => `thread:${id}`);
  live.say({ subscribe: names });
  const error = await live.word("error");
  assert.equal(error.data.code, "too_many_channels");
  live.say({ unsubscribe: ["jobs"] });
  await live.word("unsubscribed");
  live.say({ subscribe: names });
  const subscribed = await live.word("subscribed");
  assert.deepEqual(subscribed.channels, names);
  await emit(app, "job.started", numbered(1, 1));
  await emit(app, "message.created", [{ threadId: threads[19].id }]);
  assert.equal((await live.event("message.created")).channel, names[19]);
  const types = live.messages.map(({ type }) => type);
  assert.ok(!types.includes("job.started"), "it had let go of its jobs");
  await live.close();
});

Deno.test("live socket: bytes, a long message and 10,000 messages end it, and nobody else notices", async () => {
  await using app = await startApp();
  const other = openLiveSocket(app.url, "jobs");
  await other.word("hello");
  for (
    const [said, code] of [
      [new Uint8Array([1, 2, 3]), 1003],
      [" ".repeat(9_000), 1009],
    ] as const
  ) {
    const live = openLiveSocket(app.url, "jobs");
    await live.word("hello");
    live.socket.send(said);
    assert.equal((await live.closed).code, code);
  }
  const flood = openLiveSocket(app.url, "jobs");
  await flood.word("hello");
  for (let count = 0; count < 10_000; count += 1) {
    flood.say({ subscribe: ["documents", "jobs"] });
  }
  await flood.closed;
  const answered = flood.messages.filter(({ type }) => type === "subscribed");
  assert.ok(answered.length <= 200, `${answered.length} were answered`);
  await emit(app, "job.started", numbered(1, 1));
  assert.equal((await other.event()).data.n, 1);
  await other.close();
});

Deno.test("live socket: whoever goes on by the newest id hears everything once and in order", async () => {
  await using app = await startApp();
  let live = openLiveSocket(app.url, "jobs,workspace,admin:jobs");
  await live.word("hello");
  const heard: unknown[] = [];
  const told = (async () => {
    for (let at = 0; at < 300; at += 6) {
      await emit(app, "job.progress", numbered(at, 5));
      // The job of a program is for admins alone.
      await emit(
        app,
        "job.progress",
        [{ jobId: String(at + 5) }],
        programSpace(FIRST_WORKSPACE),
      );
    }
  })();
  let cuts = 0;
  while (heard.length < 300) {
    const { id, data } = await live.event();
    heard.push(data.n ?? Number(data.jobId));
    if (heard.length % 17 !== 0) continue;
    cuts += 1;
    await live.close();
    live = openLiveSocket(app.url, "admin:jobs,jobs", { cursor: id });
    const hello = await live.next();
    assert.deepEqual(hello, { type: "hello", cursor: id });
  }
  await told;
  assert.deepEqual(heard, Array.from({ length: 300 }, (_, n) => n));
  assert.ok(cuts > 10);
  await live.close();
});

Deno.test("live socket: a cursor of another history is told what is lost, and goes on from now", async () => {
  await using app = await startApp();
  await emit(app, "job.started", numbered(1, 1));
  for (const cursor of ["old.00000000000000010000.0", "garbage"]) {
    const live = openLiveSocket(app.url, "jobs", { cursor });
    const hello = await live.word("hello");
    const lost = await live.word("events.lost");
    assert.equal(lost.data.from, cursor);
    assert.equal(lost.data.to, hello.cursor);
    await live.close();
  }
});

Deno.test("live socket: a heartbeat says up to where everything was told", async () => {
  await using app = await startApp();
  Object.defineProperty(app.services.liveFeed, "heartbeatMs", { value: 20 });
  const live = openLiveSocket(app.url, "documents");
  await live.word("hello");
  const hears = openLiveSocket(app.url, "jobs");
  await hears.word("hello");
  await emit(app, "job.started", numbered(1, 1));
  const { id } = await hears.event();
  const { services: { liveFeed } } = app;
  const heartbeat = await waitFor("a heartbeat behind the event", async () => {
    const message = await live.word("heartbeat");
    // Places of one generation sort as texts do, but for the index within an atomic.
    return message.cursor >= id.replace(/\.\d+$/, "") && message;
  });
  const again = openLiveSocket(app.url, "jobs", { cursor: heartbeat.cursor });
  assert.deepEqual(await again.next(), {
    type: "hello",
    cursor: heartbeat.cursor,
  });
  assert.equal((await again.next()).type, "heartbeat");
  assert.equal(liveFeed.wanted, 1);
  await Promise.all([live, again, hears].map((each) => each.close()));
});

Deno.test("live socket: it counts as a connection for as long as it is open", async () => {
  await using app = await startApp();
  const { admission } = app.services;
  const sockets = [1, 2, 3].map(() => openLiveSocket(app.url, "jobs"));
  for (const live of sockets) await live.word("hello");
  await waitFor("the requests to be over", () => admission.inProgress === 3);
  const metrics = await (await app.fetch("/metrics")).text();
  assert.match(
    metrics,
    /live_connections\{transport="socket"\} 3\n/,
  );
  for (const live of sockets) await live.close();
  await waitFor("all to be gone", () => admission.inProgress === 0);
});

Deno.test("live socket: a peer that shows no sign of life is let go", async () => {
  await using app = await startApp();
  Object.defineProperty(app.services.liveFeed, "heartbeatMs", { value: 500 });
  const { admission } = app.services;
  const alive = openLiveSocket(app.url, "jobs");
  await alive.word("hello");
  using dead = await RawSocket.open(app.url, "/api/live?channels=jobs");
  await waitFor("both to listen", () => admission.inProgress === 2);
  await waitFor("one to be gone", () => admission.inProgress === 1);
  assert.equal((await dead.readAll()).close, 1001);
  await alive.word("heartbeat");
  await alive.close();
});

Deno.test("live socket: frames that are none, and peers that hang up at once, leave nothing behind", async () => {
  await using app = await startApp();
  const { admission, liveFeed } = app.services;
  const path = "/api/live?channels=jobs";
  for (
    const bytes of [
      [0xff, 0xff, 0xff, 0xff],
      [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
      [0x83, 0x80, 0, 0, 0, 0],
    ]
  ) {
    using peer = await RawSocket.open(app.url, path);
    await peer.write(bytes);
    await peer.readAll();
  }
  for (let count = 0; count < 100; count += 1) {
    (await RawSocket.open(app.url, path))[Symbol.dispose]();
  }
  await waitFor(
    "all to be gone",
    () => admission.inProgress === 0 && liveFeed.wanted === 0,
  );
  const live = openLiveSocket(app.url, "jobs");
  await live.word("hello");
  await live.close();
});

Deno.test("live socket: a full server refuses it before it opens", async () => {
  await using app = await startApp({
    configFile: { admission: { maxStreams: 1 } },
  });
  const first = openLiveSocket(app.url, "jobs");
  await first.word("hello");
  assert.ok(await isRefused(openLiveSocket(app.url, "jobs")));
  await first.close();
  await waitFor("the place to be free", async () => {
    const live = openLiveSocket(app.url, "jobs");
    const isOpen = await Promise.race([
      live.word("hello").then(() => true, () => false),
      live.closed.then(() => false),
    ]);
    if (isOpen) await live.close();
    return isOpen;
  });
});

Deno.test("live socket: a drain closes it with 1012, an ended process lets nobody in", async () => {
  const app = await startApp();
  const live = openLiveSocket(app.url, "jobs");
  await live.word("hello");
  const closed = app.close();
  assert.equal((await live.closed).code, 1012);
  await closed;
});

/** A server with an owner and a member. */
async function startPeople() {
  const app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const email = "member@example.org";
  const password = "a password of theirs";
  const made = await owner.send("POST", "/api/users", {
    email,
    password,
    role: "admin",
  });
  assert.equal(made.status, 201);
  const { id, version } = await made.json();
  const other: SignedIn = await signedIn(app, { email, password });
  const setRole = async (role: string) => {
    const response = await owner.send(
      "PATCH",
      `/api/users/${id}`,
      { role },
      { "if-match": `"${version}"` },
    );
    assert.equal(response.status, 200, await response.text());
  };
  return {
    app,
    owner,
    other,
    otherId: id as string,
    setRole,
    [Symbol.asyncDispose]: () => app.close(),
  };
}

const cookie = ({ cookie }: SignedIn) => ({ headers: { cookie } });

Deno.test("live socket: who is not signed in is told so, once and in words", async () => {
  await using rig = await startPeople();
  const { app } = rig;
  for (const cookie of ["", "freshet_session=nonsense"]) {
    const live = openLiveSocket(app.url, "threads", { headers: { cookie } });
    const { code, reason } = await live.closed;
    assert.equal(code, 4401);
    assert.match(reason, /Sign in/);
    assert.deepEqual(live.messages, []);
  }
  const live = openLiveSocket(app.url, "threads", {
    headers: bearer("frk_nothing"),
  });
  assert.equal((await live.closed).code, 4401);
});

Deno.test("live socket: an ended session closes it with 4401, and a later one goes on", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  const live = openLiveSocket(app.url, "threads", cookie(owner));
  const hello = await live.word("hello");
  const second = await signedIn(app, OWNER);
  assert.equal(
    (await second.fetch("/api/sessions", { method: "DELETE" })).status,
    204,
  );
  assert.equal((await live.closed).code, 4401);
  const thread = await newThread({
    ...app,
    post: (path, body) => second.send("POST", path, body),
  });
  const again = openLiveSocket(app.url, "threads", {
    ...cookie(second),
    cursor: hello.cursor,
  });
  assert.equal((await again.event()).data.threadId, thread.id);
  await again.close();
});

Deno.test("live socket: a key needs the scope api, and ends it with 4401 when it is revoked", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  const { cookie } = owner;
  const plain = await makeKey(app, { scopes: ["v1"] }, { cookie });
  const refused = openLiveSocket(app.url, "threads", {
    headers: bearer(plain.key),
  });
  assert.ok(await isRefused(refused));
  const key = await makeKey(app, { scopes: ["api"] }, { cookie });
  const live = openLiveSocket(app.url, "threads", {
    headers: bearer(key.key),
  });
  await live.word("hello");
  await revokeKey(app, key.id, { cookie });
  assert.equal((await live.closed).code, 4401);
});

Deno.test("live socket: a thread of somebody else closes it with 4403, at the start and later", async () => {
  await using rig = await startPeople();
  const { app, owner, other } = rig;
  const thread = await newThread({
    ...app,
    post: (path, body) => owner.send("POST", path, body),
  });
  const foreign = `thread:${thread.id}`;
  const own = openLiveSocket(app.url, foreign, cookie(owner));
  await own.word("hello");
  await own.close();
  for (const channel of [foreign, `thread:${newId("thr")}`]) {
    const first = openLiveSocket(app.url, channel, cookie(other));
    assert.equal((await first.closed).code, 4403);
    const [error] = first.messages;
    assert.ok(error.type === "error" && !("channel" in error));
    assert.deepEqual(error.data.channels, [channel]);
    const later = openLiveSocket(app.url, "jobs", cookie(other));
    await later.word("hello");
    later.say({ subscribe: [channel] });
    assert.equal((await later.closed).code, 4403);
  }
});

Deno.test("live socket: channels of admins are theirs alone, and end with the role", async () => {
  await using rig = await startPeople();
  const { app, owner, other, otherId, setRole } = rig;
  const live = openLiveSocket(app.url, "workspace,admin:jobs", cookie(owner));
  await live.word("hello");
  const space = userSpace(FIRST_WORKSPACE, otherId);
  await emit(app, "job.started", [
    {
      jobId: "job_1",
      kind: "thread.export",
      title: "Their words",
      status: "running",
    },
  ], space);
  const job = await live.event("job.started");
  assert.equal(job.channel, "admin:jobs");
  assert.equal(job.data.userId, otherId);
  assert.equal(job.data.kind, "thread.export");
  assert.equal(job.data.title, undefined);
  await makeKey(app, {}, { cookie: owner.cookie });
  const key = await live.event("key.created");
  assert.equal(key.channel, "workspace");
  const admin = openLiveSocket(app.url, "workspace", cookie(other));
  await admin.word("hello");
  const streamed = await other.fetch("/api/live?channels=workspace");
  const words = readEvents(streamed.body!);
  assert.equal((await words.next()).value?.data.type, "hello");
  await setRole("member");
  assert.equal((await admin.closed).code, 4403);
  let last: LiveMessage | undefined;
  for await (const { data } of words) last = data;
  assert.ok(last?.type === "ended" && !("channel" in last));
  assert.equal(last.data.code, "forbidden");
  for (const channel of ["workspace", "admin:jobs"]) {
    const refused = openLiveSocket(app.url, channel, cookie(other));
    assert.equal((await refused.closed).code, 4403);
    const stream = await other.fetch(`/api/live?channels=${channel}`);
    assert.equal(stream.status, 403);
    assert.equal((await stream.json()).channel, channel);
  }
  await live.close();
});

Deno.test("live socket: nobody hears what happens to others, in their workspace or in their name", async () => {
  await using rig = await startPeople();
  const { app, owner, other, otherId } = rig;
  const channels = "threads,jobs,notifications,documents,schedules,webhooks";
  const live = openLiveSocket(app.url, channels, cookie(owner));
  await live.word("hello");
  const theirs = userSpace(FIRST_WORKSPACE, otherId);
  for (const noun of ["thread", "run", "job", "notification", "document"]) {
    await emit(app, `${noun}.created`, [{ threadId: newId("thr") }], theirs);
    await emit(app, `${noun}.created`, [{}], FIRST_WORKSPACE);
  }
  const hears = openLiveSocket(app.url, channels, cookie(other));
  await hears.word("hello");
  const ownerSpace = userSpace(FIRST_WORKSPACE, "usr_0000000000000000000000");
  await emit(app, "schedule.created", numbered(7, 1), ownerSpace);
  const first = await live.event();
  assert.equal(first.data.n, 7);
  assert.equal(hears.messages.length, 1);
  await Promise.all([live.close(), hears.close()]);
});

Deno.test("live socket: a page of another origin gets none, with whatever cookie", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  for (const origin of ["https://evil.example", "null"]) {
    const live = openLiveSocket(app.url, "threads", {
      headers: { cookie: owner.cookie, origin },
    });
    assert.ok(await isRefused(live));
  }
  const live = openLiveSocket(app.url, "threads", {
    headers: { cookie: owner.cookie, origin: app.url },
  });
  await live.word("hello");
  await live.close();
});
