import assert from "node:assert/strict";
import { type Config, readConfig, settingsWithoutEffect } from "./config.ts";
import { ConfigError } from "./config/config_error.ts";

function read(
  env: Record<string, string>,
  files: Record<string, string> = {},
  canWrite = true,
): Promise<Config> {
  return readConfig({
    env: (name) => env[name],
    readText: (path) =>
      path in files
        ? Promise.resolve(files[path])
        : Promise.reject(new Deno.errors.NotFound(path)),
    canWrite: () => canWrite,
  });
}

async function refusal(
  env: Record<string, string>,
  files: Record<string, string> = {},
): Promise<string> {
  try {
    await read(env, files);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(!error.message.includes("\n"), "the message must be one line");
    return error.message;
  }
  throw new assert.AssertionError({ message: "the settings were accepted" });
}

Deno.test("readConfig: nothing set gives the documented defaults", async () => {
  assert.deepEqual(await read({}), {
    port: 8000,
    host: "127.0.0.1",
    dataDir: "./data",
    storePath: "./data/freshet.db",
    auth: "local",
    publicUrl: null,
    firstOwner: null,
    identityProvider: null,
    secret: null,
    trustedProxies: [],
    mail: null,
    apiKey: null,
    maxDescriptors: 1024,
    drainMs: 0,
    providers: [],
    defaultProvider: null,
    routes: [],
    breaker: { failures: 5, windowMs: 30_000, openMs: 15_000 },
    cache: {
      policy: "deterministic",
      scope: "workspace",
      ttlSeconds: 86_400,
      l1Bytes: 67_108_864,
    },
    admission: { maxStreams: null },
    prices: [],
    limits: [],
    budgets: [],
    titles: { enabled: true, model: null },
    retention: { runEventsMinutes: 60, runsDays: 30, requestsDays: 90 },
    requestLog: { bodies: false, redact: [] },
    outgoing: { allow: [] },
    alerts: [],
    oidc: {
      scopes: ["openid", "profile", "email"],
      groupsClaim: "groups",
      roles: [],
      defaultRole: "member",
      buttonLabel: null,
    },
  });
});

Deno.test("readConfig: an empty setting counts as not set", async () => {
  const config = await read({ PORT: "", HOST: " ", OPENAI_API_KEY: "" });
  assert.equal(config.port, 8000);
  assert.equal(config.host, "127.0.0.1");
  assert.deepEqual(config.providers, []);
});

Deno.test("readConfig: OPENAI_API_KEY alone makes OpenAI the default provider", async () => {
  const config = await read({ OPENAI_API_KEY: "sk-test" });
  assert.equal(config.defaultProvider, "openai");
  assert.deepEqual(config.providers, [{
    id: "openai",
    baseUrl: "https://api.openai.com/v1",
    apiKey: "sk-test",
    models: "discover",
    maxConnections: 200,
  }]);
});

Deno.test("readConfig: OPENAI_BASE_URL alone makes a provider without a key", async () => {
  const config = await read({ OPENAI_BASE_URL: "http://127.0.0.1:11434/v1/" });
  assert.equal(config.providers[0].baseUrl, "http://127.0.0.1:11434/v1");
  assert.equal(config.providers[0].apiKey, null);
});

Deno.test("readConfig: a config file adds providers and takes keys from the environment", async () => {
  const file = JSON.stringify({
    providers: [
      {
        id: "a",
        baseUrl: "http://127.0.0.1:9000/v1",
        apiKeyEnv: "A_KEY",
        models: ["m1"],
        maxConnections: 5,
      },
      { id: "b", baseUrl: "http://127.0.0.1:9001/v1", apiKey: "kb" },
    ],
  });
  const config = await read({ FRESHET_CONFIG: "f.json", A_KEY: "ka" }, {
    "f.json": file,
  });
  assert.equal(config.defaultProvider, null);
  assert.deepEqual(
    config.providers.map((p) => [p.id, p.apiKey, p.models, p.maxConnections]),
    [
      ["a", "ka", ["m1"], 5],
      ["b", "kb", "discover", 200],
    ],
  );
});

Deno.test("readConfig: a route may lead to the default provider, and to nobody who is not there", async () => {
  const withTarget = (provider: string, model: string) => ({
    "f.json": JSON.stringify({
      providers: [{ id: "a", baseUrl: "http://127.0.0.1:1", models: ["m1"] }],
      routes: [{ id: "best", targets: [{ provider, model }] }],
    }),
  });
  const env = { FRESHET_CONFIG: "f.json", OPENAI_API_KEY: "sk-test" };
  const { routes } = await read(env, withTarget("openai", "whatever"));
  assert.equal(routes[0].targets[0].provider, "openai");
  assert.match(
    await refusal(env, withTarget("b", "m1")),
    /FRESHET_CONFIG="f.json".*routes\.0\.targets\.0\.provider: there is no provider "b"/,
  );
  assert.match(
    await refusal(env, withTarget("a", "m2")),
    /routes\.0\.targets\.0\.model: provider "a" has no model "m2"/,
  );
});

Deno.test("readConfig: each wrong setting is named with its value and what is wanted", async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ PORT: "eighty" }, /PORT="eighty".*whole number from 0 to 65535/],
    [{ PORT: "70000" }, /PORT="70000"/],
    [{ PORT: "-1" }, /PORT="-1"/],
    [{ FRESHET_DRAIN_MS: "1.5" }, /FRESHET_DRAIN_MS="1.5"/],
    [{ FRESHET_MAX_FDS: "12" }, /FRESHET_MAX_FDS="12"/],
    [
      { OPENAI_BASE_URL: "ftp://x" },
      /OPENAI_BASE_URL="ftp:\/\/x".*http or https/,
    ],
    [{ FRESHET_AUTH: "magic" }, /FRESHET_AUTH="magic".*local, password, oidc/],
    [
      { FRESHET_CONFIG: "missing.json" },
      /FRESHET_CONFIG="missing.json".*readable/,
    ],
  ];
  for (const [env, expected] of cases) {
    assert.match(await refusal(env), expected);
  }
});

Deno.test("readConfig: a wrong key is refused without showing it", async () => {
  const message = await refusal({ FRESHET_API_KEY: "frk_tooshort" });
  assert.match(message, /FRESHET_API_KEY.*frk_ plus at least 32/);
  assert.ok(!message.includes("tooshort"));
});

Deno.test("readConfig: every loopback HOST is local mode", async () => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1"]) {
    const config = await read({ HOST: host });
    assert.equal(config.host, host);
    assert.equal(config.auth, "local");
  }
});

Deno.test("readConfig: a config file is refused with the place that is wrong", async () => {
  const cases: [string, RegExp][] = [
    ["{", /want JSON/],
    [JSON.stringify({ weather: [] }), /section "weather" is not known/],
    [
      JSON.stringify({ providers: [{ id: "A!", baseUrl: "http://x" }] }),
      /providers\.0\.id/,
    ],
    [
      JSON.stringify({ providers: [{ id: "a", baseUrl: "nope" }] }),
      /providers\.0\.baseUrl/,
    ],
    [
      JSON.stringify({ providers: [{ id: "a", baseUrl: "http://x", key: 1 }] }),
      /providers\.0\.key/,
    ],
    [
      JSON.stringify({
        providers: [{ id: "a", baseUrl: "http://x", apiKeyEnv: "NOT_SET" }],
      }),
      /NOT_SET, which is not set/,
    ],
    [
      JSON.stringify({
        providers: [{ id: "a", baseUrl: "http://x" }, {
          id: "a",
          baseUrl: "http://y",
        }],
      }),
      /"a" is there twice/,
    ],
  ];
  for (const [text, expected] of cases) {
    assert.match(await refusal({ FRESHET_CONFIG: "f" }, { f: text }), expected);
  }
});

Deno.test("readConfig: without a disk to write to, or with a remote store, the platform opens the store", async () => {
  assert.equal((await read({}, {}, false)).storePath, null);
  assert.equal(
    (await read({ DENO_KV_DEFAULT_PATH: "http://kv:4512" })).storePath,
    null,
  );
  assert.equal(
    (await read({ DATA_DIR: "/srv/f/" })).storePath,
    "/srv/f/freshet.db",
  );
});

Deno.test("settingsWithoutEffect: names what is set and not used beside the others", async () => {
  const env: Record<string, string> = {
    OIDC_ISSUER: "https://id.example.org",
    OIDC_CLIENT_ID: "",
    MAIL_FROM: "a@b.example",
    PORT: "1",
  };
  assert.deepEqual(
    settingsWithoutEffect(await read(env), (name) => env[name]),
    [
      "OIDC_ISSUER",
      "MAIL_FROM",
    ],
  );
});

Deno.test("readConfig: what is to be sealed wants a secret where there is no data folder to keep one in", async () => {
  const remote = { DENO_KV_DEFAULT_PATH: "http://kv:4512" };
  const oidc = {
    FRESHET_AUTH: "oidc",
    OIDC_ISSUER: "https://id.example.org",
    OIDC_CLIENT_ID: "freshet",
  };
  const mail = { SMTP_URL: "smtp://mail", MAIL_FROM: "a@b.example" };
  for (const env of [oidc, mail]) {
    assert.match(
      await refusal({ ...remote, ...env }),
      /FRESHET_SECRET="…".*32 random characters/,
    );
    const secret = { FRESHET_SECRET: "s".repeat(32) };
    await read({ ...remote, ...env, ...secret });
    await read(env);
  }
});
