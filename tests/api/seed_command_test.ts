/** `deno task seed`: an empty store is filled, one that is in use or holds something is left alone. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import { bareEnvironment } from "../support/process.ts";

const DEADLINE_MS = 120_000;

async function seed(folder: string, args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--cached-only", "scripts/seed.ts", ...args],
    clearEnv: true,
    env: { ...bareEnvironment(), NO_COLOR: "1", DATA_DIR: folder },
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: decode(stdout), error: decode(stderr) };
}

Deno.test("seed: fills an empty store, and neither one that is in use nor one that holds something", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const wrong = await seed(folder, ["many"]);
    assert.deepEqual([wrong.code, wrong.out], [1, ""]);
    assert.match(wrong.error, /^Count "many" is no whole number/);
    const filled = await seed(folder, ["0"]);
    assert.equal(filled.code, 0, filled.error);
    assert.match(filled.out, /6 threads, 2 projects/);
    const again = await seed(folder, ["0"]);
    assert.equal(again.code, 1);
    assert.match(again.error, /^There are threads in/);
    await using app = await startApp({ location: `${folder}/freshet.db` });
    const { items } = await (await app.fetch("/api/threads")).json();
    assert.equal(items.length, 6);
    const used = await seed(folder, ["0"]);
    assert.equal(used.code, 1);
    assert.match(used.error, /stop it first$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
