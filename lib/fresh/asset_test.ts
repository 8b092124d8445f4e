/** asset and assetSrcSet: which URLs carry the build id. */
import assert from "node:assert/strict";
import { asset, assetSrcSet } from "./asset.ts";
import { installBuild } from "./testing.ts";

Deno.test("asset: paths of this host carry the build id, once", () => {
  installBuild({ buildId: "b1" });
  const cases: [given: string, expected: string][] = [
    ["/a.png", "/a.png?__frsh_c=b1"],
    ["/a.png?x=1#y", "/a.png?x=1&__frsh_c=b1#y"],
    ["/a.png?__frsh_c=other", "/a.png?__frsh_c=other"],
    ["//cdn.example/a.png", "//cdn.example/a.png"],
    ["https://x.example/a.png", "https://x.example/a.png"],
    ["a.png", "a.png"],
  ];
  for (const [given, expected] of cases) assert.equal(asset(given), expected);
});

Deno.test("assetSrcSet: every candidate, unless brackets make it ambiguous", () => {
  installBuild({ buildId: "b1" });
  assert.equal(
    assetSrcSet("/a.png 1x,  /b.png 2x, https://x.example/c.png"),
    "/a.png?__frsh_c=b1 1x,  /b.png?__frsh_c=b1 2x, https://x.example/c.png",
  );
  assert.equal(assetSrcSet("/a(1).png 1x"), "/a(1).png 1x");
});
