import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cleanTitle,
  MAX_TITLE_CHARACTERS,
  toTitlePrompt,
} from "./title_text.ts";

const CLEANED: [what: string, said: string, title: string | null][] = [
  ["a plain title", "Baking bread at home", "Baking bread at home"],
  ["spaces and line ends", "\n\n  Baking \t bread \n", "Baking bread"],
  ["straight quotes", '"Baking bread"', "Baking bread"],
  ["quotes and a full stop", '"Baking bread".', "Baking bread"],
  ["a full stop in the quotes", "“Baking bread.”", "Baking bread"],
  ["German quotes", "„Brot backen“", "Brot backen"],
  ["French quotes", "« Faire du pain »", "Faire du pain"],
  ["Japanese quotes", "「パンを焼く」", "パンを焼く"],
  ["nested quotes", "\"'Baking bread'\"", "Baking bread"],
  ["quotes of a part", '"Dune" in one page', '"Dune" in one page'],
  [
    "an apostrophe",
    "Bread's chemistry explained'",
    "Bread's chemistry explained'",
  ],
  ["bold text", "**Baking bread**", "Baking bread"],
  ["a heading", "# Baking bread", "Baking bread"],
  ["a bullet", "- Baking bread", "Baking bread"],
  ["code", "`Array.map` explained", "Array.map explained"],
  ["a link", "[Baking bread](https://x.example/)", "Baking bread"],
  [
    "an underscore in a name",
    "The snake_case of Python",
    "The snake_case of Python",
  ],
  ["an image", "![x](https://x.example/a.png) Bread", "x Bread"],
  ["tags of HTML", "<b>Baking</b> bread", "Baking bread"],
  ["a comparison", "Why 3 < 4 and 5 > 4", "Why 3 < 4 and 5 > 4"],
  ["a mark before it", "Title: Baking bread", "Baking bread"],
  ["several marks", '## **Title:** "Baking bread"', "Baking bread"],
  [
    "an explanation behind it",
    "Baking bread\n\nThis title says …",
    "Baking bread",
  ],
  ["a full stop", "Baking bread.", "Baking bread"],
  ["an abbreviation", "History of the U.S.", "History of the U.S."],
  ["an ellipsis", "To be continued...", "To be continued..."],
  ["a question", "Why is the sky blue?", "Why is the sky blue?"],
  ["thoughts", "<think>Hm.\nBread?</think>\nBaking bread", "Baking bread"],
  ["thoughts in capitals", "<THINKING a=1>x</THINKING>Bread", "Bread"],
  ["thoughts whose begin is missing", "Hm, bread?\n</think>\n\nBread", "Bread"],
  ["thoughts without an end", "<think>The user asks about", null],
  ["two thoughts", "<think>a</think><think>b</think>Bread", "Bread"],
  ["nothing", "", null],
  ["marks alone", '**""**\n---\n...', null],
  ["a rule, then the title", "---\nBaking bread", "Baking bread"],
  [
    "turned direction",
    "Bread \u202edaerb\u202c \u2066x\u2069\u200f",
    "Bread daerb x",
  ],
  ["controls", "Ba\u0000ki\u001b[31mng\u0007 bread", "Baki[31mng bread"],
  ["what shows nothing", "\u200b\ufeff\u2060\u3164\u{e0041}\u200b", null],
  ["half a surrogate pair", "Bread \ud83c", "Bread"],
  ["an emoji of several parts", "👩‍🍳 Bread", "👩‍🍳 Bread"],
  ["an emoji alone", "🍞", "🍞"],
  ["Persian with a joiner", "می‌خواهم نان بپزم", "می‌خواهم نان بپزم"],
];

for (const [what, said, title] of CLEANED) {
  Deno.test(`cleanTitle: ${what}`, () => {
    assert.equal(cleanTitle(said), title);
  });
}

Deno.test("cleanTitle: a long title is cut at a word", () => {
  const title = cleanTitle("bread ".repeat(40))!;
  assert.equal(title, `${"bread ".repeat(13).trim()}…`);
});

Deno.test("cleanTitle: a title of the greatest length is kept whole", () => {
  const title = "x".repeat(MAX_TITLE_CHARACTERS);
  assert.equal(cleanTitle(title), title);
});

Deno.test("cleanTitle: a long title without words is cut between characters", () => {
  const title = cleanTitle("🍞".repeat(100))!;
  assert.equal(title, `${"🍞".repeat(MAX_TITLE_CHARACTERS - 1)}…`);
});

const part = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "<think>",
    "</think>",
    "\n",
    "\u202e",
    "\u0000",
    '"',
    "**",
    "# ",
    "Title: ",
    "](",
    "[",
    " ",
    "word ",
  ),
);
const anything = fc.array(part, { maxLength: 60 }).map((parts) =>
  parts.join("")
);

Deno.test("cleanTitle: whatever a model says, a title is one short line that shows what it is", () => {
  fc.assert(
    fc.property(anything, (said) => {
      const title = cleanTitle(said);
      if (title === null) return;
      assert.ok([...title].length <= MAX_TITLE_CHARACTERS);
      assert.equal(title, title.trim());
      assert.ok(title.isWellFormed());
      assert.doesNotMatch(title, /[\p{Cc}\u2028\u2029]/u);
      assert.doesNotMatch(
        title,
        /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/,
      );
      assert.match(title, /[\p{L}\p{N}\p{Extended_Pictographic}]/u);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("cleanTitle: a title that is clean stays as it is", () => {
  fc.assert(fc.property(
    fc.array(fc.stringMatching(/^[A-Za-z]{1,8}$/), {
      minLength: 1,
      maxLength: 7,
    }),
    (words) => {
      const title = words.join(" ");
      assert.equal(cleanTitle(title), title);
    },
  ));
});

Deno.test("toTitlePrompt: shows question and answer up to 2,000 characters each", () => {
  const [system, user] = toTitlePrompt(
    `Q${"q".repeat(5_000)}`,
    `A${"🍞".repeat(5_000)}`,
  );
  assert.equal(system.role, "system");
  const text = String(user.content);
  assert.ok(text.includes(`\n${"Q" + "q".repeat(1_999)}\n`));
  assert.ok(text.isWellFormed());
  assert.ok(text.length < 4_200, String(text.length));
});
