import assert from "node:assert/strict";
import {
  foldTagName,
  isTagName,
  splitTagNames,
  tidyTagName,
} from "./tag_names.ts";

Deno.test("tidyTagName: takes off marks and spaces around, composes, keeps the rest", () => {
  assert.equal(tidyTagName("  # #Field   work "), "Field work");
  assert.equal(tidyTagName("u\u0308ber"), "über");
  assert.equal(tidyTagName("c#"), "c#");
});

Deno.test("foldTagName: is the same for names that differ in case, and for what it gave", () => {
  for (const name of ["Field", "ÜBER", "Straße", "İstanbul", "# #a"]) {
    const folded = foldTagName(name);
    assert.equal(foldTagName(name.toLowerCase()), folded);
    assert.equal(foldTagName(folded), folded);
  }
});

Deno.test("isTagName: refuses what could not be typed into one field of a form", () => {
  for (
    const name of ["", "a,b", "a\nb", "a\u2028b", "\ud800", "t".repeat(51)]
  ) {
    assert.equal(isTagName(tidyTagName(name)), false, JSON.stringify(name));
  }
  assert.equal(isTagName("t".repeat(50)), true);
});

Deno.test("splitTagNames: parts at commas and leaves out nothings", () => {
  assert.deepEqual(splitTagNames(" #a, b c ,, # "), ["a", "b c"]);
});
