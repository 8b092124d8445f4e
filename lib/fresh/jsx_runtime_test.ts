/** The repaired JSX runtime: strings of arrays are escaped once, and arrays left as they are. */
import assert from "node:assert/strict";
import { renderToString } from "preact-render-to-string";
import { jsxEscape, jsxTemplate } from "./jsx_runtime.ts";

Deno.test("jsxEscape: strings in arrays are escaped once, each time", () => {
  const labels = ["a & b", ["<c>"]];
  const paragraph = () =>
    renderToString(
      jsxTemplate(
        ["<p>", "</p>"] as unknown as Parameters<typeof jsxTemplate>[0],
        jsxEscape(labels as never) as never,
      ),
    );
  assert.equal(paragraph(), "<p>a &amp; b&lt;c></p>");
  assert.equal(paragraph(), "<p>a &amp; b&lt;c></p>");
  assert.deepEqual(labels, ["a & b", ["<c>"]]);
});

Deno.test("jsxEscape: anything else is as in Preact", () => {
  assert.equal(jsxEscape("a & b" as never), "a &amp; b");
  assert.equal(jsxEscape(null as never), null);
});
