import assert from "node:assert/strict";
import {
  cursorKey,
  eventsAfter,
  eventsTrimKey,
  generationKey,
} from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { list } from "@/lib/kv/reads.ts";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { verifyAudit } from "./audit_verify.ts";
import {
  emit,
  entries,
  made,
  startSealer,
  untilSealed,
  WORKSPACE,
  write,
} from "./testing/audit_rig.ts";

const names = (count: number, prefix = "") =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const subjects = (sealed: { subject: string }[]) =>
  sealed.map(({ subject }) => subject.slice("key_".length));

Deno.test("AuditSealer: events are chained in the order of their commits", async () => {
  using test = await openTestStore();
  const sealer = startSealer(test.store);
  const all = names(30);
  await test.drive((async () => {
    for (let from = 0; from < all.length; from += 3) {
      await emit(
        test.store,
        all.slice(from, from + 3).map((name) => made(name)),
      );
    }
    const sealed = await untilSealed(test.calm, all.length);
    assert.deepEqual(subjects(sealed), all);
    assert.deepEqual(sealed.map(({ seq }) => seq), all.map((_, i) => i + 1));
    assert.equal((await verifyAudit(test.calm, WORKSPACE)).fault, null);
    await sealer.stop();
  })());
});

Deno.test("AuditSealer: other events, and those of a user's own space, are not in the log", async () => {
  using test = await openTestStore();
  const sealer = startSealer(test.store);
  await test.drive((async () => {
    await emit(test.store, [
      { type: "run.completed", at: 0, subject: "run_1", data: {} },
      made("one"),
    ]);
    await emit(test.store, [made("lost")], `${WORKSPACE}/usr_1`);
    await emit(test.store, [made("two")]);
    const sealed = await untilSealed(test.calm, 2);
    assert.deepEqual(subjects(sealed), ["one", "two"]);
    await sealer.stop();
  })());
});

Deno.test("AuditSealer: two sealers on a store that misbehaves seal each event once, in order", async () => {
  using test = await openTestStore();
  const first = startSealer(test.store);
  const second = startSealer({ ...test.store });
  const all = names(60);
  test.faults.randomly(1, 0.2, BRIEF_FAULTS);
  await test.drive((async () => {
    for (const name of all) await emit(test.calm, [made(name)]);
    await untilSealed(test.calm, all.length);
    test.faults.heal();
    await emit(test.calm, [made("last")]);
    const sealed = await untilSealed(test.calm, all.length + 1);
    assert.deepEqual(subjects(sealed), [...all, "last"]);
    assert.equal((await verifyAudit(test.calm, WORKSPACE)).fault, null);
    await Promise.all([first.stop(), second.stop()]);
  })());
});

Deno.test("AuditSealer: more workspaces than one commit can check all get theirs", async () => {
  using test = await openTestStore();
  const workspaces = names(20, "wsp_a").map((name) => name.padEnd(8, "x"));
  await test.drive((async () => {
    for (const workspace of workspaces) {
      await emit(test.store, [made("first")], workspace);
    }
    const sealer = startSealer(test.store);
    for (const workspace of workspaces) {
      await emit(test.store, [made("second")], workspace);
    }
    for (const workspace of workspaces) {
      const sealed = await untilSealed(test.calm, 2, workspace);
      assert.deepEqual(subjects(sealed), ["first", "second"], workspace);
    }
    await sealer.stop();
  })());
});

Deno.test("AuditSealer: long events fill several pages and none of them too far", async () => {
  using test = await openTestStore();
  const sealer = startSealer(test.store);
  const long = "長".repeat(400);
  await test.drive((async () => {
    for (let index = 0; index < 12; index += 1) {
      await emit(
        test.store,
        names(20).map((name) => ({
          ...made(name),
          data: { ...made(name).data, details: { name: long } },
        })),
      );
    }
    const sealed = await untilSealed(test.calm, 240);
    assert.equal(sealed[239].details.name, long);
    assert.equal((await verifyAudit(test.calm, WORKSPACE)).fault, null);
    await sealer.stop();
  })());
});

Deno.test("AuditSealer: without its cursor it goes on where the chain ends", async () => {
  using test = await openTestStore();
  await test.drive((async () => {
    const first = startSealer(test.store);
    await emit(test.store, [made("one")]);
    await untilSealed(test.calm, 1);
    await first.stop();
    await emit(test.store, [made("two")]);
    // As after a restore: the cursor is there no more.
    await write(test.calm, (unit) => unit.delete(cursorKey("audit")));
    const second = startSealer(test.store);
    await emit(test.store, [made("three")]);
    const sealed = await untilSealed(test.calm, 3);
    assert.deepEqual(subjects(sealed), ["one", "two", "three"]);
    await second.stop();
  })());
});

Deno.test("AuditSealer: what may be missing from the log is said in it", async () => {
  using test = await openTestStore();
  await test.drive((async () => {
    const first = startSealer(test.store);
    await emit(test.store, [made("one")]);
    await untilSealed(test.calm, 1);
    await first.stop();
    await emit(test.store, [made("lost")]);
    const rows = await Array.fromAsync(
      list(test.calm, eventsAfter(WORKSPACE, null)),
    );
    const lost = rows[rows.length - 1].key;
    await write(
      test.calm,
      (unit) =>
        unit.delete(lost).delete(cursorKey("audit"))
          .set(eventsTrimKey(WORKSPACE), { v: 1, vs: String(lost[2]) }),
    );
    const second = startSealer(test.store);
    await emit(test.store, [made("three")]);
    const sealed = await untilSealed(test.calm, 3);
    assert.deepEqual(sealed.map(({ type }) => type), [
      "key.created",
      "audit.gap",
      "key.created",
    ]);
    assert.equal((await verifyAudit(test.calm, WORKSPACE)).fault, null);
    await second.stop();
  })());
});

Deno.test("AuditSealer: a store of another generation seals each event once", async () => {
  const dir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const location = `${dir}/freshet.db`;
  try {
    const before = await openStore({ location });
    const first = startSealer(before);
    await emit(before, [made("one")]);
    await untilSealed(before, 1);
    await first.stop();
    await emit(before, [made("two")]);
    await before.kv.set(generationKey(), { v: 1, gen: "another" });
    before.close();
    const after = await openStore({ location });
    assert.equal(after.generation, "another");
    const second = startSealer(after);
    await emit(after, [made("three")]);
    await untilSealed(after, 3);
    await emit(after, [made("four")]);
    const sealed = await untilSealed(after, 4);
    assert.deepEqual(subjects(sealed), ["one", "two", "three", "four"]);
    assert.deepEqual(sealed, await entries(after));
    await second.stop();
    after.close();
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
