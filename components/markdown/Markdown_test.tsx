import assert from "node:assert/strict";
import fc from "fast-check";
import { renderToString } from "preact-render-to-string";
import { Markdown } from "./Markdown.tsx";

const render = (text: string, isLive = false) =>
  renderToString(<Markdown text={text} isLive={isLive} />);

/** Rendered blocks without the `div` around them, tags written in one way. */
const inner = (text: string) =>
  render(text).replace(
    /<[^>]*>/g,
    (tag) => tag.replace(/\s+/g, " ").replace(/ ?\/?>$/, ">"),
  ).replace(/^<div class="prose">/, "").replace(/<\/div>$/, "");

const TAGS = new Set(
  ("div p h2 h3 h4 h5 h6 ul ol li input blockquote hr table thead tbody tr th td a strong em del code br " +
    "span pre figure figcaption button svg use").split(" "),
);
const ATTRIBUTES =
  /^(class|href|target|rel|type|disabled|checked|start|scope|role|tabindex|aria-[a-z]+|data-live)$/;

const TAG = /<\/?([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g;

/** Everything in a rendered text that a browser would act on and that markdown may not make. */
function forbidden(html: string): string[] {
  const found: string[] = [];
  const tags = [...html.matchAll(TAG)];
  if (tags.length !== html.match(/<[/a-zA-Z!?]/g)?.length) found.push(html);
  for (const [tag, name, rest] of tags) {
    if (!TAGS.has(name)) found.push(tag);
    for (
      const [, attribute, value] of rest.matchAll(
        /\s([\w:-]+)(?:="([^"]*)")?/g,
      )
    ) {
      if (!ATTRIBUTES.test(attribute)) found.push(`${tag}: ${attribute}`);
      const isLink = attribute === "href" && name === "a";
      if (isLink && !/^(https?:|mailto:|\/|#)/.test(value)) found.push(tag);
    }
  }
  return found;
}

const ATTACKS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "text <svg onload=alert(1)> text",
  "<iframe src=javascript:alert(1)></iframe>",
  "<style>@import 'x'</style>",
  "<a href=javascript:alert(1)>x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](java&#x0A;script:alert(1))",
  "[x](javascript&colon;alert(1))",
  "[x](<javascript:alert(1)>)",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](vbscript:x)",
  "<javascript:alert(1)>",
  "![x](javascript:alert(1))",
  "![x](https://a.example/p.png)",
  "[![x](https://a.example/p.png)](javascript:alert(1))",
  '![x" onerror="alert(1)](https://a.example/p.png)',
  '[x](https://a.example/"onmouseover="alert(1))',
  '[x](https://a.example "t\\" onclick=\\"alert(1)")',
  "[x][r]\n\n[r]: javascript:alert(1)",
  '```"><script>alert(1)</script>\ncode\n```',
  "```js onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
  "`</code><script>alert(1)</script>`",
  "| a |\n|---|\n| <script>alert(1)</script> |",
  "# <script>alert(1)</script>",
  "- <img src=x onerror=alert(1)>",
  "> <img src=x onerror=alert(1)>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "&#60;script&#62;alert(1)&#60;/script&#62;",
  "$\\href{javascript:alert(1)}{x}$",
  "<!--><script>alert(1)</script>-->",
  "<?xml <script>alert(1)</script> ?>",
  "<![CDATA[<script>alert(1)</script>]]>",
  "<br onclick=alert(1)>",
  "https://a.example/<script>alert(1)</script>",
  '<https://a.example/"onclick=alert(1)>',
  "[toString]: x\n\n[toString]",
  "[__proto__]",
];

for (const attack of ATTACKS) {
  Deno.test(`Markdown: makes nothing a browser runs of ${JSON.stringify(attack)}`, () => {
    assert.deepEqual(forbidden(render(attack)), []);
    for (let end = 1; end < attack.length; end += 1) {
      assert.deepEqual(forbidden(render(attack.slice(0, end), true)), []);
    }
  });
}

Deno.test("Markdown: makes nothing a browser runs of any mixture of attacks", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom(...ATTACKS),
          fc.string({ maxLength: 6 }),
          fc.constantFrom(
            "\n\n",
            "\n",
            "`",
            "```\n",
            "[",
            "](",
            ")",
            "*",
            "<",
            ">",
            "|",
            "$",
          ),
        ),
        { maxLength: 8 },
      ),
      fc.boolean(),
      (parts, isLive) => {
        assert.deepEqual(forbidden(render(parts.join(""), isLive)), []);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("Markdown: the check above sees what it looks for", () => {
  assert.equal(forbidden('<p><img src="x" onerror="1"></p>').length, 3);
  assert.equal(forbidden('<a href="javascript:x">x</a>').length, 1);
});

const CASES: [name: string, source: string, html: string][] = [
  ["shows raw HTML as text", "a <b>c</b>", "<p>a &lt;b>c&lt;/b></p>"],
  ["decodes references once", "AT&amp;T &amp;lt;", "<p>AT&amp;T &amp;lt;</p>"],
  [
    "begins headings below the page's",
    "### A\n\n###### B\n\n#### C\n\n# D",
    "<h2>A</h2><h3>B</h3><h3>C</h3><h2>D</h2>",
  ],
  [
    "opens links in a tab of their own",
    "[a](https://b.example/)",
    '<p><a href="https://b.example/" target="_blank" rel="noopener noreferrer">a</a></p>',
  ],
  [
    "never loads images",
    "![a](https://b.example/c.png)",
    '<p><a href="https://b.example/c.png" target="_blank" rel="noopener noreferrer">[a]</a></p>',
  ],
  [
    "puts no link in a link",
    "[![a](https://b.example/c.png)](https://d.example/)",
    '<p><a href="https://d.example/" target="_blank" rel="noopener noreferrer"><span>[a]</span></a></p>',
  ],
  [
    "breaks lines in table cells",
    "|a|\n|-|\n|b<br>c|",
    '<div class="table-wrap" role="group" aria-label="Table" tabindex="0"><table class="table"><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>b<br>c</td></tr></tbody></table></div>',
  ],
  ["keeps tight lists tight", "- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
  [
    "keeps loose lists loose",
    "- a\n\n- b",
    "<ul><li><p>a</p></li><li><p>b</p></li></ul>",
  ],
  ["starts a list where it starts", "3. a", '<ol start="3"><li>a</li></ol>'],
  [
    "shows tasks",
    "- [x] a",
    '<ul><li class="task"><input type="checkbox" disabled checked aria-label="Done"><div>a</div></li></ul>',
  ],
];

for (const [name, source, html] of CASES) {
  Deno.test(`Markdown: ${name}`, () => assert.equal(inner(source), html));
}

Deno.test("Markdown: draws text that nests too deep as its source", () => {
  const html = render(`${">".repeat(5_000)} deep`);
  assert.ok(html.includes("deep"));
});

Deno.test("Markdown: draws a list of 20,000 characters", () => {
  const source = Array.from(
    { length: 800 },
    (_, index) => `- item number ${index}, *said*`,
  ).join("\n");
  assert.equal(render(source).match(/<li\s*>/g)?.length, 800);
});

Deno.test("Markdown: shows an open fence without waiting for its end", () => {
  const html = render("```ts\nconst a = 1;", true);
  assert.match(html, /TypeScript.*const a = 1;/s);
});
