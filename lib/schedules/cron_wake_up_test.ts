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

Deno.test("registerWakeUp: does nothing where there is no cron", () => {
  registerWakeUp(() => assert.fail("Nothing wakes here"), undefined);
});
