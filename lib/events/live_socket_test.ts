import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { LiveMetrics } from "@/lib/observe/live_metrics.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Metrics } from "@/lib/observe/metrics.ts";
import type { LiveFrame } from "./live_item.ts";
import type { LiveListener } from "./live_listener.ts";
import { closeSocket, LiveSocket } from "./live_socket.ts";

/** A socket whose client takes what the test says it takes. */
class FakeSocket {
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  closedWith: [code: number, reason: string] | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;

  send(text: string): void {
    this.sent.push(text);
    this.bufferedAmount += text.length;
  }

  close(code: number, reason: string): void {
    this.readyState = WebSocket.CLOSING;
    this.closedWith ??= [code, reason];
  }

  /** The peer is gone. */
  gone(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
}

const LARGE = "x".repeat(10_000);

/** A listener that has more to say each time it is asked. */
function endless(): LiveListener {
  const fake: Partial<LiveListener> = {
    isIdle: false,
    isLeftBehind: false,
    isForAdmins: false,
    channels: ["jobs"],
    next: () =>
      Promise.resolve([{ place: "g.1", text: LARGE, atMs: null } as LiveFrame]),
    close: () => {},
  };
  return fake as LiveListener;
}

function serve(listen: () => Promise<LiveListener>) {
  const socket = new FakeSocket();
  const clock = new ManualClock();
  const metrics = new Metrics();
  const access = new AbortController();
  const stopped = new AbortController();
  const live = new LiveSocket(socket as unknown as WebSocket, {
    feed: {
      heartbeatMs: 10_000,
      metrics: new LiveMetrics(metrics, () => []),
      clock,
      log: silentLogger(),
      stopped: stopped.signal,
      track: () => {},
    },
    listen,
    assertMayListen: () => Promise.resolve(),
    isStillAdmin: () => Promise.resolve(true),
    access: access.signal,
  });
  socket.onopen!();
  return { socket, clock, metrics, access, stopped, live };
}

/** Resolves when all that could happen without time going on has happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 2));

Deno.test("LiveSocket: puts no more to a client than it takes, and goes on when it has", async () => {
  const { socket, clock } = serve(() => Promise.resolve(endless()));
  await settled();
  const put = socket.sent.length;
  assert.ok(put <= 8, `${put} messages of 10 kB wait`);
  clock.advance(100);
  await settled();
  assert.equal(socket.sent.length, put);
  socket.bufferedAmount = 0;
  clock.advance(250);
  await settled();
  assert.equal(socket.sent.length, 2 * put);
  assert.equal(socket.closedWith, null);
  socket.gone();
  await settled();
});

Deno.test("LiveSocket: a client that takes nothing for 15 s is let go with 4408, one that takes a little is not", async () => {
  const { socket, clock, metrics } = serve(() => Promise.resolve(endless()));
  await settled();
  for (let second = 0; second < 40; second += 1) {
    socket.bufferedAmount -= 100;
    clock.advance(1_000);
    await settled();
  }
  assert.equal(socket.closedWith, null);
  for (let second = 0; second < 20; second += 1) {
    clock.advance(1_000);
    await settled();
  }
  assert.equal(socket.closedWith?.[0], 4408);
  assert.match(
    await metrics.text(),
    /live_dropped_total\{reason="too_slow"\} 1\n/,
  );
  socket.gone();
  await settled();
});

Deno.test("LiveSocket: a client whose place has left memory is let go at once", async () => {
  const listener = endless();
  const { socket, clock } = serve(() => Promise.resolve(listener));
  await settled();
  Object.defineProperty(listener, "isLeftBehind", { value: true });
  clock.advance(250);
  await settled();
  assert.equal(socket.closedWith?.[0], 4408);
  socket.gone();
  await settled();
});

Deno.test("LiveSocket: a store that fails ends it with 1011, a refusal with words and 4403", async () => {
  const broken = serve(() => Promise.reject(new Error("Broken")));
  await settled();
  assert.equal(broken.socket.closedWith?.[0], 1011);
  assert.deepEqual(broken.socket.sent, []);
  const refused = serve(() =>
    Promise.reject(
      new AppError({
        status: 403,
        code: "forbidden",
        message: "This channel is for admins.",
        extra: { channel: "workspace" },
      }),
    )
  );
  await settled();
  assert.equal(refused.socket.closedWith?.[0], 4403);
  assert.deepEqual(refused.socket.sent.map((text) => JSON.parse(text)), [{
    type: "error",
    data: {
      code: "forbidden",
      message: "This channel is for admins.",
      channels: ["workspace"],
    },
  }]);
});

Deno.test("LiveSocket: an end that comes before it listens counts, and only the first one is told", async () => {
  const waiting = Promise.withResolvers<LiveListener>();
  const { socket, access, stopped } = serve(() => waiting.promise);
  socket.onmessage!({ data: '{"subscribe":["jobs"]}' });
  await settled();
  assert.match(socket.sent[0], /"not_ready"/);
  stopped.abort();
  access.abort();
  waiting.resolve(endless());
  await settled();
  assert.equal(socket.closedWith?.[0], 1012);
  assert.equal(socket.sent.length, 1);
});

Deno.test("closeSocket: a reason that is too long for a close frame is cut between characters", () => {
  const socket = new FakeSocket();
  closeSocket(socket as unknown as WebSocket, 4401, "ü".repeat(100));
  assert.deepEqual(socket.closedWith, [4401, "ü".repeat(61)]);
});
