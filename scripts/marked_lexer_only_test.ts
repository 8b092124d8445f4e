import assert from "node:assert/strict";
import { keepLexer } from "./marked_lexer_only.ts";

Deno.test("keepLexer: drops the instance made at load time and every export but the lexer's", () => {
  const code =
    "class a{}class b{}var v=new b;function x(l,e){return v.parse(l,e)}" +
    "x.parse=x;var E=x.options;export{a as Lexer,b as Marked,E as options};";
  assert.equal(keepLexer(code), "class a{}class b{}export{a as Lexer};");
});

Deno.test("keepLexer: leaves other code as it is", () => {
  assert.equal(keepLexer("export{a as Lexer};"), "export{a as Lexer};");
});

Deno.test("keepLexer: marked's own file still lexes afterwards", async () => {
  const path = new URL(import.meta.resolve("marked"));
  const code = keepLexer(await Deno.readTextFile(path));
  assert.ok(!code.includes("as Marked"));
  const url = URL.createObjectURL(
    new Blob([code], { type: "text/javascript" }),
  );
  const { Lexer } = await import(url);
  assert.equal(Lexer.lex("# Title")[0].type, "heading");
});
