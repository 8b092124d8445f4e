import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ALL_FAULTS, type CommitFault, FaultKv } from "./fault_kv.ts";

async function outcome(
  promise: Promise<Deno.KvCommitResult | Deno.KvCommitError>,
  faults: FaultKv,
): Promise<string> {
  let told = "nothing";
  promise.then(
    ({ ok }) => told = `ok: ${ok}`,
    (error) => told = error.name,
  );
  do await nextTurn(); while (faults.busy > 0);
  await nextTurn();
  return told;
}

for (
  const [fault, told, applied, later] of [
    ["drop", "InjectedError", false, false],
    ["loseAck", "InjectedError", true, true],
    ["twice", "ok: false", true, true],
    ["deny", "ok: false", true, true],
    ["hold", "nothing", false, true],
    ["holdBriefly", "nothing", false, true],
    ["mute", "nothing", true, true],
    ["hang", "nothing", false, false],
    ["locked", "TypeError", false, false],
    ["refuse", "TypeError", false, false],
    [null, "ok: true", true, true],
  ] satisfies [CommitFault | null, string, boolean, boolean][]
) {
  Deno.test(`FaultKv: ${fault ?? "no fault"} does what the table says`, async () => {
    using kv = await Deno.openKv(":memory:");
    const faults = new FaultKv(kv);
    faults.script(fault);
    const commit = faults.atomic().check({ key: ["k"], versionstamp: null })
      .set(["k"], { v: 1 }).commit();
    const isThere = async () => (await kv.get(["k"])).value !== null;
    assert.equal(await outcome(commit, faults), told);
    assert.equal(await isThere(), applied);
    await faults.applyHeld();
    assert.equal(await isThere(), later);
    if (fault === "holdBriefly") {
      assert.equal(await outcome(commit, faults), "ok: true");
    }
  });
}

Deno.test("FaultKv: the same seed brings the same faults", async () => {
  const play = async (seed: number) => {
    using kv = await Deno.openKv(":memory:");
    const faults = new FaultKv(kv);
    faults.randomly(seed, 0.5);
    const told: string[] = [];
    for (let index = 0; index < 40; index += 1) {
      const commit = faults.atomic()
        .check({ key: ["k", index], versionstamp: null })
        .set(["k", index], { v: 1 }).commit();
      told.push(await outcome(commit, faults));
    }
    return told.join();
  };
  assert.equal(await play(11), await play(11));
  assert.notEqual(await play(11), await play(12));
});

Deno.test("FaultKv: chance picks from the kinds it is given, until healed", async () => {
  using kv = await Deno.openKv(":memory:");
  const faults = new FaultKv(kv);
  faults.randomly(3, 1, { ...ALL_FAULTS, commits: ["deny", "drop"] });
  const told = new Set<string>();
  for (let index = 0; index < 40; index += 1) {
    const commit = faults.atomic()
      .check({ key: ["k", index], versionstamp: null })
      .set(["k", index], { v: 1 }).commit();
    told.add(await outcome(commit, faults));
  }
  assert.deepEqual([...told].sort(), ["InjectedError", "ok: false"]);
  faults.heal();
  assert.equal((await faults.get(["k", 0])).key.length, 2);
});
