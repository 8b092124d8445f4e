/** Live connections under chance: whatever the store does and however they are cut, what they hear is exact. */
import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { Doorbells } from "@/lib/kv/doorbell.ts";
import { runKey } from "@/lib/kv/keys.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { LiveMetrics } from "@/lib/observe/live_metrics.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Metrics } from "@/lib/observe/metrics.ts";
import type { LiveMessage } from "@/lib/shared/live/live_wire.ts";
import { rounds } from "@/tests/support/size.ts";
import { parseChannels } from "./live_channels.ts";
import { LiveFeed } from "./live_feed.ts";
import type { LiveListener } from "./live_listener.ts";

const WORKSPACE = "wsp_0000000000000000000001";
const OWN = `${WORKSPACE}/usr_0000000000000000000001`;
const SPACES = [
  WORKSPACE,
  OWN,
  `${WORKSPACE}/usr_0000000000000000000002`,
  `${WORKSPACE}/v1`,
  "wsp_0000000000000000000002",
  "wsp_0000000000000000000002/usr_0000000000000000000001",
];
const TYPES = ["job.progress", "document.ready", "budget.warned"];

/** What each channel has, told once more and otherwise than the table does. */
const HAS: Record<string, (space: string, type: string) => boolean> = {
  jobs: (space, type) => space === OWN && type === TYPES[0],
  documents: (space, type) => space === OWN && type === TYPES[1],
  workspace: (space, type) => space === WORKSPACE && type !== TYPES[0],
  "admin:jobs": (space, type) =>
    space.startsWith(WORKSPACE) && type === TYPES[0],
};

interface Told {
  space: string;
  type: string;
  n: string;
}

/** Tells some events, of several spaces at times, all in one atomic. @returns them in their order */
async function tell(
  store: Store,
  random: () => number,
  first: number,
): Promise<Told[]> {
  const unit = new UnitOfWork()
    .guard(runKey(WORKSPACE, `made-${first}`), null, { v: 1 });
  const told = Array.from(
    { length: 1 + Math.floor(random() * 4) },
    (_, at) => ({
      space: SPACES[Math.floor(random() * SPACES.length)],
      type: TYPES[Math.floor(random() * TYPES.length)],
      n: String(first + at),
    }),
  );
  for (const { space, type, n } of told) {
    unit.event(space, {
      type,
      at: store.clock.now(),
      subject: n,
      data: {},
    });
  }
  assert.ok((await commit(store, unit)).ok);
  return told.toSorted((one, two) =>
    one.space < two.space ? -1 : one.space > two.space ? 1 : 0
  );
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

/** A client that is cut now and then, comes to either process, and keeps the newest cursor. */
class Client {
  readonly heard: string[] = [];
  cuts = 0;
  #cursor: string | null = null;
  #isOver = false;

  constructor(
    readonly names: readonly string[],
    readonly feeds: readonly LiveFeed[],
    readonly random: () => number,
    readonly store: Store,
  ) {}

  /** Resolves when it has listened once. */
  readonly listens = Promise.withResolvers<void>();

  async run(): Promise<void> {
    while (!this.#isOver) {
      const hungUp = new AbortController();
      let listener: LiveListener | null = null;
      try {
        const feed = this.feeds[Math.floor(this.random() * this.feeds.length)];
        listener = await feed.listen(
          OWN,
          parseChannels(this.names.join()),
          this.#cursor,
          hungUp.signal,
        );
        await this.#take(listener);
      } catch (error) {
        // The store has failed; a client comes back.
        if (error instanceof assert.AssertionError) throw error;
      }
      hungUp.abort();
      listener?.close();
      this.cuts += 1;
      await this.#pause(20);
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** Takes a few messages, or more. */
  async #take(listener: LiveListener): Promise<void> {
    let left = 1 + Math.floor(this.random() * 12);
    while (left > 0) {
      const frames = await listener.next();
      if (frames === null) return;
      for (const { text, place } of frames) {
        const message: LiveMessage = JSON.parse(text);
        assert.notEqual(message.type, "events.lost");
        if ("channel" in message) {
          this.heard.push(String(message.data.subject));
        }
        this.#cursor = place ?? this.#cursor;
        this.listens.resolve();
        // The rest of the frames is lost on the way.
        if (--left === 0) return;
      }
      if (this.random() < 0.1) await this.#pause(300);
    }
  }

  #pause(longestMs: number): Promise<void> {
    return new Promise((resolve) =>
      this.store.clock.after(this.random() * longestMs, resolve)
    );
  }
}

for (let seed = 1; seed <= rounds(3, 100); seed += 1) {
  Deno.test(`LiveFeed: every client hears its channels exactly, over cuts, faults and two processes (seed ${seed})`, async () => {
    using test = await openTestStore();
    const random = seededRandom(seed);
    // Two feeds of a bell each over the same faulty store are what two processes are to it.
    const feeds = [feedOf(test.store), feedOf({ ...test.store })];
    const clients = [
      ["jobs"],
      ["workspace"],
      ["admin:jobs"],
      ["jobs", "workspace"],
      ["documents", "admin:jobs"],
      Object.keys(HAS),
    ].map((names) => new Client(names, feeds, random, test.store));
    const running = clients.map((client) => client.run());
    await test.drive(
      Promise.all(clients.map(({ listens }) => listens.promise)),
    );
    test.faults.randomly(seed, 0.05, { commits: [], reads: ["fail"] });
    const all: Told[] = [];
    await test.drive((async () => {
      while (all.length < 400) {
        all.push(...await tell(test.calm, random, all.length));
        if (random() < 0.3) {
          await new Promise<void>((resolve) =>
            test.store.clock.after(random() * 100, resolve)
          );
        }
      }
    })());
    const expected = clients.map(({ names }) =>
      all.filter(({ space, type }) =>
        names.some((name) => HAS[name](space, type))
      ).map(({ n }) => n)
    );
    await test.drive((async () => {
      while (
        clients.some(({ heard }, at) => heard.length < expected[at].length)
      ) {
        await new Promise<void>((resolve) =>
          test.store.clock.after(50, resolve)
        );
      }
    })());
    test.faults.heal();
    for (const client of clients) client.end();
    for (const feed of feeds) void feed.stop();
    await test.drive(Promise.all(running));
    assert.deepEqual(clients.map(({ heard }) => heard), expected);
    assert.ok(clients.every(({ cuts }) => cuts > 1));
    assert.equal(feeds[0].wanted + feeds[1].wanted, 0);
  });
}
