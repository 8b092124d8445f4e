import assert from "node:assert/strict";
import { FencedError } from "@/lib/errors.ts";
import type { OwnedIncarnation } from "./fence.ts";
import { type Incarnation, startIncarnation } from "./incarnation.ts";
import { logPageKey, ownKey } from "./keys.ts";
import { openStore } from "./open.ts";
import { Reaper } from "./reaper.ts";
import type { Store } from "./store.ts";
import { openTestStore } from "./testing/test_store.ts";

/** A store on a file in a folder of its own, for as many processes as a test wants. */
async function onFile(
  test: (path: string, open: () => Promise<Store>) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  const stores: Store[] = [];
  try {
    await test(path, async () => {
      const store = await openStore({ location: path });
      stores.push(store);
      return store;
    });
  } finally {
    for (const store of stores) store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const own = ({ id, lane }: Incarnation, run: string) =>
  lane.write({
    sets: [{ key: ownKey(id, "r", run), value: { v: 1, ws: "wsp_1" } }],
    urgency: "now",
  });

const owned = async (fenced: OwnedIncarnation) =>
  (await Array.fromAsync(fenced.owned())).map(({ kind, id, space }) =>
    `${kind} ${id} ${space}`
  );

/** Starts a process that owns a run; its id, and how to kill it as the system does. */
async function spawnOwner(path: string, run: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-read",
      "--allow-write",
      new URL("./testing/hold_incarnation.ts", import.meta.url).pathname,
      path,
      run,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  let line = "";
  while (!line.endsWith("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The owner ended before it said its id");
    line += new TextDecoder().decode(value);
  }
  return {
    id: line.trim(),
    /** Stops it where it is; it keeps all it holds. */
    freeze: () => child.kill("SIGSTOP"),
    async kill() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/** A reaper of a process, what it has fenced, and what it was told to own itself. */
function reaperOf(store: Store, own: string) {
  const fenced: OwnedIncarnation[] = [];
  const owning: OwnedIncarnation[] = [];
  const errors: unknown[] = [];
  const reaper = new Reaper(store, {
    own: () => own,
    onFenced: (incarnation) => {
      fenced.push(incarnation);
      return Promise.resolve();
    },
    onOwning: (incarnation) => {
      owning.push(incarnation);
      return Promise.resolve();
    },
    onError: (error) => errors.push(error),
  });
  return { reaper, fenced, owning, errors };
}

/** What a process finds that looks once. */
async function sweepOnce(store: Store, own: string) {
  const { reaper, fenced } = reaperOf(store, own);
  await reaper.sweep();
  return fenced;
}

Deno.test("Reaper: without locks a live incarnation is not fenced", async () => {
  using test = await openTestStore();
  const first = await startIncarnation(test.store);
  const second = await startIncarnation(test.store);
  assert.deepEqual(await sweepOnce(test.store, second.id), []);
  await own(first, "run_1");
});

Deno.test("Reaper: without locks an incarnation that has drained is fenced", async () => {
  using test = await openTestStore();
  const first = await startIncarnation(test.store);
  await own(first, "run_1");
  assert.equal(await first.release(1_000), true);
  const second = await startIncarnation(test.store);
  const fenced = await sweepOnce(test.store, second.id);
  assert.deepEqual(fenced.map(({ id }) => id), [first.id]);
  assert.deepEqual(await owned(fenced[0]), ["r run_1 wsp_1"]);
});

Deno.test("Reaper: two live incarnations on one file leave each other alone", async () => {
  await onFile(async (_path, open) => {
    const [one, other] = [await open(), await open()];
    const first = await startIncarnation(one);
    const second = await startIncarnation(other);
    assert.deepEqual(await sweepOnce(one, first.id), []);
    assert.deepEqual(await sweepOnce(other, second.id), []);
    await own(first, "run_1");
    await own(second, "run_2");
    await first.release(5_000);
    await second.release(5_000);
  });
});

Deno.test("Reaper: a killed process is fenced at once by its lock, a live one is not", async () => {
  await onFile(async (path, open) => {
    const dead = await spawnOwner(path, "run_dead");
    const alive = await spawnOwner(path, "run_alive");
    try {
      const store = await open();
      const incarnation = await startIncarnation(store);
      assert.deepEqual(await sweepOnce(store, incarnation.id), []);
      await dead.kill();
      const fenced = await sweepOnce(store, incarnation.id);
      assert.deepEqual(fenced.map(({ id }) => id), [dead.id]);
      assert.deepEqual(await owned(fenced[0]), ["r run_dead wsp_1"]);
      await incarnation.release(5_000);
    } finally {
      await alive.kill();
    }
  });
});

Deno.test("Reaper: a frozen process keeps its lock and is left alone at first", async () => {
  await onFile(async (path, open) => {
    const frozen = await spawnOwner(path, "run_1");
    try {
      frozen.freeze();
      const store = await open();
      const incarnation = await startIncarnation(store);
      assert.deepEqual(await sweepOnce(store, incarnation.id), []);
      await incarnation.release(5_000);
    } finally {
      await frozen.kill();
    }
  });
});

Deno.test("Reaper: what a fenced incarnation owned is found again until somebody has taken it over", async () => {
  await onFile(async (_path, open) => {
    const store = await open();
    const first = await startIncarnation(store);
    await own(first, "run_1");
    await own(first, "run_2");
    await first.release(5_000);
    const second = await startIncarnation(store);
    for (
      const left of [["r run_1 wsp_1", "r run_2 wsp_1"], ["r run_2 wsp_1"]]
    ) {
      const [fenced] = await sweepOnce(store, second.id);
      assert.deepEqual(await owned(fenced), left);
      const { value: row } = await fenced.owned().next();
      await second.lane.write({ urgency: "now", deletes: [row!.key] });
    }
    assert.deepEqual(await sweepOnce(store, second.id), []);
    await second.release(5_000);
  });
});

Deno.test("Reaper: pages that a fenced incarnation left in the log are found again until they are gone", async () => {
  await onFile(async (_path, open) => {
    const store = await open();
    const first = await startIncarnation(store);
    const log = [new Uint8Array([1])];
    const { n } = await first.lane.write({ log, urgency: "now" });
    await first.release(5_000);
    const second = await startIncarnation(store);
    await second.lane.write({ log, urgency: "now" });
    for (let round = 0; round < 2; round += 1) {
      const found = await sweepOnce(store, second.id);
      assert.deepEqual(found.map(({ id }) => id), [first.id]);
    }
    const page = logPageKey(first.id, 0, n, 0);
    await second.lane.write({ urgency: "now", deletes: [page] });
    assert.deepEqual(await sweepOnce(store, second.id), []);
    await second.release(5_000);
  });
});

Deno.test("Reaper: a process looks at what it owns itself, which is not for others to take over", async () => {
  await onFile(async (_path, open) => {
    const store = await open();
    const incarnation = await startIncarnation(store);
    await own(incarnation, "run_1");
    const { reaper, fenced, owning } = reaperOf(store, incarnation.id);
    await reaper.sweep();
    assert.deepEqual(fenced, []);
    assert.deepEqual(owning.map(({ id }) => id), [incarnation.id]);
    assert.deepEqual(await owned(owning[0]), ["r run_1 wsp_1"]);
    await incarnation.release(5_000);
  });
});

Deno.test("Reaper: an owner that was fenced in error learns it and writes nothing more", async () => {
  await onFile(async (path, open) => {
    const [one, other] = [await open(), await open()];
    const first = await startIncarnation(one);
    // Somebody has cleared the folder of locks: it looks as if nobody lived.
    await Deno.remove(`${path.replace("freshet.db", "")}inc/${first.id}`);
    const second = await startIncarnation(other);
    const fenced = await sweepOnce(other, second.id);
    assert.deepEqual(fenced.map(({ id }) => id), [first.id]);
    await assert.rejects(own(first, "run_1"), FencedError);
    assert.equal(await first.release(5_000), false);
    await second.release(5_000);
  });
});

/** A store as of a machine of its own: no locks, so only time tells who is alive. */
async function remotely() {
  const test = await openTestStore();
  const store: Store = { ...test.store, kind: "remote" };
  const dead = await startIncarnation(store);
  await own(dead, "run_1");
  const { id } = await startIncarnation(store);
  return { ...test, store, dead, id, ...reaperOf(store, id) };
}

Deno.test("Reaper: an incarnation whose head stands still for ten seconds is fenced, no sooner", async () => {
  using test = await remotely();
  await test.reaper.sweep();
  test.clock.advance(9_900);
  await test.reaper.sweep();
  assert.deepEqual(test.fenced, []);
  test.clock.advance(200);
  await test.reaper.sweep();
  assert.deepEqual(test.fenced.map(({ id }) => id), [test.dead.id]);
});

Deno.test("Reaper: an incarnation that renews its head lives on, however late it is", async () => {
  using test = await remotely();
  for (let round = 0; round < 5; round += 1) {
    await test.reaper.sweep();
    test.clock.advance(9_000);
    await test.dead.lane.renew();
    test.clock.advance(2_000);
  }
  await test.reaper.sweep();
  assert.deepEqual(test.fenced, []);
});

Deno.test("Reaper: whoever stood still himself does not say that others did", async () => {
  using test = await remotely();
  const originalAfter = test.clock.after.bind(test.clock);
  let callback: (() => void) | null = null;
  // The timer of the next sweep fires when this test says so, as after a frozen process's thaw.
  test.store.clock.after = (_ms, run) => {
    callback = run;
    return () => {};
  };
  test.reaper.start();
  const sweepNow = async (lateMs: number) => {
    test.store.clock.after = originalAfter;
    test.clock.advance(lateMs);
    const run = callback!;
    test.store.clock.after = (_ms, next) => {
      callback = next;
      return () => {};
    };
    callback = null;
    run();
    while (callback === null) await new Promise((go) => setTimeout(go, 1));
  };
  await sweepNow(0);
  await sweepNow(60_000);
  assert.deepEqual(test.fenced, [], "a minute without a sweep proves nothing");
  await sweepNow(500);
  assert.deepEqual(test.fenced, []);
  test.store.clock.after = originalAfter;
  await test.reaper.stop();
});

Deno.test("Reaper: a sweep that fails is told, and forgets what it had seen", async () => {
  using test = await remotely();
  await test.reaper.sweep();
  test.clock.advance(11_000);
  test.faults.scriptReads("fail");
  await assert.rejects(test.reaper.sweep());
  await test.reaper.sweep();
  assert.deepEqual(test.fenced, [], "it has to be seen standing still anew");
});
