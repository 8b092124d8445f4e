import assert from "node:assert/strict";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import { openStore } from "@/lib/kv/open.ts";
import { restoreMarkPath } from "@/lib/kv/restore_mark.ts";
import { StorageError } from "@/lib/errors.ts";
import { copyStore } from "./engine/store_copy.ts";
import { RestoreRefused, restoreStore } from "./restore.ts";

const KEY = ["wsp_a", "t", "thr_1"];

interface Rig extends AsyncDisposable {
  folder: string;
  path: string;
  backup: string;
  generation: string;
  restore(): ReturnType<typeof restoreStore>;
  /** What is stored now, by another process than the rig's. */
  read(): Promise<unknown>;
}

/** A store that says "after", and a backup of when it said "before". */
async function rig(): Promise<Rig> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  const backup = `${folder}/backup.db`;
  const store = await openStore({ location: path });
  await store.kv.set(KEY, "before");
  await copyStore(path, backup, {
    madeAt: new Date().toISOString(),
    origin: "command",
    secretId: null,
  });
  await store.kv.set(KEY, "after");
  store.close();
  return {
    folder,
    path,
    backup,
    generation: store.generation,
    restore: () =>
      restoreStore(backup, path, {
        at: new Date(),
        signal: new AbortController().signal,
      }),
    async read() {
      const again = await openStore({ location: path });
      try {
        return (await again.kv.get(KEY)).value;
      } finally {
        again.close();
      }
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function refusal(restored: Promise<unknown>): Promise<string> {
  const error = await restored.then(() => null, (reason) => reason);
  assert.ok(error instanceof RestoreRefused, String(error));
  assert.ok(!error.message.includes("\n"), error.message);
  return error.message;
}

Deno.test("restoreStore: the store is as it was, under another generation, and the one that was there is kept", async () => {
  await using own = await rig();
  const { keptAt } = await own.restore();
  const store = await openStore({ location: own.path });
  assert.equal((await store.kv.get(KEY)).value, "before");
  assert.notEqual(store.generation, own.generation);
  store.close();
  const kept = await openStore({ location: `${keptAt}/freshet.db` });
  assert.equal((await kept.kv.get(KEY)).value, "after");
  kept.close();
  const left = await Array.fromAsync(Deno.readDir(own.folder));
  assert.deepEqual(
    left.map(({ name }) => name).filter((name) => /restor/.test(name)),
    [],
  );
});

Deno.test("restoreStore: a folder without a store gets one", async () => {
  await using own = await rig();
  const path = `${own.folder}/elsewhere/freshet.db`;
  const { keptAt } = await restoreStore(own.backup, path, {
    at: new Date(),
    signal: new AbortController().signal,
  });
  assert.equal(keptAt, null);
  const store = await openStore({ location: path });
  assert.equal((await store.kv.get(KEY)).value, "before");
  store.close();
});

Deno.test("restoreStore: a store that a server works on is refused and stays as it is", async () => {
  await using own = await rig();
  const store = await openStore({ location: own.path });
  const incarnation = await startIncarnation(store);
  try {
    assert.match(await refusal(own.restore()), /stop the server first/);
    assert.equal((await store.kv.get(KEY)).value, "after");
  } finally {
    await incarnation.release(1_000);
    store.close();
  }
  assert.equal(await own.read(), "after");
});

Deno.test("restoreStore: a store that any program has open is refused, also without an incarnation", async () => {
  await using own = await rig();
  const store = await openStore({ location: own.path });
  try {
    assert.match(await refusal(own.restore()), /stop the server first/);
  } finally {
    store.close();
  }
  assert.equal(await own.read(), "after");
});

Deno.test("restoreStore: what is no whole backup is refused and the store stays as it is", async () => {
  await using own = await rig();
  const bytes = await Deno.readFile(own.backup);
  const none = `${own.folder}/none.db`;
  await Deno.remove(own.backup);
  assert.match(await refusal(own.restore()), /There is no file/);
  await Deno.writeFile(own.backup, bytes.subarray(0, 8_000));
  assert.match(await refusal(own.restore()), /is no whole backup/);
  await Deno.writeTextFile(own.backup, "text");
  assert.match(await refusal(own.restore()), /is no whole backup/);
  await Deno.copyFile(own.path, own.backup);
  assert.match(await refusal(own.restore()), /was not made by a backup/);
  await assert.rejects(Deno.stat(none));
  assert.equal(await own.read(), "after");
});

Deno.test("restoreStore: a store that is damaged beyond reading can be replaced", async () => {
  await using own = await rig();
  await Deno.writeTextFile(own.path, "damaged");
  const { keptAt } = await own.restore();
  assert.equal(
    await Deno.readTextFile(`${keptAt}/freshet.db`),
    "damaged",
  );
  assert.equal(await own.read(), "before");
});

Deno.test("restoreStore: while it goes on no process opens the store, and no other restore begins", async () => {
  await using own = await rig();
  const mark = await Deno.open(restoreMarkPath(own.path), {
    write: true,
    create: true,
  });
  assert.ok(await mark.tryLock(true));
  await assert.rejects(
    own.read(),
    (error) =>
      error instanceof StorageError && /is being restored/.test(error.message),
  );
  assert.match(await refusal(own.restore()), /Another restore/);
  mark.close();
  // It ended before it had changed anything.
  assert.equal(await own.read(), "after");
});

Deno.test("restoreStore: one that was cut off between the stores lets nothing begin anew, and is made good by another", async () => {
  await using own = await rig();
  await Deno.writeTextFile(restoreMarkPath(own.path), "replacing\n");
  await Deno.remove(own.path);
  await assert.rejects(
    own.read(),
    (error) => error instanceof StorageError && /cut off/.test(error.message),
  );
  await own.restore();
  assert.equal(await own.read(), "before");
});

Deno.test("restoreStore: one that was cut off is still cut off after another was refused", async () => {
  await using own = await rig();
  await Deno.writeTextFile(restoreMarkPath(own.path), "replacing\n");
  await Deno.writeTextFile(own.backup, "text");
  await refusal(own.restore());
  await assert.rejects(own.read(), /cut off/);
});

Deno.test("restoreStore: one that fails between the stores says so to whoever starts, until another has ended", async () => {
  await using own = await rig();
  const at = new Date();
  const restore = () =>
    restoreStore(own.backup, own.path, {
      at,
      signal: new AbortController().signal,
    });
  // Where the old store is to be kept there is something already.
  const stamp = at.toISOString().replaceAll(/[:.]/g, "-");
  const kept = `${own.folder}/replaced-${stamp}`;
  await Deno.writeTextFile(kept, "");
  await assert.rejects(restore());
  await assert.rejects(own.read(), /cut off/);
  await Deno.remove(kept);
  await restore();
  assert.equal(await own.read(), "before");
});

Deno.test("restoreStore: what was restored can be backed up and restored in its turn", async () => {
  await using own = await rig();
  await own.restore();
  const next = `${own.folder}/next.db`;
  await copyStore(own.path, next, {
    madeAt: new Date().toISOString(),
    origin: "command",
    secretId: null,
  });
  const store = await openStore({ location: own.path });
  await store.kv.set(KEY, "later");
  store.close();
  await restoreStore(next, own.path, {
    at: new Date(),
    signal: new AbortController().signal,
  });
  assert.equal(await own.read(), "before");
});
