/** A model server on this machine is found, used with one call, and still used after a restart. */
import assert from "node:assert/strict";
import { startApp, type TestApp } from "../support/app.ts";
import { askWhole } from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { waitFor } from "../support/wait.ts";
import { assemble } from "../support/sse.ts";

async function offers(app: TestApp): Promise<string[]> {
  const page = await (await app.fetch("/api/providers/local")).json();
  return page.items.map(({ id }: { id: string }) => id);
}

async function modelIds(app: TestApp): Promise<string[]> {
  const page = await (await app.fetch("/api/models")).json();
  return page.items.map(({ id }: { id: string }) => id);
}

Deno.test("local server: is offered, used by one call, replaces the demo, and outlives a restart", async () => {
  const upstream = await startFakeUpstream({
    models: ["qwen3:32b"],
    behaviour: { text: "hello" },
  });
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const options = {
    location: `${folder}/freshet.db`,
    localPorts: { ollama: Number(new URL(upstream.url).port) },
  };
  try {
    {
      await using app = await startApp(options);
      assert.deepEqual(await modelIds(app), ["freshet/demo"]);
      // A look that has to be quick may miss it on a busy machine; the next one finds it.
      await waitFor("the offer", async () => (await offers(app)).length > 0);
      assert.deepEqual(await offers(app), ["ollama"]);
      const used = await app.post("/api/providers/local", { id: "ollama" });
      assert.equal(used.status, 200);
      await used.body?.cancel();
      assert.deepEqual(await offers(app), []);
      assert.deepEqual(await modelIds(app), ["ollama/qwen3:32b"]);
      const { events } = await askWhole(app, "x", "ollama/qwen3:32b");
      assert.equal(assemble(events), "hello");
    }
    await using app = await startApp(options);
    assert.deepEqual(await modelIds(app), ["ollama/qwen3:32b"]);
  } finally {
    await upstream.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("local server: one that does not answer is not offered and cannot be used", async () => {
  await using app = await startApp();
  assert.deepEqual(await offers(app), []);
  const response = await app.post("/api/providers/local", { id: "ollama" });
  assert.equal(response.status, 404);
  assert.equal((await response.json()).code, "local_server_not_found");
  const unknown = await app.post("/api/providers/local", { id: "elsewhere" });
  assert.equal(unknown.status, 400);
  await unknown.body?.cancel();
});
