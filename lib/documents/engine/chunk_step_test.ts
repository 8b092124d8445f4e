import assert from "node:assert/strict";
import { CHUNK_CHARACTERS } from "../chunk/chunk.ts";
import { bytesOf, chunksOf } from "../testing/run_steps.ts";

const sentence = (number: number) =>
  `Sentence ${number} tells of the water at gauge ${number}.`;

const prose = (count: number, between = " ") =>
  Array.from({ length: count }, (_, index) => sentence(index + 1)).join(
    between,
  );

Deno.test("chunks: one line of 5 MB ends, in bounded pieces, with nothing lost", async () => {
  const text = "x".repeat(5_000_000);
  const chunks = await chunksOf(bytesOf(text), { name: "a.txt" });
  assert.ok(chunks.every(({ text }) => text.length <= CHUNK_CHARACTERS));
  const total = chunks.reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(total >= text.length, String(total));
});

Deno.test("chunks: every sentence is whole in at least one of them", async () => {
  const text = prose(400);
  const chunks = await chunksOf(bytesOf(text), { name: "a.txt" });
  assert.ok(chunks.length > 10);
  for (let number = 1; number <= 400; number += 1) {
    assert.ok(
      chunks.some(({ text }) => text.includes(sentence(number))),
      sentence(number),
    );
  }
});

Deno.test("chunks: they begin with what the one before ends with", async () => {
  const chunks = await chunksOf(bytesOf(prose(200)), { name: "a.txt" });
  for (const [index, { text }] of chunks.slice(1).entries()) {
    const first = text.split(". ")[0];
    assert.ok(chunks[index].text.includes(first), first);
  }
});

Deno.test("chunks: lines are those of the source, in any pieces", async () => {
  const text = prose(300, "\n");
  const lines = text.split("\n");
  const whole = await chunksOf(bytesOf(text), { name: "a.txt" });
  for (const { text, place } of whole) {
    assert.equal(
      lines.slice(place.from! - 1, place.to!).join("\n").trim(),
      text,
    );
  }
  const pieces = await chunksOf(bytesOf(text), {
    name: "a.txt",
    pieceBytes: 333,
  });
  assert.deepEqual(pieces, whole);
});

Deno.test("chunks: sections of Markdown are apart and carry their titles; a hash in a fence is none", async () => {
  const text =
    "# Ice\n\nCold.\n\n## Melt\n\nWarm.\n\n```sh\n# no title\n```\n\n# Sea\n\nSalt.\n";
  const chunks = await chunksOf(bytesOf(text), { name: "a.md" });
  assert.deepEqual(
    chunks.map(({ place: { heading, from } }) => [heading, from]),
    [["Ice", 1], ["Ice › Melt", 5], ["Sea", 13]],
  );
  assert.match(chunks[1].text, /# no title/);
});

Deno.test("chunks: rows of a table come with the names of their columns and their numbers", async () => {
  const rows = Array.from(
    { length: 200 },
    (_, index) => `Gauge ${index + 1},${index / 10},"low, clear"`,
  );
  const chunks = await chunksOf(
    bytesOf(`name,level,note\n${rows.join("\n")}\n`),
  );
  assert.match(
    chunks[0].text,
    /^name: Gauge 1; level: 0; note: low, clear\nname: Gauge 2;/,
  );
  assert.equal(chunks[0].place.from, 1);
  assert.equal(chunks.at(-1)?.place.to, 200);
  for (const [index, { place }] of chunks.slice(1).entries()) {
    assert.equal(place.from, chunks[index].place.to! + 1);
  }
});

Deno.test("chunks: no more than the document may have", async () => {
  const chunks = await chunksOf(bytesOf(prose(2_000)), {
    name: "a.txt",
    mostChunks: 7,
  });
  assert.equal(chunks.length, 7);
});
