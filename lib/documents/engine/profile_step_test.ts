import assert from "node:assert/strict";
import type {
  DocumentProfile,
  TableProfile,
} from "@/lib/shared/documents/profile_wire.ts";
import { bytesOf, profileOf, readingOf } from "../testing/run_steps.ts";

async function tableOf(
  content: string | Uint8Array<ArrayBuffer>,
  options: Parameters<typeof profileOf>[1] = {},
): Promise<TableProfile> {
  const bytes = typeof content === "string" ? bytesOf(content) : content;
  const profile: DocumentProfile = await profileOf(bytes, options);
  assert.equal(profile.kind, "table");
  return profile as TableProfile;
}

const numbered = (count: number, row: (number: number) => string) =>
  Array.from({ length: count }, (_, index) => row(index + 1)).join("\n");

Deno.test("profile of a CSV: one line of 50 MB is left out and said, whatever comes behind it counts", async () => {
  const line = new Uint8Array(50_000_000).fill(0x78);
  const bytes = new Uint8Array([
    ...bytesOf("a,b\n1,2\n"),
  ]);
  const behind = bytesOf("\n3,4\n");
  const whole = new Uint8Array(bytes.length + line.length + behind.length);
  whole.set(bytes);
  whole.set(line, bytes.length);
  whole.set(behind, bytes.length + line.length);
  const { rows, broken } = await tableOf(whole);
  assert.equal(rows, 2);
  assert.deepEqual(
    broken.examples.map(({ line, reason }) => ({ line, reason })),
    [{ line: 3, reason: "The line is longer than 1 MiB" }],
  );
});

Deno.test("profile of a CSV: a quote that is never closed costs its line and no other", async () => {
  const text = `a,b\n1,2\n"3,4\n${numbered(2_000, (n) => `${n},x`)}\n`;
  const { rows, broken } = await tableOf(text);
  assert.equal(rows, 2_001);
  assert.equal(broken.lines, 1);
  assert.equal(broken.examples[0].line, 3);
  assert.match(broken.examples[0].text, /^"3,4/);
});

Deno.test("profile of a CSV: 10,000 columns are counted, and the first 500 told of", async () => {
  const row = (value: string) =>
    Array.from({ length: 10_000 }, (_, at) => `${value}${at}`).join(",");
  const profile = await tableOf(
    `${row("c")}\n${row("1")}\n${row("2")}\n`,
    { name: "wide.csv" },
  );
  assert.equal(profile.columnCount, 10_000);
  assert.equal(profile.columns.length, 500);
  assert.equal(profile.rows, 2);
});

Deno.test("profile of a CSV: cells that are formulas elsewhere are text here", async () => {
  const profile = await tableOf("name,note\nA,=1+2\nB,@SUM(A1)\nC,-2+3\n");
  assert.equal(profile.columns[1].type, "text");
  assert.deepEqual(profile.sample[0], ["A", "=1+2"]);
});

Deno.test("profile of a CSV: invalid UTF-8 far behind the beginning is counted and shown as U+FFFD", async () => {
  const good = bytesOf(`a,b\n${numbered(20_000, (n) => `${n},ok`)}\n`);
  const bad = new Uint8Array([0x39, 0x2c, 0xff, 0xfe, 0x0a]);
  const whole = new Uint8Array(good.length + bad.length);
  whole.set(good);
  whole.set(bad, good.length);
  const { rows, brokenCharacters } = await tableOf(whole);
  assert.equal(rows, 20_001);
  assert.equal(brokenCharacters, 2);
});

Deno.test("profile of a CSV: types, missing values, duplicates and uneven rows", async () => {
  const profile = await tableOf(
    [
      "id,level,ok,day,name",
      "1,2.5,true,2026-01-02,Ada",
      "2,NA,false,2026-01-03,Bo",
      "3,4,true,2026-01-01,",
      "3,4,true,2026-01-01,",
      "4,5,true,2026-01-04",
      "5,6,true,2026-01-05,Cy,more",
    ].join("\r\n"),
  );
  assert.equal(profile.rows, 6);
  assert.deepEqual(
    profile.columns.map(({ name, type, missing }) => [name, type, missing]),
    [
      ["id", "integer", 0],
      ["level", "number", 1],
      ["ok", "boolean", 0],
      ["day", "date", 0],
      ["name", "text", 3],
    ],
  );
  assert.deepEqual(profile.duplicates, { rows: 1, isExact: true, compared: 5 });
  assert.equal(profile.unevenRows, 2);
  assert.deepEqual(profile.columns[3].times, {
    first: "2026-01-01",
    last: "2026-01-05",
  });
});

Deno.test("profile of a CSV: outliers are what lies outside of Tukey's fences", async () => {
  const text = `n\n${numbered(100, (n) => String(n))}\n1000\n-900\n`;
  const { columns: [{ numbers }] } = await tableOf(text, { name: "n.csv" });
  assert.equal(numbers?.outliers.count, 2);
  assert.deepEqual(numbers?.outliers.examples, [-900, 1000]);
  assert.equal(numbers?.p50, 50.5);
  assert.equal(numbers?.isExact, true);
});

Deno.test("profile of a CSV: a pass in small pieces is the pass in one", async () => {
  const text = `id,"na""me",v\n${
    numbered(
      3_000,
      (n) => `${n % 700},"a ""quoted""\nname, ${n % 90}",${(n * 7919) % 1_000}`,
    )
  }\n`;
  const whole = await tableOf(text);
  assert.equal(whole.rows, 3_000);
  assert.equal(whole.columns[1].name, 'na"me');
  for (const pieceBytes of [997, 16_384]) {
    assert.deepEqual(await tableOf(text, { pieceBytes }), whole);
  }
});

Deno.test("profile of a CSV: delimiter, mark of UTF-8, latin-1 and a missing header are found", async () => {
  const semicolons = await tableOf("\ufeffname;Größe\nA;1,5\nB;2,25\n");
  assert.equal(semicolons.delimiter, ";");
  assert.deepEqual(
    semicolons.columns.map(({ name, type }) => [name, type]),
    [["name", "text"], ["Größe", "number"]],
  );
  const latin = Uint8Array.from(
    "name,x\nGr\xf6\xdfe,1\nAsk,2\n",
    (letter) => letter.charCodeAt(0),
  );
  const found = await tableOf(latin);
  assert.equal(found.encoding, "windows-1252");
  assert.equal(found.sample[0][0], "Größe");
  const bare = await tableOf("1,2\n3,4\n5,6\n");
  assert.equal(bare.hasHeader, false);
  assert.equal(bare.rows, 3);
  assert.equal(bare.columns[0].name, "Column 1");
});

Deno.test("profile of JSONL: broken lines are counted with examples, keys are columns wherever they come", async () => {
  const text = [
    '{"a":1,"b":"x"}',
    "{broken",
    '{"a":2,"c":{"deep":[1,2]}}',
    "[1,2]",
    "",
    '{"a":null}',
  ].join("\n");
  const profile = await tableOf(text);
  assert.equal(profile.rows, 3);
  assert.deepEqual(
    profile.columns.map(({ name, missing }) => [name, missing]),
    [["a", 1], ["b", 2], ["c", 2]],
  );
  assert.deepEqual(profile.broken, {
    lines: 2,
    examples: [
      { line: 2, text: "{broken", reason: "The line is not JSON" },
      { line: 4, text: "[1,2]", reason: "The line is not an object" },
    ],
  });
});

Deno.test("profile of JSONL: a line that nests 100,000 levels deep is a broken line", async () => {
  const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const profile = await tableOf(`{"a":1}\n{"a":2}\n${deep}\n{"a":3}\n`);
  assert.equal(profile.rows + profile.broken.lines, 4);
  assert.ok(profile.rows >= 3);
});

Deno.test("profile of a Markdown text: words, lines and titles, the same in any pieces", async () => {
  const text = `# River\n\nIt rises in spring. Größe 5.\n\n## Ice ##\n${
    "word ".repeat(2_000)
  }`;
  const whole = await profileOf(bytesOf(text), { name: "river.md" });
  assert.deepEqual(whole, {
    kind: "text",
    lines: 6,
    words: 2_011,
    characters: text.length,
    headings: ["River", "Ice"],
    brokenCharacters: 0,
    encoding: "utf-8",
  });
  assert.deepEqual(
    await profileOf(bytesOf(text), { name: "river.md", pieceBytes: 37 }),
    whole,
  );
});

Deno.test("detection: NUL bytes, archives, UTF-16 and nothing are refused in words", async () => {
  const cases: [Uint8Array<ArrayBuffer>, RegExp][] = [
    [new Uint8Array(), /empty/],
    [bytesOf("   \n "), /empty/],
    [bytesOf("text \0 text"), /no text/],
    [new Uint8Array([0x50, 0x4b, 3, 4, 1]), /ZIP/],
    [new Uint8Array([0xff, 0xfe, 0x41, 0]), /UTF-16/],
  ];
  for (const [bytes, reason] of cases) {
    await assert.rejects(readingOf(bytes, "a.csv"), reason);
  }
});

Deno.test("detection: prose with commas is a text, whatever it is called, and a table is one by its content", async () => {
  const prose = bytesOf(
    "Ice, snow and water, all of it, melts.\nThen it flows, slowly.\nAnd on.\n",
  );
  assert.equal((await readingOf(prose, "notes")).format, "text");
  const table = bytesOf("a,b\n1,2\n3,4\n");
  assert.equal((await readingOf(table, "export.dat")).format, "csv");
});
