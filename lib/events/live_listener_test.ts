import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { Doorbells } from "@/lib/kv/doorbell.ts";
import {
  eventsAfter,
  eventsNoticeTrimKey,
  eventsTrimKey,
  runKey,
} from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { LiveMetrics } from "@/lib/observe/live_metrics.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Metrics } from "@/lib/observe/metrics.ts";
import type { LiveEvent, LiveMessage } from "@/lib/shared/live/live_wire.ts";
import { findChannel, parseChannels } from "./live_channels.ts";
import { LiveFeed } from "./live_feed.ts";
import type { LiveListener } from "./live_listener.ts";

const WORKSPACE = "wsp_1";
const OWN = "wsp_1/usr_1";

async function emit(
  store: Store,
  space: string,
  type: string,
  data: Record<string, unknown>[],
): Promise<void> {
  const unit = new UnitOfWork()
    .guard(runKey(space, crypto.randomUUID()), null, { v: 1 });
  for (const each of data) {
    unit.event(space, { type, at: 0, subject: "s", data: each });
  }
  assert.ok((await commit(store, unit)).ok);
}

function feedOf(store: Store): LiveFeed {
  return new LiveFeed({
    store,
    doorbells: new Doorbells(store),
    loadRows: () => Promise.resolve(new Map()),
    log: silentLogger(),
    metrics: new LiveMetrics(new Metrics(), () => []),
  });
}

/** A listener whose messages are taken one by one. */
async function open(feed: LiveFeed, channels: string, cursor?: string) {
  const hungUp = new AbortController();
  const listener = await feed.listen(
    OWN,
    parseChannels(channels),
    cursor ?? null,
    hungUp.signal,
  );
  const waiting: LiveMessage[] = [];
  const next = async (): Promise<LiveMessage> => {
    while (waiting.length === 0) {
      const frames = await listener.next();
      assert.ok(frames !== null, "it has ended");
      waiting.push(...frames.map(({ text }) => JSON.parse(text)));
    }
    return waiting.shift()!;
  };
  const event = async (): Promise<LiveEvent> => {
    const message = await next();
    assert.ok("channel" in message, JSON.stringify(message));
    return message;
  };
  const hello = await next();
  assert.equal(hello.type, "hello");
  return {
    listener,
    next,
    event,
    cursor: "cursor" in hello ? String(hello.cursor) : "",
    end() {
      hungUp.abort();
      listener.close();
    },
  };
}

async function inMemory(test: (store: Store) => Promise<void>) {
  const store = await openStore({ location: ":memory:" });
  try {
    await test(store);
  } finally {
    store.close();
  }
}

const channelsOf = (...names: string[]) =>
  names.map((name) => findChannel(name)!);

/** Resolves once the listener waits, and so has handed out everything. */
async function idle(listener: LiveListener): Promise<void> {
  while (!listener.isIdle) await new Promise((resolve) => setTimeout(resolve));
}

Deno.test("LiveListener.subscribe: a channel is told from then on, and the others go on without a gap", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const live = await open(feed, "jobs");
    await emit(store, OWN, "document.ready", [{ n: 2 }]);
    await emit(store, WORKSPACE, "budget.warned", [{ period: "day" }]);
    await emit(store, OWN, "job.started", [{ n: 1 }]);
    assert.equal((await live.event()).data.n, 1);
    await live.listener.subscribe(channelsOf("documents", "workspace", "jobs"));
    await emit(store, OWN, "document.ready", [{ n: 4 }]);
    await emit(store, WORKSPACE, "budget.warned", [{ period: "week" }]);
    await emit(store, OWN, "job.started", [{ n: 6 }]);
    assert.equal((await live.event()).data.n, 4);
    assert.equal((await live.event()).data.period, "week");
    assert.equal((await live.event()).data.n, 6);
    live.listener.unsubscribe(["documents"]);
    await emit(store, OWN, "document.ready", [{ n: 7 }]);
    await emit(store, OWN, "job.started", [{ n: 8 }]);
    assert.equal((await live.event()).data.n, 8);
    assert.deepEqual(live.listener.channels, ["jobs", "workspace"]);
    live.end();
    assert.equal(feed.wanted, 0);
  }));

Deno.test("LiveListener.subscribe: who catches up is told on a new channel of nothing that came before it", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const before = await open(feed, "jobs");
    before.end();
    await emit(store, OWN, "document.ready", [{ n: 1 }]);
    await emit(store, OWN, "job.started", [{ n: 2 }]);
    const live = await open(feed, "jobs", before.cursor);
    await live.listener.subscribe(channelsOf("documents"));
    await emit(store, OWN, "document.ready", [{ n: 3 }]);
    assert.equal((await live.event()).data.n, 2);
    assert.equal((await live.event()).data.n, 3);
    live.end();
  }));

Deno.test("LiveListener: an event that several channels have is one message that names them", () =>
  inMemory(async (store) => {
    const live = await open(feedOf(store), "admin:jobs,jobs");
    await emit(store, OWN, "job.started", [{ n: 1 }]);
    const { channel, also } = await live.event();
    assert.deepEqual([channel, also], ["admin:jobs", ["jobs"]]);
    live.end();
  }));

Deno.test("LiveListener.cursor: while it is idle it moves on with what happens to others", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const live = await open(feed, "jobs");
    const other = await open(feed, "documents");
    const waiting = live.event();
    for (const n of [1, 2, 3]) {
      await emit(store, OWN, "document.ready", [{ n }]);
      await other.event();
    }
    await idle(live.listener);
    assert.notEqual(live.listener.cursor, live.cursor);
    const again = await open(feed, "jobs,documents", live.listener.cursor);
    await emit(store, OWN, "job.started", [{ n: 4 }]);
    assert.equal((await waiting).data.n, 4);
    assert.equal(
      (await again.event()).data.n,
      4,
      "nothing before is told again",
    );
    for (const each of [live, other, again]) each.end();
  }));

Deno.test("LiveListener: a process that slept while its events were deleted tells every listener what is lost", async () => {
  using test = await openTestStore();
  const { store, calm, faults } = test;
  const feed = feedOf(store);
  const live = await test.drive(open(feed, "jobs"));
  const quiet = await test.drive(open(feed, "documents"));
  const heard = Promise.all([live.next(), quiet.next()]);
  // The reader fails while others write and delete.
  faults.randomly(1, 1, { commits: [], reads: ["fail"] });
  await test.drive((async () => {
    for (let n = 0; n < 5; n += 1) {
      await emit(calm, OWN, "job.started", [{ n }]);
    }
    const rows = await Array.fromAsync(list(calm, eventsAfter(OWN, null)));
    const vs = String(rows[3].key.at(-1));
    const unit = new UnitOfWork()
      .guard(eventsTrimKey(OWN), null, { v: 1, vs })
      .guard(eventsNoticeTrimKey(), null, { v: 1, vs });
    for (const { key } of rows.slice(0, 4)) unit.delete(key);
    assert.ok((await commit(calm, unit)).ok);
  })());
  faults.heal();
  const [first, second] = await test.drive(heard);
  assert.equal(first.type, "events.lost");
  assert.equal(second.type, "events.lost");
  await test.drive((async () => {
    await emit(calm, OWN, "job.started", [{ n: 9 }]);
    assert.equal((await live.event()).data.n, 9);
  })());
  live.end();
  quiet.end();
  await test.drive(feed.stop());
});

Deno.test("LiveListener: what is too large for memory is let go of, and read again by who comes back", () =>
  inMemory(async (store) => {
    const feed = feedOf(store);
    const slow = await open(feed, "documents");
    const fast = await open(feed, "documents");
    await emit(store, OWN, "document.ready", [{ n: 0 }]);
    const { id } = await slow.event();
    await fast.event();
    const filler = "x".repeat(50_000);
    for (let n = 1; n <= 200; n += 1) {
      await emit(store, OWN, "document.ready", [{ n, filler }]);
      assert.equal((await fast.event()).data.n, n);
    }
    assert.ok(slow.listener.isLeftBehind);
    assert.equal(await slow.listener.next(), null);
    slow.end();
    const back = await open(feed, "documents", id);
    for (let n = 1; n <= 200; n += 1) {
      assert.equal((await back.event()).data.n, n);
    }
    fast.end();
    back.end();
  }));

Deno.test("LiveListener: a store that cannot be read ends the beginning, and the next one begins", async () => {
  using test = await openTestStore();
  const { store, faults } = test;
  const feed = feedOf(store);
  faults.randomly(1, 1, { commits: [], reads: ["fail"] });
  await assert.rejects(
    test.drive(open(feed, "jobs")),
    { code: "storage_unavailable" },
  );
  assert.equal(feed.wanted, 0);
  faults.heal();
  const live = await test.drive(open(feed, "jobs"));
  live.end();
  await test.drive(feed.stop());
});

Deno.test("LiveListener: a hundred people with a page open cost the store as many looks as one", async () => {
  using test = await openTestStore();
  const { store, clock } = test;
  let looks = 0;
  const counted = {
    ...store,
    kv: new Proxy(store.kv, {
      get(kv, name) {
        const value = Reflect.get(kv, name);
        if (name === "list") looks += 1;
        return typeof value === "function" ? value.bind(kv) : value;
      },
    }),
  };
  const feed = feedOf(counted);
  const hungUp = new AbortController();
  const listeners = await test.drive(Promise.all(
    Array.from(
      { length: 100 },
      (_, n) =>
        feed.listen(
          `wsp_1/usr_${n}`,
          parseChannels("jobs"),
          null,
          hungUp.signal,
        ),
    ),
  ));
  looks = 0;
  const began = clock.monotonic();
  await test.drive(
    new Promise<void>((resolve) => clock.after(2_000, resolve)),
  );
  const seconds = (clock.monotonic() - began) / 1_000;
  assert.ok(looks <= seconds * 5 + 2, `${looks} looks in ${seconds} s`);
  hungUp.abort();
  for (const listener of listeners) listener.close();
  await test.drive(feed.stop());
});
