import assert from "node:assert/strict";
import { FencedError } from "@/lib/errors.ts";
import { commit } from "./commit.ts";
import { fence, fenceDead, type FencedIncarnation } from "./fence.ts";
import { type Incarnation, startIncarnation } from "./incarnation.ts";
import { fenceKey, laneKey, ownKey, runKey } from "./keys.ts";
import type { LaneHead } from "./lane_writer.ts";
import { openStore } from "./open.ts";
import { get } from "./reads.ts";
import type { Store } from "./store.ts";
import { openTestStore } from "./testing/test_store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

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

const owned = async (fenced: FencedIncarnation) =>
  (await Array.fromAsync(fenced.owned())).map(({ kind, id, workspace }) =>
    `${kind} ${id} ${workspace}`
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

Deno.test("startIncarnation: fence key and lane head are born together", async () => {
  using test = await openTestStore();
  const { id } = await startIncarnation(test.store, { host: "h", build: "b" });
  const born = await get(test.store, fenceKey(id));
  const head = await get<LaneHead>(test.store, laneKey(id, 0));
  assert.equal(born.versionstamp, head.versionstamp);
  assert.equal(head.value?.n, 0);
  assert.equal(head.value?.state, "open");
});

Deno.test("startIncarnation: a birth whose answer is lost is one birth", async () => {
  using test = await openTestStore();
  test.faults.script("loseAck");
  const incarnation = await test.drive(startIncarnation(test.store));
  await incarnation.lane.write({
    urgency: "now",
    sets: [{ key: ["k"], value: { v: 1 } }],
  });
  assert.equal(incarnation.lane.n, 1);
});

Deno.test("Incarnation.checkFence: a unit that names a fenced owner does not commit", async () => {
  using test = await openTestStore();
  const incarnation = await startIncarnation(test.store);
  const start = (run: string) => {
    const unit = new UnitOfWork()
      .guard(runKey("wsp_1", run), null, { v: 1 });
    return commit(test.store, incarnation.checkFence(unit));
  };
  assert.equal((await start("run_1")).ok, true);
  await fence(test.store, incarnation.id);
  assert.deepEqual(await start("run_2"), { ok: false, reason: "conflict" });
});

Deno.test("fence: keeps number and token of the last batch, and is told as done when its answer is lost", async () => {
  using test = await openTestStore();
  const { id, lane } = await startIncarnation(test.store);
  await lane.renew();
  const key = laneKey(id, 0);
  const before = await get<LaneHead>(test.store, key);
  test.faults.script("twice");
  assert.equal(await test.drive(fence(test.store, id)), true);
  const after = await get<LaneHead>(test.store, key);
  assert.equal(after.value?.state, "fenced");
  assert.equal(after.value?.n, before.value?.n);
  assert.equal(after.value?.token, before.value?.token);
  assert.equal(after.value?.replaced, before.versionstamp);
  assert.equal((await get(test.store, fenceKey(id))).value, null);
});

Deno.test("fence: fences once", async () => {
  using test = await openTestStore();
  const { id } = await startIncarnation(test.store);
  assert.equal(await fence(test.store, id), true);
  assert.equal(await fence(test.store, id), false);
});

Deno.test("fenceDead: in memory nobody else is fenced", async () => {
  using test = await openTestStore();
  const first = await startIncarnation(test.store);
  const second = await startIncarnation(test.store);
  assert.deepEqual(await fenceDead(test.store, second.id), []);
  await own(first, "run_1");
});

Deno.test("fenceDead: without locks an incarnation that has drained is fenced", async () => {
  using test = await openTestStore();
  const first = await startIncarnation(test.store);
  await own(first, "run_1");
  assert.equal(await first.release(1_000), true);
  const second = await startIncarnation(test.store);
  const fenced = await fenceDead(test.store, second.id);
  assert.deepEqual(fenced.map(({ id }) => id), [first.id]);
  assert.deepEqual(await owned(fenced[0]), ["r run_1 wsp_1"]);
});

Deno.test("fenceDead: two live incarnations on one file leave each other alone", async () => {
  await onFile(async (_path, open) => {
    const [one, other] = [await open(), await open()];
    const first = await startIncarnation(one);
    const second = await startIncarnation(other);
    assert.deepEqual(await fenceDead(one, first.id), []);
    assert.deepEqual(await fenceDead(other, second.id), []);
    await own(first, "run_1");
    await own(second, "run_2");
    await first.release(5_000);
    await second.release(5_000);
  });
});

Deno.test("fenceDead: a killed process is fenced at once by its lock, a live one is not", async () => {
  await onFile(async (path, open) => {
    const dead = await spawnOwner(path, "run_dead");
    const alive = await spawnOwner(path, "run_alive");
    try {
      const store = await open();
      const incarnation = await startIncarnation(store);
      assert.deepEqual(await fenceDead(store, incarnation.id), []);
      await dead.kill();
      const fenced = await fenceDead(store, incarnation.id);
      assert.deepEqual(fenced.map(({ id }) => id), [dead.id]);
      assert.deepEqual(await owned(fenced[0]), ["r run_dead wsp_1"]);
      await incarnation.release(5_000);
    } finally {
      await alive.kill();
    }
  });
});

Deno.test("fenceDead: a frozen process keeps its lock and is left alone", async () => {
  await onFile(async (path, open) => {
    const frozen = await spawnOwner(path, "run_1");
    try {
      frozen.freeze();
      const store = await open();
      const incarnation = await startIncarnation(store);
      assert.deepEqual(await fenceDead(store, incarnation.id), []);
      await incarnation.release(5_000);
    } finally {
      await frozen.kill();
    }
  });
});

Deno.test("fenceDead: what a fenced incarnation owned is found again until somebody has taken it over", async () => {
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
      const [fenced] = await fenceDead(store, second.id);
      assert.deepEqual(await owned(fenced), left);
      const { value: row } = await fenced.owned().next();
      await second.lane.write({ urgency: "now", deletes: [row!.key] });
    }
    assert.deepEqual(await fenceDead(store, second.id), []);
    await second.release(5_000);
  });
});

Deno.test("fenceDead: an owner that was fenced in error learns it and writes nothing more", async () => {
  await onFile(async (path, open) => {
    const [one, other] = [await open(), await open()];
    const first = await startIncarnation(one);
    // Somebody has cleared the folder of locks: it looks as if nobody lived.
    await Deno.remove(`${path.replace("freshet.db", "")}inc/${first.id}`);
    const second = await startIncarnation(other);
    const fenced = await fenceDead(other, second.id);
    assert.deepEqual(fenced.map(({ id }) => id), [first.id]);
    await assert.rejects(own(first, "run_1"), FencedError);
    assert.equal(await first.release(5_000), false);
    await second.release(5_000);
  });
});

Deno.test("Incarnation.release: leaves no lock behind", async () => {
  await onFile(async (path, open) => {
    const incarnation = await startIncarnation(await open());
    const locks = `${path.replace("freshet.db", "")}inc`;
    assert.equal((await Array.fromAsync(Deno.readDir(locks))).length, 1);
    await incarnation.release(5_000);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(locks)), []);
  });
});
