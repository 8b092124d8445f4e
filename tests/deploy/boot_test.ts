/**
 * `_fresh/server.js` as Deno Deploy runs it: its default export served by the platform, a store that the
 * platform gives, no disk to write to, no unstable feature but KV. (With DENO_DEPLOY set the start ends,
 * since this version has local mode only.)
 */
import assert from "node:assert/strict";
import { askWhole, getMessages } from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { startProcess } from "../support/process.ts";
import { assemble } from "../support/sse.ts";

const ROOT = new URL("../../", import.meta.url);

/** The project's deno.json with no unstable feature but KV. */
async function deployConfig(folder: string): Promise<string> {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const absolute = (path: string) => new URL(path, ROOT);
  const path = `${folder}/deno.json`;
  // With the lock file no package has to be looked up.
  await Deno.copyFile(new URL("deno.lock", ROOT), `${folder}/deno.lock`);
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      nodeModulesDir: "none",
      unstable: ["kv"],
      links: config.links.map((link: string) => absolute(link).pathname),
      imports: { ...config.imports, "@/": ROOT.href },
      compilerOptions: config.compilerOptions,
    }),
  );
  return path;
}

Deno.test("Deploy boot: the built server answers with no flag but KV, no queue and no disk", async () => {
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: { text: "one two three" },
  });
  try {
    await using server = await startProcess(`${folder}/data`, {
      listens: /Listening on (http:\/\/[^\s"]+)/,
      args: [
        "serve",
        "--config",
        await deployConfig(folder),
        "--cached-only",
        "--allow-net",
        "--allow-env",
        "--allow-read",
        "--host=127.0.0.1",
        "--port=0",
        "_fresh/server.js",
      ],
      env: {
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: upstream.url,
        DENO_KV_DB_MODE: "memory",
      },
    });
    assert.equal((await server.fetch("/readyz")).status, 200);
    assert.match(
      await (await server.fetch("/")).text(),
      /What would you like to know/,
    );
    const { thread, events } = await askWhole(server, "x");
    assert.equal(assemble(events), "one two three");
    assert.equal(
      (await getMessages(server, thread.id))[1].content,
      "one two three",
    );
    await assert.rejects(Deno.stat(`${folder}/data`), Deno.errors.NotFound);
  } finally {
    upstream.release();
    await upstream.close();
    await Deno.remove(folder, { recursive: true });
  }
});
