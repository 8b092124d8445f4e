import assert from "node:assert/strict";
import fc from "fast-check";
import { BUCKET_ENDS } from "./histogram.ts";
import {
  type Cell,
  Cells,
  COUNTERS,
  DIMENSIONS,
  emptyCounters,
  emptyMeasures,
  MEASURES,
} from "./rollup_cell.ts";
import {
  CellReader,
  MAX_PART_BYTES,
  packCells,
  unpackCells,
} from "./rollup_codec.ts";

const text = fc.string({ maxLength: 60, unit: "grapheme" });
const cell: fc.Arbitrary<Cell> = fc.record({
  dimensions: fc.tuple(...DIMENSIONS.map(() => text)).map((texts) =>
    Object.fromEntries(
      DIMENSIONS.map((name, place) => [name, texts[place]]),
    ) as Cell["dimensions"]
  ),
  counters: fc.tuple(...COUNTERS.map(() => fc.maxSafeNat())).map((numbers) =>
    Object.fromEntries(
      COUNTERS.map((name, place) => [name, numbers[place]]),
    ) as Cell["counters"]
  ),
  measures: fc.tuple(
    ...MEASURES.map(() =>
      fc.array(
        fc.tuple(fc.nat({ max: BUCKET_ENDS.length - 1 }), fc.maxSafeNat()),
        { maxLength: 20 },
      ).map((entries) => new Map(entries))
    ),
  ).map((maps) =>
    Object.fromEntries(
      MEASURES.map((name, place) => [name, maps[place]]),
    ) as Cell["measures"]
  ),
});

Deno.test("packCells: what is unpacked is what was packed, in its order", () => {
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 50 }), (cells) => {
      const parts = packCells(cells);
      const again = parts.flatMap((part) => [...unpackCells(part)]);
      assert.deepEqual(
        again.map(sorted),
        cells.map(sorted),
      );
    }),
  );
});

function sorted({ dimensions, counters, measures }: Cell) {
  return {
    dimensions: { ...dimensions },
    counters: { ...counters },
    measures: MEASURES.map((name) =>
      [...measures[name]].sort(([left], [right]) => left - right)
    ),
  };
}

Deno.test("CellReader.placeOf: finds each text, also inside of others and empty, and none that is not there", () => {
  const texts = fc.array(fc.stringMatching(/^[ab]{0,4}$/), { minLength: 7 });
  fc.assert(
    fc.property(texts, fc.stringMatching(/^[abc]{0,5}$/), (some, other) => {
      const cells = new Cells();
      for (const [place, user] of some.entries()) {
        const dimensions = Object.fromEntries(
          DIMENSIONS.map((name) => [name, some.at(-1 - place)!]),
        ) as Cell["dimensions"];
        const { counters, measures } = emptyCell();
        cells.addCell({
          dimensions: { ...dimensions, user },
          counters,
          measures,
        });
      }
      const [part] = packCells(cells.values());
      const reader = new CellReader(part);
      for (const text of some) {
        const place = reader.placeOf(text);
        assert.notEqual(place, -1, text);
        assert.equal(reader.text(place), text);
      }
      if (!some.includes(other)) assert.equal(reader.placeOf(other), -1);
    }),
  );
});

function emptyCell(): Pick<Cell, "counters" | "measures"> {
  return { counters: emptyCounters(), measures: emptyMeasures() };
}

Deno.test("packCells: 20,000 cells are split, and no part outgrows its bound", () => {
  const cells = Array.from({ length: 20_000 }, (_, place) => {
    const own = new Cells();
    own.addRow({
      run: "run_1",
      epoch: 1,
      request: null,
      thread: null,
      user: `usr_${place % 500}`,
      key: null,
      model: `model-${place % 40}`,
      provider: "a",
      source: "v1",
      status: "completed",
      inputTokens: place,
      cachedInputTokens: 0,
      outputTokens: 7,
      estimated: false,
      costMicroUsd: 12,
      error: null,
      startedAt: "2026-01-01T00:00:00.000Z",
      firstTokenMs: 12,
      totalMs: 80,
      cache: null,
    });
    return [...own.values()][0];
  });
  const parts = packCells(cells);
  assert.ok(parts.length > 1);
  for (const part of parts) {
    assert.ok(part.length <= MAX_PART_BYTES + 16, `${part.length} bytes`);
  }
  const again = parts.flatMap((part) => [...unpackCells(part)]);
  assert.equal(again.length, cells.length);
});

Deno.test("unpackCells: other formats and cut bytes are told, not guessed", () => {
  const cells = new Cells();
  assert.throws(() => [...unpackCells(Uint8Array.of(9, 1, 0))], TypeError);
  assert.deepEqual(packCells(cells.values()), []);
  const part = packCells([{
    dimensions: Object.fromEntries(
      DIMENSIONS.map((name) => [name, name]),
    ) as Cell["dimensions"],
    counters: Object.fromEntries(
      COUNTERS.map((name) => [name, 300]),
    ) as Cell["counters"],
    measures: Object.fromEntries(
      MEASURES.map((name) => [name, new Map([[3, 4]])]),
    ) as unknown as Cell["measures"],
  }])[0];
  for (let length = 4; length < part.length; length += 1) {
    assert.throws(
      () => [...unpackCells(part.subarray(0, length))],
      TypeError,
      `${length} of ${part.length} bytes`,
    );
  }
});
