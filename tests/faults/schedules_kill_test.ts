/** Schedules over real processes on one store that are killed while many are due. */
import assert from "node:assert/strict";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { openStore } from "@/lib/kv/open.ts";
import { ScheduleStore } from "@/lib/schedules/schedule_store.ts";
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import type {
  Message,
  Page,
  Schedule,
  ScheduleRun,
} from "@/lib/shared/wire.ts";
import type { ServerProcess } from "../support/process.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import { processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

const SCHEDULES = 12;

async function get<T>(server: ServerProcess, path: string): Promise<T> {
  const response = await server.fetch(path);
  assert.equal(response.status, 200, path);
  return await response.json();
}

async function make(server: ServerProcess, place: number): Promise<Schedule> {
  const response = await server.post("/api/schedules", {
    name: `Schedule ${place}`,
    // Far away: a time comes when the test says so.
    cron: "0 0 1 1 *",
    timeZone: "UTC",
    target: { type: "prompt", prompt: `Question ${place}` },
  });
  assert.equal(response.status, 201, await response.clone().text());
  return await response.json();
}

/** Lets all be due now, as a process beside the servers. */
async function letCome(dataDir: string, ids: readonly string[]) {
  const store = await openStore({ location: `${dataDir}/freshet.db` });
  try {
    const schedules = new ScheduleStore(store, new JobStore(store));
    const dueAt = Date.now();
    for (const id of ids) {
      const loaded = await schedules.load(LOCAL_SPACE, id);
      const record = { ...loaded!.record, nextAt: dueAt };
      assert.ok(await schedules.replace(loaded!, record, "planned"));
    }
  } finally {
    store.close();
  }
}

Deno.test("schedules: processes killed while many are due leave one job for each, and one answer", async () => {
  for (let round = 0; round < rounds(1, 15); round += 1) {
    await using rig = await processRig({ behaviour: { text: "Two metres." } });
    let servers: ServerProcess[] = await Promise.all([
      rig.start(),
      rig.start(),
    ]);
    const [first] = servers;
    const ids: string[] = [];
    for (let place = 0; place < SCHEDULES; place += 1) {
      ids.push((await make(first, place)).id);
    }
    await letCome(rig.dataDir, ids);
    // Into the looks, the claims and the answers: wherever that is, on this machine.
    for (let kill = 0; kill < rounds(1, 3); kill += 1) {
      await new Promise((resolve) =>
        setTimeout(resolve, 40 + Math.random() * 400)
      );
      await Promise.all(servers.map((server) => server.kill("SIGKILL")));
      servers = await Promise.all(
        Array.from({ length: rounds(1, 2) }, () => rig.start()),
      );
    }
    const [last] = servers;
    const threads = new Set<string>();
    for (const id of ids) {
      const runs = await waitFor(`the job of ${id}`, async () => {
        const { items }: Page<ScheduleRun> = await get(
          last,
          `/api/schedules/${id}/runs`,
        );
        return items[0]?.status === "completed" && items;
      }, STEP_DEADLINE_MS);
      assert.deepEqual(runs.map(({ kind }) => kind), ["due"]);
      threads.add(runs[0].href!);
    }
    assert.equal(threads.size, SCHEDULES);
    const all: Page<{ id: string }> = await get(last, "/api/threads?limit=200");
    assert.equal(all.items.length, SCHEDULES, "a thread that no job names");
    for (const href of threads) {
      const { items }: Page<Message> = await get(
        last,
        `/api/threads/${href.slice("/c/".length)}/messages?tree=1`,
      );
      assert.deepEqual(items.map(({ role }) => role), ["user", "assistant"]);
      assert.equal(items[1].content, "Two metres.");
    }
    await Promise.all(servers.map((server) => server.kill("SIGKILL")));
  }
});
