import assert from "node:assert/strict";
import { keptHeaders } from "./kept_headers.ts";

Deno.test("keptHeaders: credentials, cookies and addresses are left out, their scheme stays", () => {
  const { request } = keptHeaders(
    new Headers({
      authorization: "Bearer frk_abcdefghijklmnopqrstuvwxyz0123456789",
      cookie: "freshet_session=secret",
      "x-forwarded-for": "203.0.113.7",
      "proxy-authorization": "Basic c2VjcmV0",
      "x-api-key": "sk-secret",
      "user-agent": "OpenAI/Python 1.2",
    }),
    new Headers(),
  );
  assert.deepEqual(request, [
    ["authorization", "Bearer …"],
    ["user-agent", "OpenAI/Python 1.2"],
  ]);
});

Deno.test("keptHeaders: a credential without a scheme leaves nothing of itself", () => {
  const { request } = keptHeaders(
    new Headers({ authorization: "frk_abcdefghijklmnopqrstuvwxyz0123456789" }),
    new Headers(),
  );
  assert.deepEqual(request, [["authorization", "…"]]);
});

Deno.test("keptHeaders: what the server told is kept but for what it set", () => {
  const { response } = keptHeaders(
    new Headers(),
    new Headers({
      "set-cookie": "freshet_session=secret",
      "x-freshet-cache": "miss",
      "x-ratelimit-limit-requests": "60",
      "content-security-policy": "default-src 'self'",
    }),
  );
  assert.deepEqual(response, [
    ["x-freshet-cache", "miss"],
    ["x-ratelimit-limit-requests", "60"],
  ]);
});

Deno.test("keptHeaders: what is many or long is bounded", () => {
  const many = new Headers();
  for (let index = 0; index < 200; index += 1) {
    many.set(`x-freshet-${index}`, "v".repeat(5_000));
  }
  const { request } = keptHeaders(many, new Headers());
  const bytes = JSON.stringify(request).length;
  assert.ok(bytes < 6_000, `${bytes} bytes`);
});
