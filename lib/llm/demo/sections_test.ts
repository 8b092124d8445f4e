import assert from "node:assert/strict";
import { excerpt, splitPage } from "@/lib/llm/demo/sections.ts";

Deno.test("splitPage: one piece a heading, with the headings above it", () => {
  const page =
    "Lead\n\n# Top\n\nOne\n\n## Inner ##\nTwo\n# Next\nThree\n## Empty\n";
  assert.deepEqual(
    splitPage("docs/a.md", page).map(({ headings, text }) => [
      headings.join(" > "),
      text,
    ]),
    [["", "Lead"], ["Top", "One"], ["Top > Inner", "Two"], ["Next", "Three"]],
  );
});

Deno.test("splitPage: what looks like a heading inside code is code", () => {
  const page = "# Top\n```sh\n# not a heading\n```\nEnd";
  const [only, ...more] = splitPage("docs/a.md", page);
  assert.deepEqual(more, []);
  assert.match(only.text, /# not a heading/);
});

Deno.test("excerpt: ends at a paragraph and never inside code", () => {
  const code = "```sh\none\n\ntwo\n```";
  assert.equal(excerpt(`Short.\n\n${code}`, 1000), `Short.\n\n${code}`);
  assert.equal(excerpt(`Short.\n\n${code}`, 10), "Short.\n\n…");
  assert.equal(excerpt(`${code}\n\nMore.`, 10), `${code}\n\n…`);
});
