import assert from "node:assert/strict";
import { firstLine } from "./first_line.ts";

Deno.test("firstLine: gives the first words without Markdown's marks", () => {
  for (
    const [text, expected] of [
      ["Check the gauge", "Check the gauge"],
      ["\n\n  ## **Order** `two` sensors\nthen wait", "Order two sensors"],
      ["> - 1. [The manual](https://a.example/x) says", "The manual says"],
      ["```python\nprint(1)\n```", "print(1)"],
      ["|---|\nafter", "after"],
      ["- \n* * *\n2 * 3 = 6", "2 * 3 = 6"],
      ["", ""],
      ["\n \n", ""],
    ]
  ) assert.equal(firstLine(text), expected, JSON.stringify(text));
});

Deno.test("firstLine: cuts a long line without breaking a character", () => {
  const cut = firstLine("🌊".repeat(500));
  assert.equal([...cut].length, 120);
  assert.equal(cut, `${"🌊".repeat(119)}…`);
});
