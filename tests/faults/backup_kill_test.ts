/** A server that is killed while it is backed up: whatever was acknowledged before comes back, half a backup never. */
import assert from "node:assert/strict";
import { checkBackup } from "@/lib/backups/engine/store_copy.ts";
import { restoreStore } from "@/lib/backups/restore.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Backup, Job, Page, Thread } from "@/lib/shared/wire.ts";
import { bareEnvironment, type ServerProcess } from "../support/process.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import {
  type ProcessRig,
  processRig,
  STEP_DEADLINE_MS,
} from "./process_rig.ts";

/** How long after it was asked for a backup the server is killed, at most, in milliseconds. */
const LATEST_KILL_MS = 300;
const KILLS = rounds(2, 40);
const WRITERS = 4;

/** A thread, and when its server said that it was stored. */
interface Acknowledged {
  id: string;
  atMs: number;
}

/** Makes threads one after the other until the server is gone, and knows which were acknowledged. */
function write(server: ServerProcess): {
  acknowledged: Acknowledged[];
  ended: Promise<unknown>;
} {
  const acknowledged: Acknowledged[] = [];
  let number = 0;
  const one = async () => {
    while (true) {
      number += 1;
      const response = await server.post("/api/threads", {
        title: `Level ${number}`,
      }).catch(() => null);
      if (response?.status !== 201) return;
      const thread: Thread | null = await response.json().catch(() => null);
      if (thread === null) return;
      acknowledged.push({ id: thread.id, atMs: Date.now() });
    }
  };
  return {
    acknowledged,
    ended: Promise.all(Array.from({ length: WRITERS }, one)),
  };
}

async function command(
  rig: ProcessRig,
  name: "backup" | "restore",
  args: string[] = [],
) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--cached-only", `scripts/${name}.ts`, ...args],
    clearEnv: true,
    env: { ...bareEnvironment(), NO_COLOR: "1", DATA_DIR: rig.dataDir },
    signal: AbortSignal.timeout(STEP_DEADLINE_MS),
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: decode(stdout), error: decode(stderr) };
}

async function backupsOf(rig: ProcessRig): Promise<string[]> {
  try {
    const files = await Array.fromAsync(Deno.readDir(`${rig.dataDir}/backups`));
    return files.map(({ name }) => name).filter((name) => name.endsWith(".db"))
      .map((name) => `${rig.dataDir}/backups/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Ids of the threads in a store whose server answers. */
async function threadsOf(server: ServerProcess): Promise<Set<string>> {
  const ids = new Set<string>();
  let cursor = "";
  do {
    const response = await server.fetch(`/api/threads?limit=200${cursor}`);
    const page: Page<Thread> = await response.json();
    for (const { id } of page.items) ids.add(id);
    cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
  } while (cursor !== "");
  return ids;
}

function assertAll(
  found: Set<string>,
  wanted: Acknowledged[],
  hint: string,
): void {
  const missing = wanted.filter(({ id }) => !found.has(id));
  assert.deepEqual(missing, [], hint);
}

/** Ids of the threads in a backup, once it is restored into a folder of its own. */
async function threadsIn(file: string): Promise<Set<string>> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  const signal = AbortSignal.timeout(STEP_DEADLINE_MS);
  try {
    await restoreStore(file, path, { at: new Date(), signal });
    const { kv, close } = await openStore({ location: path });
    const rows = await Array.fromAsync(kv.list({ prefix: [] }));
    close();
    return new Set(
      rows.flatMap(({ key }) => key[1] === "t" ? [String(key[2])] : []),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asks for a backup while others write. Gives what was acknowledged before it was asked for. */
async function askWhileWriting(server: ServerProcess) {
  const writing = write(server);
  await waitFor("some threads", () => writing.acknowledged.length > 5);
  const before = [...writing.acknowledged];
  const response = await server.post("/api/backups", {});
  assert.equal(response.status, 202);
  const job: Job = await response.json();
  return { before, job, writing };
}

Deno.test("kill -9 while a backup is made: each file under a backup's name is whole and has all that was acknowledged before", async () => {
  await using rig = await processRig({});
  const known: Acknowledged[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await using server = await rig.start();
    const { writing } = await askWhileWriting(server);
    await new Promise((resolve) =>
      setTimeout(resolve, LATEST_KILL_MS * kill / KILLS)
    );
    await server.kill("SIGKILL");
    await writing.ended;
    known.push(...writing.acknowledged);
  }
  const { code, error } = await command(rig, "backup");
  assert.equal(code, 0, error);
  const folder = await Array.fromAsync(Deno.readDir(`${rig.dataDir}/backups`));
  assert.deepEqual(folder.filter(({ name }) => name.includes("partial")), []);
  const files = await backupsOf(rig);
  assert.ok(files.length > 0);
  for (const file of files) {
    const { manifest, faults } = checkBackup(file);
    assert.deepEqual(faults, [], file);
    // A job that was killed is done again by the next server, so a file may be younger than its kill.
    const before = known.filter(({ atMs }) =>
      atMs < Date.parse(manifest!.madeAt)
    );
    assertAll(await threadsIn(file), before, file);
  }
});

Deno.test("restore after kill -9: a server that runs is refused, then all is there that was acknowledged before the backup, and nothing of after", async () => {
  await using rig = await processRig({});
  const first = await rig.start();
  const { before, job, writing } = await askWhileWriting(first);
  await waitFor("the backup", async () => {
    const response = await first.fetch(`/api/jobs/${job.id}`);
    return (await response.json() as Job).status === "completed";
  }, STEP_DEADLINE_MS);
  const list = await (await first.fetch("/api/backups")).json();
  const [{ name }]: Backup[] = list.items;
  const file = `${rig.dataDir}/backups/${name}`;
  const running = await command(rig, "restore", [file]);
  assert.equal(running.code, 1);
  assert.match(running.error, /^A program has the store ".*" open; stop the/);
  const later = writing.acknowledged.length;
  await waitFor("more", () => writing.acknowledged.length > later + 3);
  const since = writing.acknowledged.at(-1)!;
  const generation = await hello(first);
  await first.kill("SIGKILL");
  await writing.ended;
  const { code, error } = await command(rig, "restore", [file]);
  assert.equal(code, 0, error);
  await using second = await rig.start();
  const found = await threadsOf(second);
  assertAll(found, before, "acknowledged before the backup");
  assert.ok(!found.has(since.id));
  // What browsers hold of the other history means nothing here.
  assert.notEqual(await hello(second), generation);
});

/** The generation of a store, out of the cursor that a live connection begins with. */
async function hello(server: ServerProcess): Promise<string> {
  const response = await server.fetch("/api/live?channels=jobs", {
    headers: { accept: "text/event-stream" },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const cursor = /"cursor":"([^".]+)\./.exec(text)?.[1];
    if (cursor !== undefined || done) {
      await reader.cancel();
      assert.ok(cursor, text);
      return cursor;
    }
  }
}

Deno.test("kill -9 while a store is restored: the store is the old one or the restored one, or says that it was cut off", async () => {
  await using rig = await processRig({});
  await using server = await rig.start();
  const { acknowledged } = write(server);
  await waitFor("some threads", () => acknowledged.length > 5);
  const file = `${rig.dataDir}/copy.db`;
  const known = [...acknowledged];
  const made = await command(rig, "backup", [file]);
  assert.equal(made.code, 0, made.error);
  await server.kill("SIGKILL");
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--cached-only", "scripts/restore.ts", file],
      clearEnv: true,
      env: { ...bareEnvironment(), DATA_DIR: rig.dataDir },
      stdout: "null",
      stderr: "null",
    }).spawn();
    await new Promise((resolve) =>
      setTimeout(resolve, LATEST_KILL_MS * (kill + 1) / KILLS)
    );
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
    const again = await rig.start().catch((error: Error) => error);
    if (again instanceof Error) assert.match(again.message, /was cut off/);
    else {
      assert.ok((await threadsOf(again)).size > 5);
      await again.kill("SIGKILL");
    }
  }
  const { code, error } = await command(rig, "restore", [file]);
  assert.equal(code, 0, error);
  await using last = await rig.start();
  assertAll(await threadsOf(last), known, "after all");
});
