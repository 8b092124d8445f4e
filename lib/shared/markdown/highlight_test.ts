import assert from "node:assert/strict";
import { codeLanguage } from "@/lib/shared/code_language.ts";
import { highlight } from "./highlight.ts";

Deno.test("highlight: gives words, texts, numbers, names and notes their voices", () => {
  const code = 'function f() { return "a" + 1; } // note';
  const spans = highlight(code, "javascript")!;
  const voiceOf = (text: string) =>
    spans.find((span) => span.text.includes(text))?.voice;
  assert.equal(voiceOf("function"), "word");
  assert.equal(voiceOf('"a"'), "text");
  assert.equal(voiceOf("1"), "num");
  assert.equal(voiceOf("note"), "note");
  assert.equal(spans.find((span) => span.text === "f")?.voice, "name");
});

Deno.test("highlight: loses and adds no character, also with a language inside a language", () => {
  const html =
    '<p class="x">&amp; <script>const a = `<b>${1}</b>`;</script></p>';
  const spans = highlight(html, "xml")!;
  assert.equal(spans.map(({ text }) => text).join(""), html);
  assert.ok(
    spans.some(({ text, voice }) => text === "const" && voice === "word"),
  );
});

Deno.test("highlight: has every grammar that the names of languages point at", () => {
  for (
    const name of [
      "tsx",
      "py",
      "sh",
      "json",
      "html",
      "svg",
      "css",
      "sql",
      "yml",
      "go",
      "rs",
      "java",
      "c",
      "c++",
      "diff",
      "js",
    ]
  ) {
    const { grammar } = codeLanguage(name);
    assert.ok(grammar !== null && highlight("a", grammar) !== null, name);
  }
});

Deno.test("codeLanguage: names a fence, and leaves an unknown one as written", () => {
  assert.deepEqual(codeLanguage("ts title=x"), {
    label: "TypeScript",
    grammar: "typescript",
  });
  assert.deepEqual(codeLanguage("Zig"), { label: "Zig", grammar: null });
  assert.deepEqual(codeLanguage(undefined), { label: "Code", grammar: null });
});
