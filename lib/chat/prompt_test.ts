import assert from "node:assert/strict";
import { titleFrom, toPrompt } from "./prompt.ts";

Deno.test("toPrompt: keeps the order and leaves out answers without a text", () => {
  assert.deepEqual(
    toPrompt([
      { role: "user", text: "one" },
      { role: "assistant", text: "" },
      { role: "user", text: "two" },
    ]),
    [{ role: "user", content: "one" }, { role: "user", content: "two" }],
  );
});

Deno.test("titleFrom: takes the first line, with white space folded", () => {
  assert.equal(titleFrom("  How   high is\tit?\nMore text"), "How high is it?");
});

Deno.test("titleFrom: cuts a long line at a word and says so", () => {
  const title = titleFrom("word ".repeat(40));
  assert.match(title, /^(word )*word…$/);
  assert.ok(title.length <= 61);
});

Deno.test("titleFrom: never cuts inside a character", () => {
  const title = titleFrom("🌊".repeat(100));
  assert.equal(title, `${"🌊".repeat(60)}…`);
});

Deno.test("titleFrom: a message of white space only still has a name", () => {
  assert.equal(titleFrom(" \n "), "New thread");
});
