import assert from "node:assert/strict";
import { Consumers } from "@/lib/events/consumers.ts";
import { commit } from "@/lib/kv/commit.ts";
import { cursorKey, runKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { TitleConsumer } from "./title_consumer.ts";

const WORKSPACE = "wsp_test";

function event(type: string, data: Record<string, unknown>): OutboxEvent {
  return { type, at: 0, subject: newId("run"), data };
}

async function emit(store: Store, ...events: OutboxEvent[]): Promise<void> {
  const unit = new UnitOfWork()
    .guard(runKey(WORKSPACE, newId("run")), null, { v: 1 });
  for (const each of events) unit.event(WORKSPACE, each);
  assert.ok((await commit(store, unit)).ok);
}

/** Starts `processes` consumers on one store and resolves when the first has found its place. */
async function startConsumers(store: Store, processes = 1) {
  const told: string[] = [];
  const all = Array.from({ length: processes }, () => {
    const consumers = new Consumers(store, silentLogger());
    consumers.add(
      new TitleConsumer({
        afterAnswer(space, thread, run) {
          assert.equal(space, WORKSPACE);
          told.push(`${thread} ${run}`);
          return Promise.resolve();
        },
      }),
    );
    consumers.start();
    return consumers;
  });
  await waitFor("the cursor", async () => {
    const { value } = await get<{ sync?: unknown }>(store, cursorKey("titles"));
    return value !== null && value.sync === undefined;
  });
  return {
    told,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((consumers) => consumers.stop()));
      store.close();
    },
  };
}

Deno.test("TitleConsumer: tells of each completed answer, and of nothing else", async () => {
  const store = await openStore({ location: ":memory:" });
  await using rig = await startConsumers(store);
  const first = event("run.completed", { threadId: "thr_1" });
  const last = event("run.completed", { threadId: "thr_2" });
  await emit(
    store,
    event("run.started", { threadId: "thr_1" }),
    first,
    event("message.completed", { threadId: "thr_1" }),
    event("run.failed", { threadId: "thr_3" }),
    event("run.completed", { threadId: "thr_4", temporary: true }),
    event("run.completed", {}),
  );
  await emit(store, last);
  await waitFor("two answers", () => rig.told.length >= 2);
  assert.deepEqual(rig.told, [
    `thr_1 ${first.subject}`,
    `thr_2 ${last.subject}`,
  ]);
});

Deno.test("TitleConsumer: of several processes one tells of an answer", async () => {
  const store = await openStore({ location: ":memory:" });
  await using rig = await startConsumers(store, 3);
  const runs = Array.from(
    { length: 30 },
    (_, index) => event("run.completed", { threadId: `thr_${index}` }),
  );
  for (const each of runs) await emit(store, each);
  await waitFor("all answers", () => rig.told.length >= runs.length);
  assert.deepEqual(
    rig.told.toSorted(),
    runs.map(({ data, subject }) => `${data.threadId} ${subject}`).toSorted(),
  );
});
