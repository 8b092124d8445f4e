/** Several limits on one request: all of them give, or none does. */
import assert from "node:assert/strict";
import { sleep } from "@/lib/clock.ts";
import type { LimitPolicySettings } from "@/lib/config/limits.ts";
import { AppError } from "@/lib/errors.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { LimitSettings } from "./limit_settings.ts";
import { Limits, type Reservation } from "./limits.ts";
import type { Subjects } from "./subjects.ts";

const ASKER: Subjects = {
  workspace: "wsp_1",
  groups: [],
  user: "usr_1",
  key: "key_1",
  model: "m1",
  address: null,
};

/** Counts what is asked and written. */
class CountedKv extends WrappedKv {
  calls = 0;

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    this.calls += 1;
    return super.get<T>(key, options);
  }

  override atomic(): Deno.AtomicOperation {
    this.calls += 1;
    return super.atomic();
  }
}

async function open(...policies: LimitPolicySettings[]) {
  const test = await openTestStore();
  const owner = await test.drive(Owner.start(test.store));
  const kv = new CountedKv(test.store.kv);
  const store = { ...test.store, kv };
  const settings = new LimitSettings(store, policies);
  const limits = new Limits({ store, owner, settings });
  const reserve = async (tokens = 1): Promise<Reservation> =>
    await test.drive(
      Promise.resolve(limits.reserve(ASKER, { requests: 1, tokens, runs: 1 })),
    );
  /** What is left of each limit, by whom it counts and its field. */
  const remaining = async () => {
    const states = await test.drive(limits.states(ASKER));
    return Object.fromEntries(
      states.map(({ limit: { subjectKind, kind }, remaining }) => [
        `${subjectKind} ${kind.field}`,
        remaining,
      ]),
    );
  };
  return {
    test,
    kv,
    limits,
    reserve,
    remaining,
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}

async function refusal(reserving: Promise<Reservation>): Promise<string> {
  try {
    await reserving;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, "rate_limit_exceeded");
    return error.message;
  }
  assert.fail("nothing was refused");
}

for (
  const [what, small] of [
    ["requests", { requestsPerMinute: 2 }],
    ["tokens", { tokensPerMinute: 2 }],
    ["answers at once", { concurrentRuns: 2 }],
  ] as const
) {
  Deno.test(`Limits.reserve: what a limit of ${what} refuses takes nothing of the others`, async () => {
    using test = await open(
      {
        subject: "workspace:*",
        requestsPerMinute: 30,
        tokensPerMinute: 30,
        concurrentRuns: 30,
      },
      { subject: "user:*", ...small },
      {
        subject: "key:*",
        requestsPerMinute: 30,
        tokensPerMinute: 30,
        concurrentRuns: 30,
      },
    );
    const held = [await test.reserve(), await test.reserve()];
    const before = await test.remaining();
    for (let count = 0; count < 40; count += 1) await refusal(test.reserve());
    assert.deepEqual(await test.remaining(), before);
    for (const each of held) each.undo();
    const last = await test.reserve();
    last.undo();
  });
}

Deno.test("Reservation: undone, none of it counts; released, the answer alone counts no more", async () => {
  using test = await open({
    subject: "user:*",
    requestsPerMinute: 9,
    tokensPerMinute: 90,
    concurrentRuns: 3,
  });
  const undone = await test.reserve(50);
  undone.undo();
  undone.undo();
  assert.deepEqual(await test.remaining(), {
    "user requestsPerMinute": 9,
    "user tokensPerMinute": 90,
    "user concurrentRuns": 3,
  });
  const ended = await test.reserve(50);
  ended.settle({ tokens: 20 });
  ended.settle({ tokens: 0 });
  ended.release();
  ended.release();
  ended.undo();
  assert.deepEqual(await test.remaining(), {
    "user requestsPerMinute": 8,
    "user tokensPerMinute": 70,
    "user concurrentRuns": 3,
  });
});

Deno.test("Limits.close: asks the store for nothing afterwards, which may be closed", async () => {
  using rig = await open({ subject: "user:*", concurrentRuns: 500 });
  const { test, kv, limits } = rig;
  const held = await rig.reserve();
  const ended = await rig.reserve();
  ended.release();
  await test.drive(limits.close());
  held.release();
  const before = kv.calls;
  await test.drive(sleep(test.clock, 60_000));
  assert.equal(kv.calls, before);
});
