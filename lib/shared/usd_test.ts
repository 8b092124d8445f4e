import assert from "node:assert/strict";
import fc from "fast-check";
import { formatUsd, parseUsd } from "./usd.ts";

Deno.test("parseUsd: amounts become exact micro-dollars", () => {
  const cases: [string, bigint][] = [
    ["0", 0n],
    ["1", 1_000_000n],
    ["1.00", 1_000_000n],
    ["0.075", 75_000n],
    ["0.000001", 1n],
    ["0.10000000000", 100_000n],
    ["999999999.999999", 999_999_999_999_999n],
  ];
  for (const [text, expected] of cases) assert.equal(parseUsd(text), expected);
});

Deno.test("parseUsd: every amount of micro-dollars is read back as written", () => {
  fc.assert(fc.property(
    fc.bigInt({ min: 0n, max: 999_999_999_999_999n }),
    (microUsd) => {
      const digits = String(microUsd).padStart(7, "0");
      const text = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
      assert.equal(parseUsd(text), microUsd);
    },
  ));
});

Deno.test("parseUsd: whatever is no exact amount is refused", () => {
  for (
    const text of [
      "",
      "-1",
      "+1",
      "1.",
      ".5",
      "1,5",
      "1e3",
      "0.0000001",
      "1.0000005",
      "NaN",
      "Infinity",
      "0x10",
      " 1",
      "1\n",
      "1234567890",
      "$1",
      "١",
    ]
  ) {
    assert.throws(() => parseUsd(text), TypeError, text);
  }
});

Deno.test("formatUsd: dollars have two decimals, or as many as there are", () => {
  const cases: [number, string][] = [
    [0, "0.00"],
    [1_000_000, "1.00"],
    [12_500, "0.0125"],
    [1, "0.000001"],
    [-30_000, "-0.03"],
    [1_234_567_890_120, "1234567.89012"],
  ];
  for (const [microUsd, text] of cases) assert.equal(formatUsd(microUsd), text);
});
