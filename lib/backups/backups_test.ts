import assert from "node:assert/strict";
import { systemClock } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { BackupFiles } from "./backup_files.ts";
import {
  backupIdOf,
  type BackupOrigin,
  newBackupId,
} from "./backup_manifest.ts";
import { BackupStore } from "./backup_store.ts";
import { Backups } from "./backups.ts";
import { doBackupTask } from "./engine/backup_task.ts";
import { checkBackup, copyStore } from "./engine/store_copy.ts";
import { backupFolder, type DoBackupTask, makeBackup } from "./make_backup.ts";

const inThisThread: DoBackupTask = (task, _signal, tell) =>
  doBackupTask(task, tell);

const signal = new AbortController().signal;

/** Texts long enough that each value has pages of its own. */
const ROW_BYTES = 20_000;
const ROWS = 40;

interface Rig extends AsyncDisposable {
  folder: string;
  path: string;
  kv: Deno.Kv;
  files: BackupFiles;
  make(origin?: BackupOrigin, doTask?: DoBackupTask): Promise<string>;
}

/** A store with rows in it, which stays open as a server's does. */
async function rig(): Promise<Rig> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  const store = await openStore({ location: path });
  for (let row = 0; row < ROWS; row += 1) {
    await store.kv.set(["wsp_a", "t", row], { v: 1, text: textOf(row) });
  }
  const files = new BackupFiles(backupFolder(path));
  return {
    folder,
    path,
    kv: store.kv,
    files,
    make: async (origin = "person", doTask = inThisThread) =>
      (await makeBackup(files, doTask, {
        storePath: path,
        origin,
        secretId: null,
        at: new Date(),
        signal,
      })).path,
    async [Symbol.asyncDispose]() {
      store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function textOf(row: number): string {
  return `row ${row} `.padEnd(ROW_BYTES, String.fromCharCode(97 + row % 26));
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).filter((name) => name !== ".lock");
}

Deno.test("backupIdOf: a name that leads elsewhere or is no backup has no id", () => {
  const id = newBackupId(new Date("2026-11-21T20:15:00Z"));
  assert.match(id, /^20261121-201500-[0-9a-z]{4}$/);
  assert.equal(backupIdOf(`freshet-${id}.db`), id);
  for (
    const name of [
      "freshet.db",
      `freshet-${id}.db.partial`,
      `../freshet-${id}.db`,
      "freshet-../../secret.db",
      `freshet-${id}/.db`,
    ]
  ) assert.equal(backupIdOf(name), null, name);
});

Deno.test("BackupFiles.find: an id from outside reaches no other file", async () => {
  await using own = await rig();
  await own.make();
  for (const id of ["", ".", "../freshet", "..%2ffreshet", "x\0"]) {
    assert.equal(await own.files.find(id), null, id);
  }
});

Deno.test("makeBackup: rows that were written before are in it, and it says how many", async () => {
  await using own = await rig();
  const path = await own.make("command");
  const { manifest, faults } = checkBackup(path);
  assert.deepEqual(faults, []);
  // Generation and schema are rows too.
  assert.equal(manifest?.rows, ROWS + 2);
  assert.equal(manifest?.threads, ROWS);
  assert.equal(manifest?.origin, "command");
  const { generation } = await openAndClose(path);
  assert.equal(manifest?.generation, generation);
});

async function openAndClose(path: string) {
  const store = await openStore({ location: path });
  store.close();
  return store;
}

Deno.test("makeBackup: a copy that fails leaves nothing, and the next one is made", async () => {
  await using own = await rig();
  const half: DoBackupTask = async (task) => {
    assert.ok(task.type === "copy");
    await Deno.writeTextFile(task.to, "half");
    await Deno.writeTextFile(`${task.to}-journal`, "half");
    throw new Error("No space left on device");
  };
  await assert.rejects(own.make("person", half), /No space left/);
  const folder = backupFolder(own.path);
  assert.deepEqual(await namesIn(folder), []);
  await own.make();
  assert.equal((await own.files.list()).length, 1);
});

Deno.test("makeBackup: what a killed process has left half done is no backup, and goes with the next", async () => {
  await using own = await rig();
  const folder = backupFolder(own.path);
  await Deno.mkdir(folder);
  const left = `${folder}/freshet-20200101-000000-aaaa.db.partial`;
  await Deno.writeTextFile(left, "half");
  assert.deepEqual(await own.files.list(), []);
  await own.make();
  assert.equal((await namesIn(folder)).length, 1);
});

Deno.test("makeBackup: one at a time; the second is told so", async () => {
  await using own = await rig();
  const copying = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const slow: DoBackupTask = async (task, _signal, tell) => {
    copying.resolve();
    await held.promise;
    return await doBackupTask(task, tell);
  };
  const first = own.make("person", slow);
  await copying.promise;
  await assert.rejects(
    own.make(),
    (error) => error instanceof AppError && error.code === "backup_running",
  );
  held.resolve();
  await first;
  assert.equal((await own.files.list()).length, 1);
});

Deno.test("checkBackup: a value with one byte changed is seen, although the file is well formed", async () => {
  await using own = await rig();
  const path = await own.make();
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder("latin1").decode(bytes);
  const place = text.indexOf("row 7 ");
  assert.ok(place > 0);
  bytes[place + 100] ^= 1;
  await Deno.writeFile(path, bytes);
  const { faults } = checkBackup(path);
  assert.deepEqual(faults, [
    "What is in it is not what it was when it was made",
  ]);
});

Deno.test("checkBackup: a file that was cut off, is no store, or is a store but no backup is refused", async () => {
  await using own = await rig();
  const path = await own.make();
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, bytes.subarray(0, bytes.length / 2));
  assert.notDeepEqual(checkBackup(path).faults, []);
  await Deno.writeTextFile(path, "no store");
  assert.notDeepEqual(checkBackup(path).faults, []);
  await Deno.remove(path);
  const plain = await openAndClose(path);
  assert.ok(plain.path);
  assert.match(checkBackup(path).faults[0], /was not made by a backup/);
});

Deno.test("copyStore: a file that is there is not written over", async () => {
  await using own = await rig();
  const to = `${own.folder}/there.db`;
  await Deno.writeTextFile(to, "of somebody");
  const facts = {
    madeAt: new Date().toISOString(),
    origin: "command",
    secretId: null,
  } as const;
  await assert.rejects(copyStore(own.path, to, facts));
  assert.equal(await Deno.readTextFile(to), "of somebody");
});

function service(
  place: { kind: string; path: string | null },
  store: BackupStore,
) {
  return new Backups({
    place: { ...place, clock: systemClock },
    store,
    secretId: () => Promise.resolve("ours"),
    log: silentLogger(),
  });
}

Deno.test("Backups: a worker makes them; the oldest of the schedule go, those of people stay", async () => {
  await using own = await rig();
  const store = await openStore({ location: own.path });
  try {
    const backups = service(store, new BackupStore(store));
    const byHand = await backups.make("person", signal);
    const scheduled = [];
    for (let count = 0; count < 3; count += 1) {
      // Names are by the second; what is made in one has no order among itself.
      scheduled.push(await backups.make("schedule", signal));
    }
    const removed = await backups.prune(2, signal);
    assert.equal(removed.length, 1);
    const left = await backups.list();
    assert.deepEqual(
      left.map(({ origin }) => origin).sort(),
      ["person", "schedule", "schedule"],
    );
    assert.ok(left.some(({ id }) => id === byHand.id));
    assert.ok(left.every(({ holds }) => holds?.threads === ROWS));
    // Each names the secret of the server that made it.
    assert.ok(left.every(({ hasSameSecret }) => hasSameSecret));
    assert.deepEqual((await backups.check(byHand.id, signal)).faults, []);
  } finally {
    store.close();
  }
});

Deno.test("Backups: a store that is no file of the server says why there are none", async () => {
  const store = await openStore({ location: ":memory:" });
  try {
    for (const kind of ["memory", "remote", "platform"]) {
      const backups = new Backups({
        place: { kind, path: null, clock: systemClock },
        store: new BackupStore(store),
        secretId: () => Promise.reject(new Error("There is no folder")),
        log: silentLogger(),
      });
      assert.match(backups.refusal ?? "", /\.$/);
      assert.deepEqual(await backups.list(), []);
      await assert.rejects(
        backups.make("person", signal),
        (error) =>
          error instanceof AppError && error.code === "backup_elsewhere",
      );
    }
  } finally {
    store.close();
  }
});
