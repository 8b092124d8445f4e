import assert from "node:assert/strict";
import * as keys from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { AuditPage } from "./audit_chain.ts";
import type { AuditAnchor, AuditHead } from "./audit_rows.ts";
import { AUDIT_KEPT_DAYS, sweepAudit } from "./audit_retention.ts";
import { type AuditFault, verifyAudit } from "./audit_verify.ts";
import {
  emit,
  entries,
  made,
  startSealer,
  untilSealed,
  WORKSPACE,
} from "./testing/audit_rig.ts";

/** Entries of a chain in these tests; their details are so long that it has several pages. */
const COUNT = 60;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A store with a sealed chain of `COUNT` entries. */
async function sealed(atMs: (index: number) => number = Date.now) {
  const store = await openStore({ location: ":memory:" });
  const sealer = startSealer(store);
  for (let index = 0; index < COUNT; index += 10) {
    const events = Array.from({ length: 10 }, (_, place) => {
      const event = made(`${index + place}`, atMs(index + place));
      const details = { name: "x".repeat(3_000) };
      return { ...event, data: { ...event.data, details } };
    });
    await emit(store, events);
  }
  await untilSealed(store, COUNT);
  await sealer.stop();
  return {
    store,
    [Symbol.dispose]: () => store.close(),
  };
}

const pageOf = async (store: Store, page: number) =>
  (await store.kv.get<AuditPage>(keys.auditPageKey(WORKSPACE, page))).value!;

async function faultAfter(
  tamper: (store: Store) => Promise<unknown>,
): Promise<AuditFault | null> {
  using test = await sealed();
  await tamper(test.store);
  return (await verifyAudit(test.store, WORKSPACE)).fault;
}

Deno.test("verifyAudit: a chain that nobody touched is whole to its last entry", async () => {
  using test = await sealed();
  const check = await verifyAudit(test.store, WORKSPACE);
  const last = (await entries(test.store)).at(-1)!;
  assert.deepEqual(
    [check.fault, check.from, check.seq, check.hash],
    [null, 1, COUNT, last.hash],
  );
});

Deno.test("verifyAudit: a workspace without a log has nothing wrong", async () => {
  using test = await sealed();
  const check = await verifyAudit(test.store, "wsp_2");
  assert.deepEqual([check.fault, check.seq], [null, 0]);
});

Deno.test("verifyAudit: any change of any field of an entry is found, and the entry named", async () => {
  using test = await sealed();
  const { store } = test;
  const key = keys.auditPageKey(WORKSPACE, 1);
  const page = await pageOf(store, 1);
  const [entry] = page.entries;
  const changes: Partial<Record<keyof typeof entry, unknown>> = {
    at: entry.at + 1,
    type: "key.revoked",
    actor: { user: "usr_2", key: null },
    subject: "key_other",
    address: null,
    details: {},
    id: `${entry.id}0`,
    hash: "0".repeat(64),
  };
  for (const [field, value] of Object.entries(changes)) {
    const changed = { ...entry, [field]: value };
    await store.kv.set(key, {
      ...page,
      entries: [changed, ...page.entries.slice(1)],
    });
    const { fault, seq } = await verifyAudit(store, WORKSPACE);
    assert.deepEqual(fault, { seq: entry.seq, kind: "changed" }, field);
    assert.equal(seq, entry.seq - 1);
  }
});

Deno.test("verifyAudit: a page that begins with another hash, or holds no moments, is found", async () => {
  using test = await sealed();
  const { store } = test;
  const key = keys.auditPageKey(WORKSPACE, 1);
  const page = await pageOf(store, 1);
  const [{ seq }] = page.entries;
  const fault = { seq, kind: "changed" };
  await store.kv.set(key, { ...page, prev: "0".repeat(64) });
  assert.deepEqual((await verifyAudit(store, WORKSPACE)).fault, fault);
  const entries = page.entries.map((entry) => ({ ...entry, at: "noon" }));
  await store.kv.set(key, { ...page, entries });
  assert.deepEqual((await verifyAudit(store, WORKSPACE)).fault, fault);
});

Deno.test("verifyAudit: an entry that was changed together with its hash is found at the next one", async () => {
  const fault = await faultAfter(async (store) => {
    const { auditEntry, entryHash } = await import("./audit_chain.ts");
    const page = await pageOf(store, 0);
    const forged = { ...page.entries[2], subject: "key_forged" };
    const hash = entryHash(
      auditEntry(WORKSPACE, page.entries[1].hash, forged),
    );
    await store.kv.set(keys.auditPageKey(WORKSPACE, 0), {
      ...page,
      entries: page.entries.with(2, { ...forged, hash }),
    });
  });
  assert.deepEqual(fault, { seq: 4, kind: "changed" });
});

Deno.test("verifyAudit: an entry that was taken out is named", async () => {
  const fault = await faultAfter(async (store) => {
    const page = await pageOf(store, 0);
    await store.kv.set(keys.auditPageKey(WORKSPACE, 0), {
      ...page,
      entries: page.entries.toSpliced(4, 1),
    });
  });
  assert.deepEqual(fault, { seq: 5, kind: "missing" });
});

Deno.test("verifyAudit: entries that changed places are found", async () => {
  const fault = await faultAfter(async (store) => {
    const page = await pageOf(store, 0);
    const [first, second, ...rest] = page.entries;
    await store.kv.set(keys.auditPageKey(WORKSPACE, 0), {
      ...page,
      entries: [second, first, ...rest],
    });
  });
  assert.deepEqual(fault, { seq: 1, kind: "moved" });
});

Deno.test("verifyAudit: a page that was taken out is found, wherever it was", async () => {
  using test = await sealed();
  const { store } = test;
  const head = (await store.kv.get<AuditHead>(keys.auditHeadKey(WORKSPACE)))
    .value!;
  assert.ok(head.page >= 3, `only ${head.page} pages`);
  for (let number = 0; number <= head.page; number += 1) {
    const key = keys.auditPageKey(WORKSPACE, number);
    const page = await pageOf(store, number);
    await store.kv.delete(key);
    const { fault } = await verifyAudit(store, WORKSPACE);
    assert.deepEqual(
      fault,
      { seq: page.entries[0].seq, kind: "missing" },
      `page ${number}`,
    );
    await store.kv.set(key, page);
  }
});

Deno.test("verifyAudit: an entry behind the end is found", async () => {
  const fault = await faultAfter(async (store) => {
    const key = keys.auditHeadKey(WORKSPACE);
    const head = (await store.kv.get<AuditHead>(key)).value!;
    const page = await pageOf(store, head.page);
    const before = page.entries.at(-2)!;
    await store.kv.set(key, { ...head, seq: before.seq, hash: before.hash });
  });
  assert.deepEqual(fault, { seq: COUNT, kind: "added" });
});

Deno.test("verifyAudit: the log of one workspace is no log of another", async () => {
  const fault = await faultAfter(async (store) => {
    for (
      const key of [keys.auditHeadKey, (w: string) => keys.auditPageKey(w, 0)]
    ) {
      const { value } = await store.kv.get(key(WORKSPACE));
      await store.kv.set(key("wsp_2"), value);
    }
    const { fault } = await verifyAudit(store, "wsp_2");
    assert.deepEqual(fault, { seq: 1, kind: "changed" });
  });
  assert.equal(fault, null);
});

Deno.test("sweepAudit: whole pages beyond 400 days go, and the rest still verifies", async () => {
  const old = Date.now() - (AUDIT_KEPT_DAYS + 1) * DAY_MS;
  using test = await sealed((index) => index < 40 ? old : Date.now());
  const { store } = test;
  const before = await entries(store);
  await sweepAudit(store);
  const check = await verifyAudit(store, WORKSPACE);
  assert.equal(check.fault, null);
  assert.ok(check.from > 1 && check.from <= 41, `begins at ${check.from}`);
  assert.equal(check.seq, COUNT);
  const left = await entries(store);
  assert.deepEqual(
    left.map(({ hash }) => hash),
    before.slice(check.from - 1).map(({ hash }) => hash),
  );
  assert.ok(left.length < COUNT - 20, `${left.length} entries are left`);
});

Deno.test("sweepAudit: nothing goes before its time, and never the last page", async () => {
  using young = await sealed();
  await sweepAudit(young.store);
  assert.equal((await entries(young.store)).length, COUNT);
  using old = await sealed(() => 0);
  await sweepAudit(old.store);
  const left = await entries(old.store);
  assert.ok(left.length > 0 && left.length < COUNT);
  assert.equal((await verifyAudit(old.store, WORKSPACE)).fault, null);
});

Deno.test("verifyAudit: what is left after a sweep is still guarded at its beginning", async () => {
  using test = await sealed((index) => index < 40 ? 0 : Date.now());
  const { store } = test;
  await sweepAudit(store);
  const anchor = (await store.kv.get<AuditAnchor>(
    keys.auditAnchorKey(WORKSPACE),
  )).value!;
  await store.kv.delete(keys.auditPageKey(WORKSPACE, anchor.page));
  const { fault } = await verifyAudit(store, WORKSPACE);
  assert.deepEqual(fault, { seq: anchor.seq + 1, kind: "missing" });
});
