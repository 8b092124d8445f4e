import assert from "node:assert/strict";
import { type MathNode, parseMathMl, toMathMl } from "./mathml.ts";

function textOf(nodes: MathNode[]): string {
  return nodes.map((node) =>
    typeof node === "string" ? node : textOf(node.children)
  ).join("");
}

function tagsOf(nodes: MathNode[]): string[] {
  return nodes.flatMap((node) =>
    typeof node === "string" ? [] : [node.tag, ...tagsOf(node.children)]
  );
}

function attributesOf(nodes: MathNode[]): string[] {
  return nodes.flatMap((node) =>
    typeof node === "string"
      ? []
      : [...Object.keys(node.attributes), ...attributesOf(node.children)]
  );
}

Deno.test("toMathMl: makes one math element without the source beside it", () => {
  const nodes = toMathMl("\\frac{a}{b} < \\sqrt{x_1}", false)!;
  assert.deepEqual(
    nodes.map((node) => typeof node === "string" ? node : node.tag),
    ["math"],
  );
  assert.ok(tagsOf(nodes).includes("mfrac"));
  assert.ok(!tagsOf(nodes).includes("annotation"));
  assert.equal(textOf(nodes).replace(/[\s\u2061-\u2064]/g, ""), "ab<x1");
});

Deno.test("toMathMl: says of a block that it is one", () => {
  const [math] = toMathMl("x", true)!;
  assert.equal(
    typeof math === "string" ? "" : math.attributes.display,
    "block",
  );
});

Deno.test("toMathMl: gives nothing for what is no formula", () => {
  assert.equal(toMathMl("\\frac{a", false), null);
  assert.equal(toMathMl("\\nosuchmacro", false), null);
});

Deno.test("toMathMl: passes on no link, style or foreign element", () => {
  for (
    const tex of [
      "\\href{javascript:alert(1)}{x}",
      "\\url{javascript:alert(1)}",
      "\\includegraphics{https://a.example/x.png}",
      "\\htmlStyle{color:red}{x}",
      "\\htmlData{a=b}{x}",
      "\\class{a}{x}",
    ]
  ) {
    const nodes = toMathMl(tex, false) ?? [];
    const names = [...tagsOf(nodes), ...attributesOf(nodes)];
    for (const name of ["href", "style", "class", "src", "img", "a"]) {
      assert.ok(!names.includes(name), `${tex}: ${name}`);
    }
  }
});

Deno.test("parseMathMl: keeps only what MathML is made of", () => {
  const nodes = parseMathMl(
    '<span class="katex"><math onclick="x()"><script>alert(1)</script><mi style="a" mathvariant="bold">x</mi></math></span>',
  );
  assert.deepEqual(nodes, [{
    tag: "math",
    attributes: {},
    children: ["alert(1)", {
      tag: "mi",
      attributes: { mathvariant: "bold" },
      children: ["x"],
    }],
  }]);
});
