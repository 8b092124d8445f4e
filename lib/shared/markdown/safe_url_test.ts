import assert from "node:assert/strict";
import fc from "fast-check";
import { safeUrl } from "./safe_url.ts";

Deno.test("safeUrl: lets people follow web links, mail and places in the app", () => {
  assert.deepEqual(safeUrl("https://a.example/b?c#d"), {
    href: "https://a.example/b?c#d",
    leavesApp: true,
  });
  assert.equal(safeUrl("mailto:a@b.example")?.leavesApp, true);
  assert.deepEqual(safeUrl("/settings"), {
    href: "/settings",
    leavesApp: false,
  });
  assert.deepEqual(safeUrl("#t2"), { href: "#t2", leavesApp: false });
  assert.equal(safeUrl("//other.example/x")?.leavesApp, true);
});

Deno.test("safeUrl: refuses what could run or read something", () => {
  for (
    const address of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      " javascript:alert(1)",
      "java\nscript:alert(1)",
      "java\tscript:alert(1)",
      "\u0001javascript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "vbscript:msgbox(1)",
      "file:///etc/passwd",
      "blob:https://a.example/1",
      "relative/path",
      "http://[",
      "",
    ]
  ) {
    assert.equal(safeUrl(address), null, JSON.stringify(address));
  }
});

Deno.test("safeUrl: no text yields a scheme beyond the allowed ones", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((s) => `javascript:${s}`),
      ),
      (text) => {
        const url = safeUrl(text);
        if (url === null) return;
        assert.match(url.href, /^(https?:\/\/|mailto:|\/|#)/);
      },
    ),
  );
});
