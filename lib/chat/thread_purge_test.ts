import assert from "node:assert/strict";
import { createLogger } from "@/lib/observe/log.ts";
import { ThreadPurge } from "./thread_purge.ts";
import type {
  DuePurge,
  PurgeOutcome,
  ThreadPurgeStore,
} from "./thread_purge_store.ts";

/** Purges that end as told, in the order in which they are due. */
function purges(
  outcomes: Record<string, () => Promise<PurgeOutcome>>,
): ThreadPurgeStore {
  const fake: Pick<ThreadPurgeStore, "now" | "due" | "purge"> = {
    now: () => 100,
    async *due(nowMs) {
      await Promise.resolve();
      for (const thread of Object.keys(outcomes)) {
        if (nowMs < 100) continue;
        yield { dueAtMs: 1, space: "wsp", thread };
      }
    },
    purge: (due: DuePurge) => outcomes[due.thread](),
  };
  return fake as ThreadPurgeStore;
}

function logger() {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return {
    lines,
    log: createLogger({ write, format: "json", level: "debug" }),
  };
}

const purged = () => Promise.resolve({ state: "purged" } as const);
const answering = () =>
  Promise.resolve({ state: "answering", runId: "run_1" } as const);
const noStop = () => Promise.reject(new Error("Nothing is to be stopped"));

Deno.test("ThreadPurge.sweep: one thread that fails keeps no other from its purge, and is told", async () => {
  const { log, lines } = logger();
  const store = purges({
    thr_1: purged,
    thr_2: () => Promise.reject(new Error("broken")),
    thr_3: purged,
  });
  const purge = new ThreadPurge(store, noStop, log);
  assert.equal(await purge.sweep(), 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /thr_2.*broken|broken.*thr_2/);
  await purge.close();
});

Deno.test("ThreadPurge.sweep: stops the run that keeps a thread, and goes on when that fails", async () => {
  const stopped: string[] = [];
  const store = purges({ thr_1: answering, thr_2: purged });
  const { log } = logger();
  for (const fails of [false, true]) {
    const purge = new ThreadPurge(store, (space, runId) => {
      stopped.push(`${space} ${runId}`);
      return fails ? Promise.reject(new Error("no")) : Promise.resolve();
    }, log);
    assert.equal(await purge.sweep(), 1);
    await purge.close();
  }
  assert.deepEqual(stopped, ["wsp run_1", "wsp run_1"]);
});

Deno.test("ThreadPurge.close: waits for no run that does not stop", async () => {
  const asked = Promise.withResolvers<void>();
  const purge = new ThreadPurge(
    purges({ thr_1: answering, thr_2: noStop }),
    () => {
      asked.resolve();
      return new Promise(() => {});
    },
    logger().log,
  );
  purge.start();
  await asked.promise;
  await purge.close();
});

Deno.test("ThreadPurge.sweep: takes only what is due at the time it is given", async () => {
  const purge = new ThreadPurge(
    purges({ thr_1: purged }),
    noStop,
    logger().log,
  );
  assert.equal(await purge.sweep(99), 0);
  assert.equal(await purge.sweep(), 1);
  await purge.close();
});
