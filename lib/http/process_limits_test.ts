import assert from "node:assert/strict";
import { hasFreeDescriptors } from "./process_limits.ts";

/** The locks that processes hold on a file, as Linux lists them. */
async function locksOn(path: string): Promise<number> {
  const { ino } = await Deno.stat(path);
  const lines = (await Deno.readTextFile("/proc/locks")).split("\n");
  return lines.filter((line) => line.includes(`:${ino} `)).length;
}

Deno.test({
  name: "hasFreeDescriptors: the process keeps its lock on the store",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/freshet.db`;
    const kv = await Deno.openKv(path);
    try {
      await kv.set(["a"], 1);
      assert.equal(await locksOn(path), 1);
      assert.equal(await hasFreeDescriptors(path), true);
      assert.equal(await locksOn(path), 1);
    } finally {
      kv.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
