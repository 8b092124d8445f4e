import assert from "node:assert/strict";
import type { Token } from "marked";
import { lexMarkdown } from "./lex.ts";

/** All formulas of a text, wherever they stand. */
function formulas(source: string): string[] {
  const found: string[] = [];
  const walk = (tokens: Token[]) => {
    for (const token of tokens) {
      if (token.type === "mathInline" || token.type === "mathBlock") {
        found.push(`${token.type} ${"tex" in token ? token.tex : ""}`);
      }
      if ("tokens" in token && token.tokens) walk(token.tokens);
      if (token.type === "list") walk(token.items);
    }
  };
  walk(lexMarkdown(source));
  return found;
}

const CASES: [name: string, source: string, expected: string[]][] = [
  ["finds dollars in a line", "so $x_1 + y$ is", ["mathInline x_1 + y"]],
  ["finds parentheses", "so \\(x\\) is", ["mathInline x"]],
  ["finds a block of dollars", "$$\na = b\n$$\n", ["mathBlock a = b"]],
  ["finds a block of brackets", "a\n\\[\nx\n\\]\nb", ["mathBlock x"]],
  ["finds a formula in a list", "- take $x$", ["mathInline x"]],
  ["keeps prices", "between $5 and $10 a day", []],
  ["keeps prices side by side", "$5-$10", []],
  ["keeps escaped dollars", "\\$x$ and", []],
  ["keeps code", "`$x$`", []],
  ["keeps stars in a formula", "*a $b*c$ d*", ["mathInline b*c"]],
  ["does not cross a blank line", "$$\na\n\nb\n$$", []],
];

for (const [name, source, expected] of CASES) {
  Deno.test(`lexMarkdown: ${name}`, () => {
    assert.deepEqual(formulas(source), expected);
  });
}
