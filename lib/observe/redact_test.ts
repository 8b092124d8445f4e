import assert from "node:assert/strict";
import { redact } from "./redact.ts";

const SECRETS = [
  "sk-abcdefgh12345678",
  "sk-proj-abc_DEF-1234567890",
  "frk_0123456789012345678901234567890123",
  "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
  "AKIAIOSFODNN7EXAMPLE",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
];

for (const secret of SECRETS) {
  Deno.test(`redact: takes out ${secret.slice(0, 8)}… wherever it stands`, () => {
    for (
      const text of [
        secret,
        `My key is ${secret}, use it.`,
        JSON.stringify({ content: `key=${secret}` }),
      ]
    ) {
      const clean = redact(text);
      assert.ok(!clean.includes(secret.slice(4)), clean);
    }
  });
}

Deno.test("redact: takes out what follows Bearer and Basic", () => {
  assert.equal(
    redact("curl -H 'Authorization: Bearer abc.DEF-123456'"),
    "curl -H 'Authorization: Bearer …'",
  );
  assert.equal(redact("basic dXNlcjpwYXNzd29yZA=="), "basic …");
});

Deno.test("redact: takes out fields of JSON that are named like secrets, also in a string of JSON", () => {
  const inner = { "x-api-key": "plain words", user: "eva" };
  const text = JSON.stringify({
    authorization: "Token zzz",
    client_secret: "q",
    nested: JSON.stringify(inner),
    token_count: 5,
  });
  const clean = JSON.parse(redact(text));
  assert.deepEqual(clean, {
    authorization: "…",
    client_secret: "…",
    nested: JSON.stringify({ ...inner, "x-api-key": "…" }),
    token_count: 5,
  });
});

Deno.test("redact: takes out what links and addresses carry", () => {
  assert.equal(
    redact("GET /reset?token=abc-_1&x=2 https://a.example/cb?state=s&code=c#f"),
    "GET /reset?token=…&x=2 https://a.example/cb?state=…&code=…#f",
  );
  assert.equal(
    redact("connect to smtp://user:pa55word@mail.example:587 failed"),
    "connect to smtp://…@mail.example:587 failed",
  );
  const plain = "https://a.example/b?page=2&q=a@b and https://a.example/@name";
  assert.equal(redact(plain), plain);
});

Deno.test("redact: e-mail addresses go only where the settings say so", () => {
  const text = "Write to eva.m+test@mail.example.org, please.";
  assert.equal(redact(text), text);
  assert.equal(redact(text, ["email"]), "Write to …, please.");
});

Deno.test("redact: ordinary texts stay as they are", () => {
  for (
    const text of [
      "The desk-top risk-free task-based approach",
      "Use a token bucket; the password is a word.",
      'const secret = "s";',
      "user@host",
    ]
  ) assert.equal(redact(text, ["email"]), text);
});
