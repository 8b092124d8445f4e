import assert from "node:assert/strict";
import { PriceFileError, readPriceFile } from "./price_file.ts";

const HEAD =
  "model,from,inputPerMillionUsd,cachedInputPerMillionUsd,outputPerMillionUsd";

function faultsOf(text: string): string[] {
  try {
    readPriceFile(text);
  } catch (error) {
    assert.ok(error instanceof PriceFileError, String(error));
    return [
      error.message,
      ...error.faults.map(({ line, message }) => `${line}: ${message}`),
    ];
  }
  return [];
}

Deno.test("readPriceFile: garbage, formulas and doubles are named by their line, and nothing is taken", () => {
  const text = [
    HEAD,
    "m1,2026-01-01,1.00,0.10,2.00",
    "=cmd|' /C calc'!A0,2026-01-01,1,,2",
    "m2,yesterday,1,,2",
    "",
    '"m3\nx",2026-01-01,1,,2',
    "m1,2026-01-01,3,,4",
    "m4,2026-01-01,-1,,2",
    "m5,2026-01-01,1e3,,2",
    "m6,2026-01-01,1,,2,extra",
    "m7,2026-01-01",
  ].join("\n");
  const [message, ...faults] = faultsOf(text);
  assert.equal(message, "8 rows of the file cannot be used.");
  assert.deepEqual(faults.map((fault) => fault.split(": ")[0]), [
    "3",
    "4",
    "7",
    "8",
    "9",
    "10",
    "11",
    "12",
  ]);
  assert.match(faults[0], /formula/);
  assert.match(faults[1], /from: want a date/);
  assert.match(faults[3], /in line 2/);
});

Deno.test("readPriceFile: a file that is none says so", () => {
  assert.match(faultsOf("")[0], /lacks model/);
  assert.match(faultsOf(HEAD)[0], /no prices/);
  assert.match(faultsOf("<html><body>Not found")[0], /lacks/);
  assert.match(faultsOf('{"prices":')[0], /no JSON/);
  assert.match(faultsOf('{"models":[]}')[0], /neither/);
  assert.match(faultsOf(`${HEAD},secret\n`)[0], /secret/);
  assert.match(faultsOf(`${HEAD}\n"m1,2026-01-01`)[0], /no CSV/);
  assert.match(faultsOf("x".repeat(200_001))[0], /more than 200000/);
});

Deno.test("readPriceFile: CSV with other delimiters, names and a byte order mark, and both forms of JSON", () => {
  const price = {
    model: "m1",
    from: "2026-01-01",
    inputPerMillionUsd: "1.00",
    outputPerMillionUsd: "2.00",
  };
  const csv =
    "\uFEFFModel;From;Input per million USD;Output per million USD\r\nm1;2026-01-01;1.00;2.00\r\n";
  assert.deepEqual(readPriceFile(csv), [price]);
  assert.deepEqual(readPriceFile(JSON.stringify([price])), [price]);
  assert.deepEqual(readPriceFile(JSON.stringify({ prices: [price] })), [price]);
});
