import assert from "node:assert/strict";
import { closeUnfinished } from "./unfinished.ts";

const CASES: [name: string, written: string, shown: string][] = [
  ["leaves finished text alone", "a *b* `c` **d**", "a *b* `c` **d**"],
  ["closes strong", "a **bol", "a **bol**"],
  ["closes emphasis", "a *em", "a *em*"],
  ["closes code", "run `deno ta", "run `deno ta`"],
  ["closes what is nested, inside first", "**a *b", "**a *b***"],
  ["closes before a trailing space", "**bold ", "**bold**"],
  ["holds back a marker with nothing after it", "a **", "a "],
  ["holds back half a marker", "**bold*", "**bold**"],
  ["holds back one tick", "a `", "a "],
  ["leaves a product alone", "2 * 3", "2 * 3"],
  ["leaves snake_case alone", "a snake_case na", "a snake_case na"],
  ["leaves an escaped star alone", "a \\*b", "a \\*b"],
  ["ignores markers inside code", "`**` and", "`**` and"],
  [
    "shows only the text of a link to come",
    "see [docs](https://a.ex",
    "see docs",
  ],
  ["shows only the text of a link text to come", "see [doc", "see doc"],
  ["holds back a line that may become a heading", "Title\n--", "Title"],
  ["holds back a line that may become a list", "Text\n- ", "Text"],
  ["closes inside the last list item only", "- *a\n- **b", "- *a\n- **b**"],
];

for (const [name, written, shown] of CASES) {
  Deno.test(`closeUnfinished: ${name}`, () => {
    assert.equal(closeUnfinished(written), shown);
  });
}
