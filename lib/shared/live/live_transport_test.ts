import assert from "node:assert/strict";
import {
  FakeServer,
  FakeStream,
  problem,
  until,
} from "@/lib/shared/chat/testing/fake_server.ts";
import {
  type LiveTransportEnd,
  type LiveTransportListener,
  socketTransport,
  streamTransport,
} from "./live_transport.ts";
import { CLOSE_CODES, type LiveMessage } from "./live_wire.ts";
import { FakeSocket } from "./testing/fake_live.ts";

const ROUTE = "GET /api/live?channels=threads%2Cjobs&cursor=g.1";

function listener() {
  const messages: LiveMessage[] = [];
  const ends: LiveTransportEnd[] = [];
  const callbacks: LiveTransportListener = {
    onMessage: (message) => messages.push(message),
    onEnd: (end) => ends.push(end),
  };
  return { messages, ends, callbacks };
}

Deno.test("socketTransport: asks for channels behind a cursor, and tells messages until it closes", () => {
  const socket = new FakeSocket();
  const paths: string[] = [];
  const open = socketTransport((path) => {
    paths.push(path);
    return socket;
  });
  const { messages, ends, callbacks } = listener();
  const transport = open(["threads", "jobs"], "g.1", callbacks);
  assert.deepEqual(paths, ["/api/live?channels=threads%2Cjobs&cursor=g.1"]);
  socket.message('{"type":"hello","cursor":"g.1"}');
  assert.deepEqual(messages, [{ type: "hello", cursor: "g.1" }]);
  transport.send!({ subscribe: ["documents"] });
  assert.deepEqual(socket.sent, ['{"subscribe":["documents"]}']);
  transport.close();
  assert.ok(socket.isClosed);
  socket.closeWith(1006);
  assert.deepEqual(ends, []);
});

for (
  const [code, end] of [
    [CLOSE_CODES.signIn, "sign_in"],
    [CLOSE_CODES.channel, "refused"],
    [CLOSE_CODES.tooSlow, "soon"],
    [CLOSE_CODES.restart, "soon"],
    [1006, "cut"],
    [1011, "cut"],
  ] as const
) {
  Deno.test(`socketTransport: a socket that closes with ${code} has ended as "${end}"`, () => {
    const socket = new FakeSocket();
    const { ends, callbacks } = listener();
    socketTransport(() => socket)(["jobs"], null, callbacks);
    socket.closeWith(code);
    assert.deepEqual(ends, [end]);
  });
}

Deno.test("streamTransport: tells messages, and a drain as a wish to come back soon", async () => {
  const server = new FakeServer();
  const stream = new FakeStream();
  server.on(ROUTE, () => stream.response);
  const { messages, ends, callbacks } = listener();
  streamTransport(server.fetch)(["threads", "jobs"], "g.1", callbacks);
  stream.write(
    'retry: 1000\n\nid: g.1\ndata: {"type":"hello","cursor":"g.1"}\n\n',
  );
  await until(() => messages.length === 1);
  stream.write("retry: 250\n\n");
  stream.end();
  await until(() => ends.length === 1);
  assert.deepEqual(ends, ["soon"]);
});

Deno.test("streamTransport: a cut is a cut, and what is closed tells nothing any more", async () => {
  const server = new FakeServer();
  const [first, second] = [new FakeStream(), new FakeStream()];
  server.on(ROUTE, () => first.response, () => second.response);
  const { messages, ends, callbacks } = listener();
  const open = streamTransport(server.fetch);
  open(["threads", "jobs"], "g.1", callbacks);
  await until(() => server.calls.length === 1);
  first.cut();
  await until(() => ends.length === 1);
  assert.deepEqual(ends, ["cut"]);
  const transport = open(["threads", "jobs"], "g.1", callbacks);
  await until(() => server.calls.length === 2);
  transport.close();
  await until(() => second.isCancelled);
  assert.deepEqual([messages, ends], [[], ["cut"]]);
});

for (
  const [status, end] of [
    [401, "sign_in"],
    [403, "refused"],
    [404, "refused"],
    [429, "cut"],
    [503, "cut"],
  ] as const
) {
  Deno.test(`streamTransport: a ${status} has ended as "${end}"`, async () => {
    const server = new FakeServer();
    server.on(ROUTE, () => problem(status, "no", { channel: "jobs" }));
    const { messages, ends, callbacks } = listener();
    streamTransport(server.fetch)(["threads", "jobs"], "g.1", callbacks);
    await until(() => ends.length === 1);
    assert.deepEqual(ends, [end]);
    const refused = messages.map((message) =>
      message.type === "error" && "channels" in message.data
        ? message.data.channels
        : null
    );
    assert.deepEqual(refused, end === "refused" ? [["jobs"]] : []);
  });
}
