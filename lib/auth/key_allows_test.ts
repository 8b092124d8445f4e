import assert from "node:assert/strict";
import type { CallerKey } from "./caller.ts";
import { keyAllows, type KeyUse } from "./key_allows.ts";

const KEY: CallerKey = {
  id: "key_1",
  scopes: ["v1"],
  models: null,
  endpoints: null,
  isReadOnly: false,
};

function code(key: Partial<CallerKey>, use: Partial<KeyUse>): string | null {
  const refusal = keyAllows({ ...KEY, ...key }, {
    surface: "v1",
    method: "POST",
    path: "/v1/chat/completions",
    ...use,
  });
  assert.equal(refusal?.status ?? 403, 403);
  return refusal?.code ?? null;
}

Deno.test("keyAllows: a key without bounds may all that its scopes may", () => {
  assert.equal(code({}, { model: "m" }), null);
  assert.equal(
    code({}, { method: "DELETE", path: "/v1/responses/resp_1" }),
    null,
  );
});

Deno.test("keyAllows: a key that may only read asks nothing and changes nothing", () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    assert.equal(code({ isReadOnly: true }, { method }), "key_read_only");
    const surface = "api";
    assert.equal(
      code({ isReadOnly: true }, { method, surface, path: "/api/threads" }),
      "key_read_only",
    );
  }
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    assert.equal(code({ isReadOnly: true }, { method }), null);
  }
});

Deno.test("keyAllows: endpoints are taken with what is below them, and no further", () => {
  const chat = { endpoints: ["chat/completions"] };
  assert.equal(code(chat, {}), null);
  for (
    const path of [
      "/v1/completions",
      "/v1/models",
      "/v1/models/chat/completions",
      "/v1/chat/completionsx",
      "/v1/responses",
    ]
  ) assert.equal(code(chat, { path }), "endpoint_not_allowed", path);
  assert.equal(
    code({ endpoints: ["responses"] }, {
      path: "/v1/responses/resp_1/cancel",
    }),
    null,
  );
  assert.equal(
    code({ endpoints: ["models"] }, {
      method: "GET",
      path: "/v1/models/a/b",
    }),
    null,
  );
});

Deno.test("keyAllows: who may ask for an answer may follow and stop it", () => {
  for (const path of ["/v1/runs/run_1/events", "/v1/streams/run_1"]) {
    assert.equal(code({ endpoints: ["chat/completions"] }, { path }), null);
    assert.equal(code({ endpoints: ["responses"] }, { path }), null);
    assert.equal(
      code({ endpoints: ["embeddings", "completions"] }, { path }),
      "endpoint_not_allowed",
    );
  }
});

Deno.test("keyAllows: models count by the very name that the caller uses", () => {
  const some = { models: ["m1", "a/m2", "best"] };
  for (const model of ["m1", "a/m2", "best"]) {
    assert.equal(code(some, { model }), null);
  }
  for (const model of ["m2", "a/m1", "M1", "m1 ", "", "best/m1"]) {
    assert.equal(code(some, { model }), "model_not_allowed", model);
  }
});
