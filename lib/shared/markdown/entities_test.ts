import assert from "node:assert/strict";
import { decodeEntities } from "./entities.ts";

Deno.test("decodeEntities: replaces names and numbers, each once", () => {
  assert.equal(
    decodeEntities("&lt;b&gt; &amp;amp; &#228; &#x1F30A; &copy;"),
    "<b> &amp; ä 🌊 ©",
  );
});

Deno.test("decodeEntities: leaves what is none, and never makes half a character", () => {
  assert.equal(
    decodeEntities("a & b &nosuch; &toString;"),
    "a & b &nosuch; &toString;",
  );
  assert.equal(decodeEntities("&#0;&#xD800;&#9999999;"), "\ufffd\ufffd\ufffd");
});
