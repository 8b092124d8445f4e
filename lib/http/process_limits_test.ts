import assert from "node:assert/strict";
import { hasFreeDescriptors } from "./process_limits.ts";

/** Whether another process may take a store for its own alone, as who closes it last does. */
async function isLeftToOthers(path: string): Promise<boolean> {
  const program = `
    import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync(${JSON.stringify(path)});
    db.exec("PRAGMA journal_mode = DELETE");`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stderr: "null",
  }).output();
  return success;
}

Deno.test("hasFreeDescriptors: the process keeps its lock on the store", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/freshet.db`;
  try {
    const kv = await Deno.openKv(path);
    await kv.set(["a"], 1);
    assert.equal(await hasFreeDescriptors(path), true);
    assert.equal(await isLeftToOthers(path), false);
    kv.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
