import assert from "node:assert/strict";
import { registerWakeUp } from "./cron_wake_up.ts";

Deno.test("registerWakeUp: wakes the ticker once a minute, and stays while jobs go on", async () => {
  const registered: { schedule: string; handler: () => Promise<void> }[] = [];
  let ticks = 0;
  let looks = 0;
  const services = {
    scheduleTicker: {
      tick() {
        ticks += 1;
        return Promise.resolve();
      },
    },
    jobWorker: {
      get running() {
        looks += 1;
        return looks < 3 ? 1 : 0;
      },
    },
  };
  registerWakeUp(() => services, (_name, schedule, handler) => {
    registered.push({ schedule, handler });
  });
  assert.deepEqual(registered.map(({ schedule }) => schedule), ["* * * * *"]);
  await registered[0].handler();
  assert.deepEqual([ticks, looks], [1, 3]);
});

Deno.test("registerWakeUp: leaves a machine of one's own alone, whose processes wake by themselves", () => {
  assert.ok(!Deno.env.has("DENO_DEPLOY"));
  // A second cron of one name is refused, so this would throw.
  for (let times = 0; times < 2; times += 1) {
    registerWakeUp(() => assert.fail("Nothing wakes here"));
  }
});
