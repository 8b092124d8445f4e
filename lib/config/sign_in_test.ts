import assert from "node:assert/strict";
import { ConfigError } from "./config_error.ts";
import { readMail } from "./mail.ts";
import { readSignIn } from "./sign_in.ts";
import { readTrustedProxies } from "./trusted_proxies.ts";

type Env = Record<string, string>;

const LONG = "a password of some length";

const read = (env: Env, host = env.HOST ?? "127.0.0.1") =>
  readSignIn((name) => env[name], host);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(!error.message.includes("\n"), "the message must be one line");
    return error.message;
  }
  throw new assert.AssertionError({ message: "the settings were accepted" });
}

Deno.test("readSignIn: whatever reaches beyond this machine wants a password", () => {
  assert.equal(read({}).auth, "local");
  for (
    const env of [
      { PUBLIC_URL: "https://chat.example.org" },
      { HOST: "0.0.0.0" },
      { HOST: "192.168.1.5" },
      { DENO_DEPLOY: "1" },
    ] as Env[]
  ) {
    assert.equal(read(env).auth, "password", JSON.stringify(env));
  }
});

Deno.test("readSignIn: local mode together with what reaches beyond this machine ends the start", () => {
  for (
    const [env, named] of [
      [{ PUBLIC_URL: "https://chat.example.org" }, /PUBLIC_URL="https:\/\/c/],
      [{ HOST: "0.0.0.0" }, /HOST="0\.0\.0\.0"/],
      [{ DENO_DEPLOY: "1" }, /DENO_DEPLOY="1"/],
    ] as [Env, RegExp][]
  ) {
    const message = refusal(() => read({ ...env, FRESHET_AUTH: "local" }));
    assert.match(message, /FRESHET_AUTH="local".*want password or oidc/);
    assert.match(message, named);
  }
});

Deno.test("readSignIn: PUBLIC_URL becomes an origin, and nothing but one is taken", () => {
  const publicUrl = (text: string) => read({ PUBLIC_URL: text }).publicUrl;
  assert.equal(
    publicUrl("https://Chat.example.org/"),
    "https://chat.example.org",
  );
  assert.equal(publicUrl("http://10.0.0.5:8000"), "http://10.0.0.5:8000");
  for (
    const text of [
      "chat.example.org",
      "ftp://chat.example.org",
      "https://chat.example.org/app",
      "https://chat.example.org/?a=1",
      "https://user:pass@chat.example.org",
    ]
  ) {
    const message = refusal(() => publicUrl(text));
    assert.match(message, /PUBLIC_URL=.*http or https/);
    assert.ok(!message.includes("pass@"), message);
  }
});

Deno.test("readSignIn: the first owner has an address and a password", () => {
  const env = {
    FRESHET_ADMIN_EMAIL: " Owner@Example.org ",
    FRESHET_ADMIN_PASSWORD: LONG,
  };
  assert.deepEqual(read(env).firstOwner, {
    email: "owner@example.org",
    password: LONG,
  });
  const cases: [Env, RegExp][] = [
    [{ ...env, FRESHET_ADMIN_EMAIL: "owner" }, /FRESHET_ADMIN_EMAIL="owner"/],
    [{ FRESHET_ADMIN_EMAIL: "a@b.example" }, /FRESHET_ADMIN_PASSWORD is not/],
    [{ FRESHET_ADMIN_PASSWORD: LONG }, /FRESHET_ADMIN_EMAIL is not set/],
    [
      { ...env, FRESHET_ADMIN_PASSWORD: "elevenchars" },
      /FRESHET_ADMIN_PASSWORD="…".*at least 12 characters/,
    ],
    [{ ...env, FRESHET_ADMIN_PASSWORD: "x".repeat(1_025) }, /1,024 bytes/],
  ];
  for (const [wrong, expected] of cases) {
    const message = refusal(() => read(wrong));
    assert.match(message, expected);
    assert.ok(!message.includes("elevenchars") && !message.includes(LONG));
  }
});

Deno.test("readSignIn: oidc wants an issuer and a client, and an address of the owner is enough", () => {
  const env = {
    FRESHET_AUTH: "oidc",
    OIDC_ISSUER: "https://id.example.org/realms/a",
    OIDC_CLIENT_ID: "freshet",
  };
  assert.deepEqual(read(env).identityProvider, {
    issuer: "https://id.example.org/realms/a",
    clientId: "freshet",
    clientSecret: null,
  });
  assert.deepEqual(
    read({ ...env, FRESHET_ADMIN_EMAIL: "a@b.example" }).firstOwner,
    { email: "a@b.example", password: null },
  );
  assert.equal(
    read({ ...env, FRESHET_AUTH: "password" }).identityProvider,
    null,
  );
  assert.equal(
    read({ ...env, OIDC_ISSUER: "http://127.0.0.1:9000" }).auth,
    "oidc",
  );
  const cases: [Env, RegExp][] = [
    [{ FRESHET_AUTH: "oidc" }, /OIDC_ISSUER="".*https/],
    [{ ...env, OIDC_ISSUER: "http://id.example.org" }, /OIDC_ISSUER=.*https/],
    [{ ...env, OIDC_ISSUER: "id" }, /OIDC_ISSUER="id"/],
    [{ ...env, OIDC_CLIENT_ID: "" }, /OIDC_CLIENT_ID=""/],
  ];
  for (const [wrong, expected] of cases) {
    assert.match(refusal(() => read(wrong)), expected);
  }
});

Deno.test("readSignIn: a short FRESHET_SECRET is refused without showing it", () => {
  const secret = "s".repeat(32);
  assert.equal(read({ FRESHET_SECRET: secret }).secret, secret);
  const message = refusal(() => read({ FRESHET_SECRET: "tooshort" }));
  assert.match(message, /FRESHET_SECRET="…".*32 random characters/);
  assert.ok(!message.includes("tooshort"));
});

Deno.test("readMail: a server and a sender, or neither", () => {
  const mail = (env: Env) => readMail((name) => env[name]);
  assert.equal(mail({ MAIL_FROM: "a@b.example" }), null);
  const env = {
    SMTP_URL: "smtps://me:pass@mail.example.org:465",
    MAIL_FROM: "Freshet <freshet@example.org>",
  };
  assert.deepEqual(mail(env), {
    smtpUrl: env.SMTP_URL,
    from: env.MAIL_FROM,
  });
  const cases: [Env, RegExp][] = [
    [{ SMTP_URL: env.SMTP_URL }, /MAIL_FROM="" /],
    [{ ...env, MAIL_FROM: "Freshet" }, /MAIL_FROM="Freshet"/],
    [{ ...env, SMTP_URL: "https://me:pass@mail" }, /SMTP_URL="…".*smtp:\/\//],
    [{ ...env, SMTP_URL: "me:pass" }, /SMTP_URL="…"/],
  ];
  for (const [wrong, expected] of cases) {
    const message = refusal(() => mail(wrong));
    assert.match(message, expected);
    assert.ok(!message.includes("me:pass"), message);
  }
});

Deno.test("readTrustedProxies: networks and addresses, as CIDRs", () => {
  assert.deepEqual(readTrustedProxies(undefined), []);
  assert.deepEqual(readTrustedProxies("10.0.0.0/8, 127.0.0.1 ::1"), [
    "10.0.0.0/8",
    "127.0.0.1",
    "::1",
  ]);
  for (const text of ["proxy", "10.0.0.0/33", "::1/129", "10.0.0.0/8,x"]) {
    assert.match(
      refusal(() => readTrustedProxies(text)),
      /TRUSTED_PROXIES=.*10\.0\.0\.0\/8/,
    );
  }
});
