/** What the tests of live connections share. */
import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { runKey } from "@/lib/kv/keys.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import type { TestApp } from "../support/app.ts";

/** Tells events of a space, all in one atomic. @param data of each */
export async function emit(
  { services: { store } }: Pick<TestApp, "services">,
  type: string,
  data: Record<string, unknown>[],
  space = LOCAL_SPACE,
): Promise<void> {
  const unit = new UnitOfWork()
    .guard(runKey(space, crypto.randomUUID()), null, { v: 1 });
  for (const each of data) {
    unit.event(space, {
      type,
      at: store.clock.now(),
      subject: "job_1",
      data: each,
    });
  }
  assert.ok((await commit(store, unit)).ok);
}

/** `{n}` for each number. */
export function numbered(from: number, count: number): { n: number }[] {
  return Array.from({ length: count }, (_, index) => ({ n: from + index }));
}
