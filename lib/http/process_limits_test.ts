import assert from "node:assert/strict";
import { hasFreeDescriptors } from "./process_limits.ts";

/** Opens a store, reads it and closes it again, in a process of its own. */
async function lookIn(path: string): Promise<void> {
  const program = `
    import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync(${JSON.stringify(path)});
    db.exec("SELECT count(*) FROM kv");
    db.close();`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stdout: "null",
  }).output();
  assert.ok(success);
}

Deno.test("hasFreeDescriptors: what is written stays when another process looks into the store", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  try {
    const kv = await Deno.openKv(path);
    await kv.set(["a"], 1);
    assert.equal(await hasFreeDescriptors(path), true);
    await lookIn(path);
    // The log is there as long as somebody writes to it.
    assert.ok((await Deno.stat(`${path}-wal`)).isFile);
    kv.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
