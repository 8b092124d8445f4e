import assert from "node:assert/strict";
import { readConfig } from "@/lib/config.ts";
import { settingsFromStart } from "./settings_sources.ts";

async function shown(
  env: Record<string, string>,
  file: Record<string, unknown> = {},
) {
  const read = (name: string) => env[name];
  const config = await readConfig({
    env: (name) => name === "FRESHET_CONFIG" ? "c.json" : read(name),
    readText: () => Promise.resolve(JSON.stringify(file)),
    canWrite: () => true,
  });
  const rows = await settingsFromStart(config, ["cache.policy"], read);
  return new Map(rows.map((row) => [row.name, row]));
}

Deno.test("settingsFromStart: each says where it is from", async () => {
  const rows = await shown(
    { PORT: "9000", OPENAI_API_KEY: "sk-secret-of-somebody" },
    { retention: { runsDays: 7 }, routes: [] },
  );
  const sources = [
    "PORT",
    "HOST",
    "Provider openai",
    "retention.runsDays",
    "retention.requestsDays",
    "FRESHET_SECRET",
  ].map((name) => rows.get(name)?.source);
  assert.deepEqual(sources, [
    "environment",
    "default",
    "environment",
    "config file",
    "default",
    "default",
  ]);
  assert.equal(rows.get("PORT")?.value, "9000");
});

Deno.test("settingsFromStart: no secret is shown, and none that can be set while the server runs", async () => {
  const rows = await shown({
    OPENAI_API_KEY: "sk-secret-of-somebody",
    FRESHET_SECRET: "a secret of at least 32 characters, this",
  });
  const text = JSON.stringify([...rows.values()]);
  assert.ok(!text.includes("sk-secret"));
  assert.ok(!text.includes("this"));
  assert.equal(rows.has("cache.policy"), false);
  assert.ok(rows.has("cache.l1Bytes"));
});
