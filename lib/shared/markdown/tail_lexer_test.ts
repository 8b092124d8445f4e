import assert from "node:assert/strict";
import fc from "fast-check";
import { lexMarkdown } from "./lex.ts";
import { TailLexer } from "./tail_lexer.ts";

const BLOCKS = [
  "# A heading",
  "A paragraph with *emphasis*, `code` and a [link](https://a.example).",
  "First line\nsecond line",
  "- one\n- two\n  - nested\n- three",
  "1. first\n2. second\n\n   with a paragraph\n3. third",
  "* loose\n\n* items",
  "- [ ] open\n- [x] done",
  "> quoted\n> > twice\n\n> again",
  "```ts\nconst a = 1;\n\n// blank above\n```",
  "~~~\n```\n~~~",
  "    indented code\n\n    more",
  "| a | b |\n|---|--:|\n| 1 | 2 |",
  "Setext\n===",
  "Under\n---",
  "---",
  "<div>\nhtml\n</div>",
  "<!-- a comment -->",
  "$$\na = b\n$$",
  "\\[ x^2 \\]",
  "$$\nnever closed",
  "$$ is a price\n- list\n# head",
  "Costs $5 or $6, and $x_1$ too.",
  "*",
  "-",
  "```",
  "text\n$$\nq\n$$\nmore text",
];

const SEPARATORS = ["\n\n", "\n", "\n\n\n", "  \n", "\n \n"];

/** Documents of real blocks, put together in unreal ways, and the cuts at which they arrive. */
const documents = fc.record({
  parts: fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...BLOCKS) },
        { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
      ),
      fc.constantFrom(...SEPARATORS),
    ),
    { maxLength: 9 },
  ).map((parts) => parts.flat().join("")),
  step: fc.integer({ min: 1, max: 17 }),
});

/** Link definitions count from where they stand until the end; all else must be equal all the way. */
const DEFINES = /^ {0,3}\[[^\]]+\]:/m;

Deno.test("TailLexer: gives the tokens of a full lex at every step of every document", () => {
  fc.assert(
    fc.property(documents, ({ parts, step }) => {
      fc.pre(!DEFINES.test(parts));
      const lexer = new TailLexer();
      for (let end = step; end < parts.length + step; end += step) {
        const source = parts.slice(0, end);
        assert.deepEqual(lexer.update(source), [...lexMarkdown(source)]);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("TailLexer: keeps the token objects of finished blocks, so that nothing renders them again", () => {
  const lexer = new TailLexer();
  const first = lexer.update("# One\n\nTwo\n\nThree\n\nFou");
  const second = lexer.update("# One\n\nTwo\n\nThree\n\nFour\n\nFive");
  assert.equal(second[0], first[0]);
  assert.equal(second[1], first[1]);
});

Deno.test("TailLexer: starts over when the text is another one", () => {
  const lexer = new TailLexer();
  lexer.update("# One\n\nTwo\n\nThree\n\nFour");
  assert.deepEqual(lexer.update("- else"), [...lexMarkdown("- else")]);
});

Deno.test("TailLexer: finish() resolves links whose definition came last", () => {
  const source =
    "See [it][1].\n\nMore.\n\nAnd more.\n\n[1]: https://a.example\n";
  const lexer = new TailLexer();
  for (let end = 1; end <= source.length; end += 3) {
    lexer.preview(source.slice(0, end));
  }
  assert.deepEqual([...lexer.finish(source)], [...lexMarkdown(source)]);
});

Deno.test("TailLexer: freezes a text that is cut at line ends of another system alike", () => {
  const source = "# One\r\n\r\nTwo\r\n\r\nThree\r\n\r\nFour";
  const lexer = new TailLexer();
  for (let end = 1; end <= source.length; end += 1) {
    lexer.update(source.slice(0, end));
  }
  assert.deepEqual([...lexer.finish(source)], [...lexMarkdown(source)]);
});
