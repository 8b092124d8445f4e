/** Providers, routes and models that one process changes, as another one on the same store has them. */
import assert from "node:assert/strict";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { postChat, question } from "./v1_rig.ts";

const KEY = "sk-0123456789abcdefghij-wxyz";

Deno.test("providers in two processes: what one changes holds in the other without a restart, whose running answer ends", async () => {
  const dataDir = await Deno.makeTempDir();
  const upstream = await startFakeUpstream({
    models: ["m1", "held"],
    behaviour: { text: "to the end" },
    behaviours: { held: { held: true, text: "to the end" } },
    apiKey: KEY,
  });
  try {
    const config = `${dataDir}/config.json`;
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        titles: { enabled: false },
        cache: { policy: "off" },
      }),
    );
    const options = { env: { FRESHET_CONFIG: config } };
    await using one = await startProcess(dataDir, options);
    await using other = await startProcess(dataDir, options);
    const modelsOf = async (process: typeof one) => {
      const { items } = await (await process.fetch("/api/models")).json();
      return items.map(({ id }: { id: string }) => id).join();
    };
    const change = async (path: string, body: unknown) => {
      const response = await one.fetch(path, {
        method: "PATCH",
        headers: { "content-type": "application/json", "if-match": "*" },
        body: JSON.stringify(body),
      });
      assert.equal(response.status, 200, await response.text());
    };
    const added = await one.post("/api/providers", {
      id: "added",
      baseUrl: upstream.url,
      apiKey: KEY,
    });
    assert.equal(added.status, 201, await added.text());
    // The key is one that both can open.
    await waitFor(
      "the provider in the other process",
      async () => await modelsOf(other) === "added/m1,added/held",
    );
    const running = postChat(
      other,
      question({ model: "added/held", stream: true }),
    );
    await upstream.waitForChat(0);
    const route = { id: "best", targets: [{ provider: "added", model: "m1" }] };
    const routed = await one.post("/api/routes", route);
    assert.equal(routed.status, 201, await routed.text());
    await waitFor("the route", async () => {
      const answer = await postChat(other, question({ model: "best" }));
      await answer.body?.cancel();
      return answer.status === 200;
    });
    await change("/api/models/settings", {
      models: [{ id: "best", isListed: false }],
    });
    await waitFor(
      "the list without the route",
      async () => await modelsOf(other) === "added/m1,added/held",
    );
    await change("/api/providers/added", { state: "draining" });
    await waitFor("the drained provider", async () => {
      const answer = await postChat(other, question({ model: "added/m1" }));
      await answer.body?.cancel();
      return answer.status === 404;
    });
    upstream.release();
    assert.match(await (await running).text(), /end[^]*\[DONE\]/);
  } finally {
    upstream.release();
    await upstream.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
