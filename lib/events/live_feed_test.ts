import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import { eventsAfter, eventsTrimKey, runKey } from "@/lib/kv/keys.ts";
import { Doorbells } from "@/lib/kv/doorbell.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { LiveMetrics } from "@/lib/observe/live_metrics.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Metrics } from "@/lib/observe/metrics.ts";
import { newId } from "@/lib/shared/ids.ts";
import type {
  LiveEvent,
  LiveMessage,
  LiveThread,
} from "@/lib/shared/live/live_wire.ts";
import { parseChannels } from "./live_channels.ts";
import { LiveFeed } from "./live_feed.ts";
import { liveResponse } from "./live_response.ts";

const WORKSPACE = "wsp_1";
const THREAD = newId("thr");

const row = (id: string): LiveThread => ({
  id,
  title: `Title of ${id}`,
  updatedAt: "2026-01-01T00:00:00.000Z",
  pinned: false,
  archived: false,
  unread: true,
  activeRunId: null,
  temporary: false,
  projectId: null,
  version: 1,
});

const feedOf = (store: Store) =>
  new LiveFeed({
    store,
    doorbells: new Doorbells(store),
    loadRows: (_space, threads) =>
      Promise.resolve(new Map(threads.map((id) => [id, row(id)]))),
    log: silentLogger(),
    metrics: new LiveMetrics(new Metrics(), () => []),
  });

async function emit(
  store: Store,
  events: Partial<OutboxEvent>[],
  space = WORKSPACE,
): Promise<void> {
  const unit = new UnitOfWork()
    .guard(runKey(space, crypto.randomUUID()), null, { v: 1 });
  for (const event of events) {
    unit.event(space, {
      type: "thread.updated",
      at: 0,
      subject: THREAD,
      data: {},
      ...event,
    });
  }
  assert.ok((await commit(store, unit)).ok);
}

/** A connection whose messages are taken one by one. */
function connect(
  feed: LiveFeed,
  {
    channels = ["threads"],
    cursor = null,
  }: { channels?: string[]; cursor?: string | null } = {},
) {
  const hangUp = new AbortController();
  const listening = feed.listen(
    WORKSPACE,
    parseChannels(channels.join()),
    cursor,
    hangUp.signal,
  );
  const waiting: LiveMessage[] = [];
  return {
    async next(): Promise<LiveMessage | null> {
      while (waiting.length === 0) {
        const frames = await (await listening).next();
        if (frames === null) return null;
        waiting.push(...frames.map(({ text }) => JSON.parse(text)));
      }
      return waiting.shift()!;
    },
    async nextEvent(): Promise<LiveEvent> {
      const message = await this.next();
      assert.ok(message !== null && "channel" in message, "no event came");
      return message;
    },
    async end() {
      hangUp.abort();
      (await listening).close();
    },
  };
}

/** A response over the feed, and what its client hangs up by. */
async function streamOf(feed: LiveFeed) {
  const [gone, hungUp] = [new AbortController(), new AbortController()];
  const listener = await feed.listen(
    WORKSPACE,
    parseChannels("threads"),
    null,
    hungUp.signal,
  );
  return { response: liveResponse(feed, listener, gone.signal, hungUp), gone };
}

async function inMemory(test: (store: Store) => Promise<void>) {
  const store = await openStore({ location: ":memory:" });
  try {
    await test(store);
  } finally {
    store.close();
  }
}

Deno.test("LiveFeed: events come with the rows of their threads, after a hello that says where it begins", () =>
  inMemory(async (store) => {
    await emit(store, [{ type: "thread.created" }]);
    const live = connect(feedOf(store));
    const hello = await live.next();
    assert.equal(hello?.type, "hello");
    await emit(store, [
      { data: { fields: ["title"] } },
      {
        type: "run.completed",
        subject: "run_1",
        data: { threadId: THREAD, messageId: "msg_1", status: "complete" },
      },
      { type: "thread.deleted" },
    ]);
    const updated = await live.nextEvent();
    assert.equal(updated.type, "thread.updated");
    assert.equal(updated.channel, "threads");
    assert.equal(updated.at, "1970-01-01T00:00:00.000Z");
    assert.deepEqual(updated.data, {
      fields: ["title"],
      threadId: THREAD,
      thread: row(THREAD),
    });
    const completed = await live.nextEvent();
    assert.deepEqual(completed.data, {
      runId: "run_1",
      threadId: THREAD,
      messageId: "msg_1",
      status: "complete",
      thread: row(THREAD),
    });
    const deleted = await live.nextEvent();
    assert.deepEqual(deleted.data, { threadId: THREAD });
    assert.match(deleted.id, /^[\w-]+\.[0-9a-f]{20}\.2$/);
    await live.end();
  }));

Deno.test("LiveFeed: a cursor goes on behind its event, inside an atomic too, and misses and repeats nothing", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const first = connect(feed);
    await first.next();
    for (let atomic = 0; atomic < 100; atomic += 1) {
      await emit(store, [{ data: { n: 2 * atomic } }, {
        data: { n: 2 * atomic + 1 },
      }]);
    }
    const seen: LiveEvent[] = [];
    while (seen.length < 200) seen.push(await first.nextEvent());
    assert.deepEqual(
      seen.map(({ data }) => data.n),
      Array.from({ length: 200 }, (_, n) => n),
    );
    await first.end();
    assert.equal(feed.wanted, 0);
    for (const heard of [0, 7, 8, 101, 198]) {
      const again = connect(feed, { cursor: seen[heard].id });
      assert.deepEqual(await again.next(), {
        type: "hello",
        cursor: seen[heard].id,
      });
      for (let n = heard + 1; n < 200; n += 1) {
        assert.equal((await again.nextEvent()).data.n, n);
      }
      await again.end();
    }
  }));

Deno.test("LiveFeed: a cursor that cannot be gone on from is told what is lost, and goes on from now", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    await emit(store, [{}]);
    const [{ key }] = await Array.fromAsync(
      list(store, eventsAfter(WORKSPACE, null)),
    );
    const old = `${store.generation}.${String(key.at(-1))}.0`;
    await emit(store, [{}]);
    const [, second] = await Array.fromAsync(
      list(store, eventsAfter(WORKSPACE, null)),
    );
    const now = `${store.generation}.${String(second.key.at(-1))}`;
    const mark = await get(store, eventsTrimKey(WORKSPACE));
    const unit = new UnitOfWork().guard(
      eventsTrimKey(WORKSPACE),
      mark.versionstamp,
      { v: 1, vs: String(second.key.at(-1)) },
    );
    await commit(store, unit);
    // What another history of the store calls so, this one may have, too.
    const foreign = now.replace(store.generation, "another");
    const future = `${store.generation}.${"f".repeat(20)}.0`;
    for (const cursor of [old, foreign, future, "garbage"]) {
      const live = connect(feed, { cursor });
      assert.deepEqual(await live.next(), { type: "hello", cursor: now });
      assert.deepEqual(await live.next(), {
        type: "events.lost",
        id: now,
        data: { from: cursor, to: now },
      });
      await live.end();
    }
  }));

Deno.test("LiveFeed: channels get what is theirs, and nothing of another space", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const other = newId("thr");
    const list = connect(feed);
    const thread = connect(feed, { channels: [`thread:${THREAD}`] });
    await Promise.all([list.next(), thread.next()]);
    await emit(store, [{ type: "thread.created" }], "wsp_2");
    await emit(store, [
      { type: "project.created", subject: "prj_1" },
      { type: "thread.updated", subject: other },
      { type: "message.created", subject: "m", data: { threadId: THREAD } },
      {
        type: "run.started",
        subject: "r",
        data: { threadId: THREAD, temporary: true },
      },
      { type: "thread.archived" },
    ]);
    assert.equal((await list.nextEvent()).data.threadId, other);
    assert.equal((await list.nextEvent()).type, "thread.archived");
    const message = await thread.nextEvent();
    assert.equal(message.data.messageId, "m");
    assert.equal(message.channel, `thread:${THREAD}`);
    assert.equal((await thread.nextEvent()).type, "run.started");
    assert.equal((await thread.nextEvent()).type, "thread.archived");
    await Promise.all([list.end(), thread.end()]);
  }));

Deno.test("LiveFeed: a listener that takes nothing is let go, and misses nothing when it comes back", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const fast = connect(feed);
    const slow = connect(feed);
    const hello = await slow.next();
    await fast.next();
    await emit(store, [{ data: { n: 0 } }]);
    await slow.nextEvent();
    for (let atomic = 0; atomic < 60; atomic += 1) {
      const events = Array.from(
        { length: 20 },
        (_, index) => ({ data: { n: 1 + atomic * 20 + index } }),
      );
      await emit(store, events);
    }
    for (let n = 0; n <= 1_200; n += 1) await fast.nextEvent();
    assert.equal(await slow.next(), null);
    assert.ok(hello?.type === "hello");
    const back = connect(feed, {
      cursor: (hello as { cursor: string }).cursor,
    });
    await back.next();
    for (let n = 0; n <= 1_200; n += 1) {
      assert.equal((await back.nextEvent()).data.n, n);
    }
    await Promise.all([fast.end(), back.end()]);
  }));

Deno.test("LiveFeed: events of another process on the same file arrive", async () => {
  const folder = await Deno.makeTempDir();
  const location = `${folder}/freshet.db`;
  const [one, other] = [
    await openStore({ location }),
    await openStore({ location }),
  ];
  const feeds = [feedOf(one), feedOf(other)];
  try {
    const [here, there] = feeds.map((feed) => connect(feed));
    await Promise.all([here.next(), there.next()]);
    await emit(other, [{ data: { n: 1 } }]);
    assert.equal((await there.nextEvent()).data.n, 1);
    const heard = await here.nextEvent();
    assert.equal(heard.data.n, 1);
    await here.end();
    // The place that one process names is one for the other.
    const moved = connect(feeds[1], { cursor: heard.id });
    assert.deepEqual(await moved.next(), { type: "hello", cursor: heard.id });
    await Promise.all([there.end(), moved.end()]);
  } finally {
    for (const feed of feeds) await feed.stop();
    one.close();
    other.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("liveResponse: messages are framed with their ids, and a stop asks the client to come back", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const { response } = await streamOf(feed);
    assert.equal(
      response.headers.get("content-type"),
      "text/event-stream; charset=utf-8",
    );
    const reader = response.body!.pipeThrough(new TextDecoderStream())
      .getReader();
    let text = "";
    const read = async (until: RegExp) => {
      while (!until.test(text)) {
        const { done, value } = await reader.read();
        assert.ok(!done, `ended after ${text}`);
        text += value;
      }
    };
    await read(/"hello".*\n\n/);
    assert.match(
      text,
      /^retry: 1000\n\nid: (\S+)\ndata: \{"type":"hello","cursor":"\1"\}\n\n$/,
    );
    text = "";
    await emit(store, [{}]);
    await read(/thread\.updated.*\n\n/);
    assert.match(text, /^id: (\S+)\ndata: \{"id":"\1",.*\}\n\n$/);
    void feed.stop();
    await read(/retry: 250\n\n/);
    assert.ok((await reader.read()).done);
  }));

Deno.test("liveResponse: a hang-up lets go of the reader", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const { response, gone } = await streamOf(feed);
    const reader = response.body!.getReader();
    await reader.read();
    await reader.read();
    assert.equal(feed.wanted, 1);
    gone.abort();
    while (feed.wanted > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await reader.cancel();
  }));

Deno.test("parseChannels: names channels once each, and refuses what is none", () => {
  const parsed = parseChannels(`threads,thread:${THREAD},threads`);
  assert.deepEqual(parsed.map(({ name }) => name), [
    "threads",
    `thread:${THREAD}`,
  ]);
  const many = Array.from({ length: 21 }, () => `thread:${newId("thr")}`);
  for (const text of [null, "", "job", "thread:1", "threads,x", many.join()]) {
    assert.throws(() => parseChannels(text), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.status, 400);
      assert.equal(error.errors[0].path, "channels");
      return true;
    });
  }
});
