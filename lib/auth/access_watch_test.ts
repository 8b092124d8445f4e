import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import type { AppError } from "@/lib/errors.ts";
import type { Ground, GroundKind } from "./access_grounds.ts";
import { AccessWatch } from "./access_watch.ts";
import type { Caller, CallerKey } from "./caller.ts";
import { endedKeys } from "./api_key_check.ts";
import { asked, openKeyRig, someone } from "./testing/key_rig.ts";

const KEY: CallerKey = {
  id: "key_1",
  scopes: ["v1"],
  models: null,
  endpoints: null,
  isReadOnly: false,
};

/** A watch whose records say what `over` holds. */
function open(options: { fails?: () => boolean } = {}) {
  const clock = new ManualClock();
  const over = new Set<string>();
  const looks: Ground[][] = [];
  const check = (grounds: readonly Ground[]) => {
    looks.push([...grounds]);
    if (options.fails?.()) return Promise.reject(new Error("store is silent"));
    return Promise.resolve(
      grounds.filter((ground) =>
        over.has("id" in ground ? ground.id : ground.user)
      ),
    );
  };
  const watch = new AccessWatch(
    "password",
    { key: check, session: check, member: check },
    clock,
    silentLogger(),
  );
  const advance = async (ms: number) => {
    clock.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return { clock, watch, over, looks, advance };
}

function held(watch: AccessWatch, caller: Caller) {
  const ends: AppError[] = [];
  const release = watch.hold(caller, (why) => ends.push(why));
  return { ends, release };
}

const BY_KEY = someone({ key: KEY, session: null });
const BY_SESSION = someone({ session: "ses_1", user: "usr_2" });

Deno.test("AccessWatch.hold: ends once, within a second of what another process did", async () => {
  for (const gone of ["key_1", BY_KEY.user]) {
    const { watch, over, advance } = open();
    const { ends } = held(watch, BY_KEY);
    const other = held(watch, BY_SESSION);
    await advance(900);
    assert.equal(ends.length, 0);
    over.add(gone);
    await advance(500);
    await advance(500);
    assert.deepEqual(ends.map(({ code }) => code), ["invalid_api_key"]);
    assert.equal(other.ends.length, 0);
    watch.stop();
  }
});

Deno.test("AccessWatch.hold: one who is signed out is told so", async () => {
  const { watch, over, advance } = open();
  const { ends } = held(watch, BY_SESSION);
  over.add("ses_1");
  await advance(500);
  assert.deepEqual(ends.map(({ code }) => code), ["sign_in_needed"]);
  assert.equal(watch.size, 0);
});

Deno.test("AccessWatch: a thousand streams of a key are one record to look at", async () => {
  const { watch, looks, advance } = open();
  const releases = Array.from(
    { length: 1_000 },
    () => held(watch, BY_KEY).release,
  );
  await advance(400);
  const kinds: GroundKind[] = looks.flat().map(({ kind }) => kind);
  assert.deepEqual(kinds.sort(), ["key", "member"]);
  for (const release of releases) release();
  assert.equal(watch.size, 0);
});

Deno.test("AccessWatch: looks at nothing while nothing is held", async () => {
  const { watch, looks, clock, advance } = open();
  const { release } = held(watch, BY_KEY);
  await advance(400);
  const before = looks.length;
  assert.ok(before > 0);
  release();
  release();
  await advance(10_000);
  assert.equal(looks.length, before);
  assert.equal(clock.pending, 0);
});

Deno.test("AccessWatch.hold: what was over by itself is not ended", async () => {
  const { watch, over, advance } = open();
  const { ends, release } = held(watch, BY_KEY);
  release();
  over.add("key_1");
  await advance(2_000);
  watch.ended({
    kind: "key",
    user: BY_KEY.user,
    workspace: BY_KEY.workspace,
    id: "key_1",
  });
  assert.deepEqual(ends, []);
});

Deno.test("AccessWatch: a store that is silent cuts nobody off, and is asked again", async () => {
  let isSilent = true;
  const { watch, over, advance } = open({ fails: () => isSilent });
  const { ends } = held(watch, BY_KEY);
  over.add("key_1");
  await advance(400);
  await advance(400);
  assert.equal(ends.length, 0);
  isSilent = false;
  await advance(400);
  assert.equal(ends.length, 1);
});

Deno.test("AccessWatch: one that cannot be ended holds up no other", () => {
  const { watch } = open();
  watch.hold(BY_KEY, () => {
    throw new Error("Broken");
  });
  const { ends } = held(watch, BY_KEY);
  watch.changed({
    user: BY_KEY.user,
    workspace: BY_KEY.workspace,
    session: null,
    key: "key_1",
  });
  assert.equal(ends.length, 1);
  watch.stop();
});

Deno.test("AccessWatch.changed: what this process has changed is looked at without waiting", async () => {
  const { watch, over, looks, advance } = open();
  const { ends } = held(watch, BY_SESSION);
  const other = held(watch, BY_KEY);
  over.add("ses_1");
  watch.changed({
    user: BY_SESSION.user,
    workspace: null,
    session: "ses_1",
    key: null,
  });
  await advance(0);
  assert.equal(ends.length, 1);
  assert.equal(other.ends.length, 0);
  assert.deepEqual(looks.flat().map(({ kind }) => kind), ["session"]);
  watch.stop();
});

Deno.test("AccessWatch: in local mode only a key can end", () => {
  const { watch } = open();
  held(watch, someone({ mode: "local", session: null }));
  assert.equal(watch.size, 0);
  held(watch, someone({ mode: "local", session: null, key: KEY }));
  assert.equal(watch.size, 1);
  watch.stop();
});

Deno.test("AccessWatch: a key revoked or expired elsewhere ends its streams here", async () => {
  using rig = await openKeyRig();
  const { clock } = rig.test;
  const [here, there] = [rig.process(), rig.process()];
  const watch = new AccessWatch(
    "password",
    {
      key: endedKeys(here.store, clock, (ids) => here.lookup.forget(ids)),
      session: () => Promise.resolve([]),
      member: () => Promise.resolve([]),
    },
    clock,
    silentLogger(),
  );
  const caller = someone({ session: null });
  const expiresAt = new Date(clock.now() + 60_000).toISOString();
  const made = await Promise.all([
    there.keys.create(someone(), asked()),
    there.keys.create(someone(), { ...asked(), expiresAt }),
    there.keys.create(someone(), asked()),
  ]);
  const [revoked, expiring, kept] = made.map(({ key }) =>
    held(watch, { ...caller, key: { ...KEY, id: key.id } })
  );
  assert.ok(await here.keys.find(made[0].token));
  await rig.test.drive(watch.look());
  assert.deepEqual([revoked, expiring, kept].map(({ ends }) => ends.length), [
    0,
    0,
    0,
  ]);
  await rig.test.drive(
    there.keys.revoke(someone(), made[0].key.id, () => {}),
  );
  await rig.test.drive(watch.look());
  assert.equal(await here.keys.find(made[0].token), null);
  assert.equal(revoked.ends.length, 1);
  assert.equal(expiring.ends.length, 0);
  clock.advance(60_000);
  await rig.test.drive(watch.look());
  assert.equal(expiring.ends.length, 1);
  assert.equal(kept.ends.length, 0);
  watch.stop();
});
