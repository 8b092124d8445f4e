import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { cursorKey, generationKey, runKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import type { ConsumedEvent, Consumer } from "./consumer.ts";
import { Consumers } from "./consumers.ts";

const WORKSPACE = "wsp_1";

interface Entry {
  v: 1;
  subjects: string[];
}

const LOG_KEY = runKey(WORKSPACE, "log");

/** Emits an event for each subject, all in one atomic. */
async function emit(
  store: Store,
  subjects: string[],
  space = WORKSPACE,
): Promise<void> {
  const unit = new UnitOfWork()
    .guard(runKey(space, `made-${subjects[0]}`), null, { v: 1 });
  for (const subject of subjects) {
    unit.event(space, { type: "test.made", at: 0, subject, data: {} });
  }
  assert.ok((await commit(store, unit)).ok);
}

/**
 * Writes down the subjects it is given, in a record that it does not check itself: whatever comes twice,
 * not at all or in another order shows.
 */
class Recorder implements Consumer {
  readonly name = "recorder";
  readonly resyncs: (string | null)[] = [];
  /** Handled in one step, at most. */
  most = Infinity;
  fail: (() => void) | null = null;

  constructor(readonly store: Store) {}

  async handle(
    events: readonly ConsumedEvent[],
    unit: UnitOfWork,
  ): Promise<number> {
    this.fail?.();
    const taken = events.slice(0, this.most);
    const log = await get<Entry>(this.store, LOG_KEY);
    unit.set(LOG_KEY, {
      v: 1,
      subjects: [
        ...log.value?.subjects ?? [],
        ...taken.map(({ event }) => event.subject),
      ],
    });
    return taken.length;
  }

  resync(place: string | null): Promise<string | null> {
    this.resyncs.push(place);
    return Promise.resolve(place === null ? "more" : null);
  }
}

/** Counts what consumers read to find out whether there is something new. */
class CountingKv extends WrappedKv {
  readonly #reads: { cursors: number; looks: number };

  constructor(inner: Deno.Kv, reads: { cursors: number; looks: number }) {
    super(inner);
    this.#reads = reads;
  }

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    if (key[1] === "cur") this.#reads.cursors += 1;
    return super.get<T>(key, options);
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    const isOfNotices = "prefix" in selector && selector.prefix[1] === "e";
    if (isOfNotices) this.#reads.looks += 1;
    return super.list<T>(selector, options);
  }
}

async function logOf(store: Store): Promise<string[]> {
  return (await get<Entry>(store, LOG_KEY)).value?.subjects ?? [];
}

/** Resolves once the store's log has as many subjects. */
async function untilLogged(store: Store, count: number): Promise<string[]> {
  while (true) {
    const subjects = await logOf(store);
    if (subjects.length >= count) return subjects;
    await new Promise<void>((resolve) => store.clock.after(20, resolve));
  }
}

const consumersOf = (store: Store, consumer: Consumer) => {
  const consumers = new Consumers(store, silentLogger());
  consumers.add(consumer);
  return consumers;
};

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `s${from + index}`);

Deno.test("Consumers: events that come before the cursor are the resync's, those after it come one by one", async () => {
  using test = await openTestStore();
  const { store } = test;
  await emit(store, ["before"]);
  const recorder = new Recorder(store);
  const consumers = consumersOf(store, recorder);
  consumers.start();
  await test.drive((async () => {
    while (
      (await get<{ sync?: null }>(store, cursorKey("recorder"))).value
          ?.sync !== undefined || recorder.resyncs.length < 2
    ) await new Promise<void>((resolve) => store.clock.after(20, resolve));
    await emit(store, ["s0", "s1"]);
    await emit(store, ["s2"]);
    assert.deepEqual(await untilLogged(store, 3), ["s0", "s1", "s2"]);
  })());
  assert.deepEqual(recorder.resyncs, [null, "more"]);
  await test.drive(consumers.stop());
});

Deno.test("Consumers: a handler that takes part of an atomic gets the rest next", async () => {
  using test = await openTestStore();
  const { store } = test;
  const recorder = new Recorder(store);
  recorder.most = 2;
  const consumers = consumersOf(store, recorder);
  consumers.start();
  await test.drive((async () => {
    while (recorder.resyncs.length < 2) {
      await new Promise<void>((resolve) => store.clock.after(20, resolve));
    }
    await emit(store, numbered(0, 5));
    await emit(store, ["t0"], "wsp_2");
    await emit(store, numbered(5, 8));
    assert.deepEqual(await untilLogged(store, 9), [
      ...numbered(0, 5),
      "t0",
      ...numbered(5, 8),
    ]);
  })());
  await test.drive(consumers.stop());
});

Deno.test("Consumers: a failing handler is tried again and stops no other consumer", async () => {
  using test = await openTestStore();
  const { store } = test;
  let failures = 0;
  const failing: Consumer = {
    name: "failing",
    handle: () => {
      failures += 1;
      return Promise.reject(new Error("Broken"));
    },
    resync: () => Promise.resolve(null),
  };
  const recorder = new Recorder(store);
  const consumers = new Consumers(store, silentLogger());
  consumers.add(failing);
  consumers.add(recorder);
  consumers.start();
  await test.drive((async () => {
    while (recorder.resyncs.length < 2) {
      await new Promise<void>((resolve) => store.clock.after(20, resolve));
    }
    await emit(store, ["s0"]);
    await untilLogged(store, 1);
    while (failures < 3) {
      await new Promise<void>((resolve) => store.clock.after(100, resolve));
    }
    await emit(store, ["s1"]);
    assert.deepEqual(await untilLogged(store, 2), ["s0", "s1"]);
  })());
  await test.drive(consumers.stop());
});

Deno.test("Consumers: events that were erased before they were read are made up for by a resync", async () => {
  using test = await openTestStore();
  const { store } = test;
  const recorder = new Recorder(store);
  const resynced = async (times: number) => {
    const consumers = consumersOf(store, recorder);
    consumers.start();
    await test.drive((async () => {
      for (let looks = 0; looks < 500; looks += 1) {
        if (recorder.resyncs.length >= times) return;
        await new Promise<void>((resolve) => store.clock.after(20, resolve));
      }
    })());
    await test.drive(consumers.stop());
    assert.equal(recorder.resyncs.length, times);
  };
  await resynced(2);
  await test.drive(emit(store, ["s0"]));
  const [{ key, versionstamp, value }] = await test.drive(
    Array.fromAsync(list<Entry>(store, { prefix: [WORKSPACE, "e"] })),
  );
  const unit = new UnitOfWork().guard(key, versionstamp, value).delete(key);
  assert.ok((await test.drive(commit(store, unit))).ok);
  await resynced(4);
});

Deno.test("Consumers: a cursor of another generation begins anew", async () => {
  using test = await openTestStore();
  const { store } = test;
  const first = new Recorder(store);
  const consumers = consumersOf(store, first);
  consumers.start();
  const settled = async (recorder: Recorder) => {
    while (recorder.resyncs.length < 2) {
      await new Promise<void>((resolve) => store.clock.after(20, resolve));
    }
  };
  await test.drive(settled(first));
  await test.drive(consumers.stop());
  const generation = await get(store, generationKey());
  await commit(
    store,
    new UnitOfWork().guard(generationKey(), generation.versionstamp, {
      v: 1,
      gen: "another",
    }),
  );
  const restored = { ...store, generation: "another" };
  const second = new Recorder(restored);
  const again = consumersOf(restored, second);
  again.start();
  await test.drive(settled(second));
  await test.drive(again.stop());
  assert.deepEqual(second.resyncs, [null, "more"]);
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`Consumers: two of one store apply each event once and in order, whatever the store does and whoever dies (seed ${seed})`, async () => {
    using test = await openTestStore();
    const { store, calm, faults } = test;
    // Two of one kind over the same faulty store are what two processes are to it.
    const running = [
      consumersOf(store, new Recorder(calm)),
      consumersOf(store, new Recorder(calm)),
    ];
    running[0].start();
    await test.drive((async () => {
      while (
        (await get<{ sync?: null }>(calm, cursorKey("recorder"))).value
            ?.sync !== undefined ||
        (await get(calm, cursorKey("recorder"))).value === null
      ) await new Promise<void>((resolve) => store.clock.after(20, resolve));
    })());
    running[1].start();
    faults.randomly(seed, 0.2, BRIEF_FAULTS);
    await test.drive((async () => {
      for (let round = 0; round < 30; round += 1) {
        await emit(calm, numbered(round * 3, round * 3 + 3));
        if (round % 7 === 3) {
          const dying = running.shift()!;
          const next = consumersOf(store, new Recorder(calm));
          running.push(next);
          next.start();
          await dying.stop();
        }
        await new Promise<void>((resolve) => store.clock.after(50, resolve));
      }
      await untilLogged(calm, 90);
    })());
    faults.heal();
    await test.drive(Promise.all(running.map((each) => each.stop())));
    assert.deepEqual(await logOf(calm), numbered(0, 90));
  });
}

Deno.test("Consumers: events of another process on the same file arrive by polling", async () => {
  const folder = await Deno.makeTempDir();
  const [one, other] = [
    await openStore({ location: `${folder}/freshet.db` }),
    await openStore({ location: `${folder}/freshet.db` }),
  ];
  const recorder = new Recorder(one);
  const consumers = consumersOf(one, recorder);
  try {
    consumers.start();
    while (recorder.resyncs.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await emit(other, ["s0"]);
    assert.deepEqual(await untilLogged(one, 1), ["s0"]);
  } finally {
    await consumers.stop();
    one.close();
    other.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Consumers: that have nothing to do read one row a poll, and still hear of what comes", async () => {
  const folder = await Deno.makeTempDir();
  const location = `${folder}/freshet.db`;
  const reads = { cursors: 0, looks: 0 };
  const [idle, other] = [
    await openStore({ location, wrap: (kv) => new CountingKv(kv, reads) }),
    await openStore({ location }),
  ];
  const recorder = new Recorder(idle);
  const consumers = consumersOf(idle, recorder);
  const looksAgain = async (looks: number) => {
    const before = reads.looks;
    while (reads.looks < before + looks) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  try {
    await emit(other, ["before"]);
    consumers.start();
    // The last step of the resync, the step that finds nothing, and a poll.
    while (recorder.resyncs.length < 2) await looksAgain(1);
    await looksAgain(2);
    const { cursors } = reads;
    await looksAgain(2);
    assert.equal(reads.cursors, cursors);
    await emit(other, ["s0"]);
    assert.deepEqual(await untilLogged(other, 1), ["s0"]);
  } finally {
    await consumers.stop();
    idle.close();
    other.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Consumers.add: a name that is taken is refused", async () => {
  using test = await openTestStore();
  const consumers = consumersOf(test.store, new Recorder(test.store));
  assert.throws(() => consumers.add(new Recorder(test.store)), /recorder/);
});
