import assert from "node:assert/strict";
import fc from "fast-check";
import { StorageError } from "@/lib/errors.ts";
import type { LaneEntry, Urgency } from "./batcher.ts";
import { type IncarnationOptions, startIncarnation } from "./incarnation.ts";
import { laneKey } from "./keys.ts";
import type { Lane } from "./lane.ts";
import type { LaneHead } from "./lane_writer.ts";
import { get, list } from "./reads.ts";
import { openTestStore } from "./testing/test_store.ts";

async function openLane(lane: IncarnationOptions["lane"] = {}) {
  const test = await openTestStore();
  const incarnation = await startIncarnation(test.store, { lane });
  const born = test.faults.commits;
  return {
    ...test,
    incarnation,
    lane: incarnation.lane,
    /** Commits since the birth of the lane. */
    sent: () => test.faults.commits - born,
  };
}

const entry = (
  name: string | number,
  urgency: Urgency,
  text = "",
): LaneEntry => ({
  sets: [{ key: ["row", name], value: { v: 1, text } }],
  urgency,
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Lets everything that needs no time happen. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

Deno.test("Lane.write: what is told as written can be read, under the versionstamp told", async () => {
  using test = await openLane();
  const { versionstamp } = await test.lane.write(entry("a", "now", "text"));
  assert.deepEqual(await get(test.store, ["row", "a"]), {
    key: ["row", "a"],
    value: { v: 1, text: "text" },
    versionstamp,
  });
});

Deno.test("Lane.write: entries of one turn share a commit", async () => {
  using test = await openLane();
  const writes = Array.from(
    { length: 100 },
    (_, index) => test.lane.write(entry(index, "now")),
  );
  await Promise.all(writes);
  assert.equal(test.sent(), 1);
});

Deno.test("Lane.write: one commit is in flight; what comes meanwhile leaves with the next", async () => {
  using test = await openLane();
  test.faults.script("holdBriefly");
  const first = test.lane.write(entry("first", "now"));
  await settle();
  const others: Promise<unknown>[] = [];
  for (let index = 0; index < 20; index += 1) {
    others.push(test.lane.write(entry(index, "now")));
    await turn();
  }
  assert.equal(test.sent(), 1);
  await test.faults.applyHeld();
  await Promise.all([first, ...others]);
  assert.equal(test.sent(), 2);
});

Deno.test("Lane.write: a soon entry waits its time and no longer", async () => {
  using test = await openLane({ soonMs: 50 });
  const write = test.lane.write(entry("a", "soon"));
  test.clock.advance(49);
  await settle();
  assert.equal(test.sent(), 0);
  test.clock.advance(1);
  await write;
  assert.equal(test.sent(), 1);
});

Deno.test("Lane.write: a soon entry rides along with a now entry", async () => {
  using test = await openLane();
  const soon = test.lane.write(entry("a", "soon"));
  await test.lane.write(entry("b", "now"));
  await soon;
  assert.equal(test.sent(), 1);
});

Deno.test("Lane.write: a full batch of soon entries does not wait", async () => {
  using test = await openLane();
  const writes = Array.from(
    { length: 400 },
    (_, index) => test.lane.write(entry(index, "soon")),
  );
  await Promise.all(writes);
  assert.equal(test.sent(), 1);
});

for (
  const { limit, entries, commits } of [
    { limit: "400 mutations", entries: 801, commits: 3, bytes: 0 },
    { limit: "600 KiB", entries: 21, commits: 3, bytes: 60_000 },
  ].map(({ bytes, ...row }) => ({
    ...row,
    entries: Array.from(
      { length: row.entries },
      (_, index) => entry(index, "now", "x".repeat(bytes)),
    ),
  }))
) {
  Deno.test(`Lane.write: a batch closes at ${limit}`, async () => {
    using test = await openLane();
    await Promise.all(entries.map((each) => test.lane.write(each)));
    assert.equal(test.sent(), commits);
  });
}

Deno.test("Lane.write: a batch closes at 64 KiB of key bytes", async () => {
  using test = await openLane();
  const name = "k".repeat(1_900);
  const writes = Array.from(
    { length: 40 },
    (_, index) => test.lane.write(entry(`${name}${index}`, "now")),
  );
  await Promise.all(writes);
  assert.equal(test.sent(), 2);
});

Deno.test("Lane.write: rows end as if each entry had been written alone, in order", async () => {
  const urgency = fc.constantFrom<Urgency>("now", "soon");
  const names = fc.array(fc.nat(4), { maxLength: 3 });
  const entries = fc.array(fc.record({ urgency, sets: names, deletes: names }));
  await fc.assert(
    fc.asyncProperty(entries, async (described) => {
      using test = await openLane();
      const expected = new Map<number, string>();
      const writes: Promise<unknown>[] = [];
      for (const [index, { urgency, sets, deletes }] of described.entries()) {
        if (sets.length + deletes.length === 0) continue;
        for (const name of sets) expected.set(name, `${index}`);
        for (const name of deletes) expected.delete(name);
        writes.push(test.lane.write({
          urgency,
          sets: sets.map((name) => ({
            key: ["row", name],
            value: { v: 1, text: `${index}` },
          })),
          deletes: deletes.map((name) => ["row", name]),
        }));
        if (index % 3 === 0) await turn();
      }
      await test.drive(Promise.all(writes));
      const rows = await Array.fromAsync(
        list<{ text: string }>(test.store, { prefix: ["row"] }),
      );
      assert.deepEqual(
        rows.map(({ key, value }) => [key[1], value.text]),
        [...expected].sort(([a], [b]) => a - b),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("Lane.write: an entry that is too large is told to its writer, its neighbours commit", async () => {
  using test = await openLane();
  const [before, large, after] = await Promise.allSettled([
    test.lane.write(entry("before", "now")),
    test.lane.write(entry("large", "now", "x".repeat(70_000))),
    test.lane.write(entry("after", "now")),
  ]);
  assert.equal(before.status, "fulfilled");
  assert.equal(after.status, "fulfilled");
  assert.ok(large.status === "rejected" && large.reason instanceof TypeError);
  assert.match(large.reason.message, /Value of key \["row","large"\]/);
});

for (
  const [what, wrong] of [
    ["nothing to write", { urgency: "now" }],
    [
      "more mutations than a batch takes",
      {
        urgency: "now",
        deletes: Array.from({ length: 401 }, (_, index) => ["d", index]),
      },
    ],
    [
      "a value that cannot be stored",
      { urgency: "now", sets: [{ key: ["f"], value: { v: 1, f: () => {} } }] },
    ],
  ] satisfies [string, LaneEntry][]
) {
  Deno.test(`Lane.write: an entry with ${what} is refused before it is sent`, async () => {
    using test = await openLane();
    await assert.rejects(test.lane.write(wrong), { name: "TypeError" });
    assert.equal(test.sent(), 0);
  });
}

Deno.test("Lane.write: an entry that only the store refuses fails alone", async () => {
  using test = await openLane();
  // The place of a versionstamp must be the last part of a key, which the store alone checks.
  const poison: LaneEntry = {
    urgency: "now",
    sets: [{
      key: [test.store.kv.commitVersionstamp(), "x"],
      value: { v: 1 },
    }],
  };
  const writes = Array.from(
    { length: 50 },
    (_, index) => test.lane.write(index === 33 ? poison : entry(index, "now")),
  );
  const results = await Promise.allSettled(writes);
  const failed = results.flatMap(({ status }, index) =>
    status === "rejected" ? [index] : []
  );
  assert.deepEqual(failed, [33]);
  const rows = await Array.fromAsync(list(test.store, { prefix: ["row"] }));
  assert.equal(rows.length, 49);
  assert.equal(test.lane.state, "open");
});

Deno.test("Lane.write: batches are numbered without a gap, refused ones not at all", async () => {
  using test = await openLane();
  test.faults.script(null, "refuse", null);
  await test.lane.write(entry("a", "now"));
  await assert.rejects(test.lane.write(entry("b", "now")));
  await test.lane.write(entry("c", "now"));
  const head = await get<LaneHead>(
    test.store,
    laneKey(test.incarnation.id, 0),
  );
  assert.equal(head.value?.n, 2);
  assert.equal(test.lane.n, 2);
});

async function fill(lane: Lane, urgency: Urgency, text: string) {
  const writes: Promise<unknown>[] = [];
  while (true) {
    const write = lane.write(entry(writes.length, urgency, text));
    const refusal = await Promise.race([
      write.then(() => null, (error) => error),
      turn(),
    ]);
    if (refusal instanceof Error) return { writes, refusal };
    writes.push(write);
  }
}

Deno.test("Lane.write: what waits stays within its bound, with room left for what is urgent", async () => {
  using test = await openLane({ maxPendingBytes: 100_000 });
  test.faults.script("holdBriefly");
  const first = test.lane.write(entry("first", "now"));
  const soon = await fill(test.lane, "soon", "x".repeat(10_000));
  assert.ok(soon.refusal instanceof StorageError);
  assert.equal(soon.refusal.code, "storage_busy");
  assert.ok(
    test.lane.pendingBytes > 60_000 && test.lane.pendingBytes <= 75_000,
  );
  const now = await fill(test.lane, "now", "y".repeat(10_000));
  assert.ok(now.writes.length >= 2);
  assert.ok(test.lane.pendingBytes <= 100_000);
  await test.faults.applyHeld();
  await test.drive(Promise.all([first, ...soon.writes, ...now.writes]));
  assert.equal(test.lane.pendingBytes, 0);
});

Deno.test("Lane.ready: waits while more than half of the bound is pending", async () => {
  using test = await openLane({ maxPendingBytes: 100_000 });
  test.faults.script("holdBriefly");
  const writes = [
    test.lane.write(entry("a", "now", "x".repeat(60_000))),
  ];
  let ready = false;
  const waiting = test.lane.ready().then(() => {
    ready = true;
  });
  await settle();
  assert.equal(ready, false);
  await test.faults.applyHeld();
  await Promise.all([waiting, ...writes]);
  assert.equal(ready, true);
});

Deno.test("Lane.ready: ends with its signal", async () => {
  using test = await openLane({ maxPendingBytes: 1_000 });
  test.faults.script("holdBriefly");
  const write = test.lane.write(entry("a", "now", "x".repeat(900)));
  const abort = new AbortController();
  const waiting = test.lane.ready(abort.signal);
  abort.abort(new Error("Gone"));
  await assert.rejects(waiting, /Gone/);
  await settle();
  await test.faults.applyHeld();
  await write;
});

Deno.test("Lane.write: a signal takes an entry back while it waits, not once it is on its way", async () => {
  using test = await openLane();
  test.faults.script("holdBriefly");
  const abort = new AbortController();
  const { signal } = abort;
  const sent = test.lane.write(entry("sent", "now"), { signal });
  await settle();
  const waiting = test.lane.write(entry("waiting", "now"), { signal });
  abort.abort(new Error("Gone"));
  await assert.rejects(waiting, /Gone/);
  await test.faults.applyHeld();
  await sent;
  assert.notEqual((await get(test.store, ["row", "sent"])).value, null);
  assert.equal((await get(test.store, ["row", "waiting"])).value, null);
  assert.equal(test.lane.pendingBytes, 0);
});

Deno.test("Lane.renew: moves the head and writes nothing else", async () => {
  using test = await openLane();
  const key = laneKey(test.incarnation.id, 0);
  const before = await get<LaneHead>(test.store, key);
  test.clock.advance(1_000);
  const { versionstamp } = await test.lane.renew();
  const after = await get<LaneHead>(test.store, key);
  assert.equal(after.versionstamp, versionstamp);
  assert.equal(after.value!.at, before.value!.at + 1_000);
  assert.equal(after.value!.n, 1);
});
