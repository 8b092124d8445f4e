import assert from "node:assert/strict";
import { returnPath } from "./return_path.ts";

Deno.test("returnPath: keeps paths of this origin", () => {
  for (
    const path of [
      "/",
      "/c/thr_1?x=1#msg",
      "/search?q=http%3A%2F%2Fevil.example",
      "/settings#keys",
      "/signing",
    ]
  ) {
    assert.equal(returnPath(path), path);
  }
  assert.equal(returnPath("/a/../c"), "/c");
});

Deno.test("returnPath: nothing leads to another origin", () => {
  for (
    const text of [
      null,
      undefined,
      "",
      "//evil.example",
      "///evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/.//evil.example",
      "/a/..//evil.example",
      "/%2e//evil.example",
      "https://evil.example/",
      "https:evil.example",
      "javascript:alert(1)",
      "/\t/evil.example",
      "/\n/evil.example",
      "\u0000//evil.example",
      " //evil.example",
      "evil.example",
      "/\u0085/evil.example",
      `/${"a".repeat(2_000)}`,
    ]
  ) {
    const path = returnPath(text);
    assert.equal(path, "/", JSON.stringify(text));
  }
});

Deno.test("returnPath: does not lead to signing in again", () => {
  for (
    const text of ["/signin", "/signin?error=x", "/auth/oidc/start", "/setup"]
  ) {
    assert.equal(returnPath(text), "/");
  }
});
