import assert from "node:assert/strict";
import { registerCacheMetrics } from "./cache_metrics.ts";
import { CacheRig, openCacheStore } from "./testing/cache_rig.ts";
import { answer } from "./testing/deltas.ts";

Deno.test("registerCacheMetrics: tells hits, misses and savings as they are now", async () => {
  using test = await openCacheStore();
  const rig = new CacheRig(test);
  const read = new Map<string, () => unknown>();
  const register = (name: string, _help: string, value: () => unknown) => {
    read.set(name, value);
  };
  registerCacheMetrics(
    { gauge: register, readCounter: register },
    rig.answers,
  );
  const valueOf = (name: string) => read.get(name)!();
  await rig.answer({ open: rig.upstream.answering(answer("a")) });
  await rig.answer();
  assert.deepEqual(valueOf("freshet_cache_answers_total"), [
    [["hit-l1"], 1],
    [["hit-l2"], 0],
    [["joined"], 0],
    [["miss"], 1],
    [["bypass"], 0],
  ]);
  assert.equal(valueOf("freshet_cache_saved_output_tokens_total"), 7);
  assert.equal(valueOf("freshet_cache_saved_usd_total"), 31 / 1_000_000);
  assert.equal(valueOf("freshet_cache_memory_answers"), 1);
  assert.ok(Number(valueOf("freshet_cache_memory_bytes")) > 0);
  assert.equal(valueOf("freshet_flights_joinable"), 0);
});
