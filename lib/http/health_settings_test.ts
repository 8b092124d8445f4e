import assert from "node:assert/strict";
import { readConfig } from "@/lib/config.ts";
import { settingsInForce } from "./health_settings.ts";

const SECRETS = {
  FRESHET_API_KEY: `frk_${"k".repeat(40)}`,
  FRESHET_ADMIN_EMAIL: "mara@hydro.example",
  FRESHET_ADMIN_PASSWORD: "a spring flood in May",
  FRESHET_SECRET: "s".repeat(40),
  OPENAI_API_KEY: "sk-verysecretindeed",
  SMTP_URL: "smtp://mara@hydro.example:tide@pool@mail.example:587",
  MAIL_FROM: "freshet@hydro.example",
  OPENAI_BASE_URL: "https://user:flood@models.example/v1?key=abcdef",
};

function configOf(env: Record<string, string>, file = {}) {
  return readConfig({
    env: (name) => env[name],
    readText: () => Promise.resolve(JSON.stringify(file)),
    canWrite: () => true,
  });
}

Deno.test("settingsInForce: no secret is shown, wherever it stands", async () => {
  const config = await configOf(
    { ...SECRETS, FRESHET_AUTH: "password", FRESHET_CONFIG: "x" },
    {
      providers: [{
        id: "a",
        baseUrl: "http://a.example/v1",
        apiKey: "plain-text-key-of-a",
        models: ["m"],
      }],
    },
  );
  const text = JSON.stringify(settingsInForce(config));
  for (
    const secret of [
      SECRETS.FRESHET_API_KEY,
      SECRETS.FRESHET_ADMIN_PASSWORD,
      SECRETS.FRESHET_SECRET,
      SECRETS.OPENAI_API_KEY,
      "tide",
      "flood",
      "abcdef",
      "plain-text-key-of-a",
    ]
  ) {
    assert.ok(!text.includes(secret), `"${secret}" is shown`);
  }
  assert.ok(text.includes("models.example/v1"));
  assert.ok(text.includes("mail.example:587"));
});

Deno.test("settingsInForce: what is set and what is not, also of secrets", async () => {
  const settings = settingsInForce(
    await configOf({ FRESHET_SECRET: SECRETS.FRESHET_SECRET, PORT: "9000" }),
  );
  const valueOf = (name: string) =>
    settings.find((each) => each.name === name)?.value;
  assert.equal(valueOf("PORT"), "9000");
  assert.equal(valueOf("PUBLIC_URL"), "not set");
  assert.equal(valueOf("FRESHET_SECRET"), "set");
  assert.equal(valueOf("FRESHET_API_KEY"), "not set");
  assert.equal(valueOf("cache.ttlSeconds"), "86400");
});
