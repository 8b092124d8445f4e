import assert from "node:assert/strict";
import {
  changeOf,
  countFigure,
  dollarFigure,
  formatDollars,
  formatPercent,
  formatSeconds,
  formatShare,
} from "./usage_format.ts";

Deno.test("formatDollars: cents, and what is less than one is not lost", () => {
  assert.equal(formatDollars(254_810_000), "$254.81");
  assert.equal(formatDollars(1_254_810_000), "$1,254.81");
  assert.equal(formatDollars(0), "$0.00");
  assert.equal(formatDollars(4_200), "$0.0042");
  assert.equal(formatDollars(1), "$0.000001");
  assert.equal(formatDollars(9_999), "$0.01");
  assert.equal(formatDollars(-5_000_000), "−$5.00");
});

Deno.test("dollarFigure: whole dollars from a hundred on", () => {
  assert.equal(dollarFigure(254_810_000).figure, "$255");
  assert.equal(dollarFigure(99_990_000).figure, "$99.99");
});

Deno.test("countFigure: three figures and a unit, also where rounding makes a step", () => {
  const shown = (count: number) => {
    const { figure, unit } = countFigure(count);
    return figure + unit;
  };
  assert.equal(shown(0), "0");
  assert.equal(shown(18_420), "18,420");
  assert.equal(shown(99_949), "99,949");
  assert.equal(shown(99_950), "100k");
  assert.equal(shown(999_600), "1.00M");
  assert.equal(shown(41_812_000), "41.8M");
  assert.equal(shown(9_996_000), "10.0M");
  assert.equal(shown(3_210_000_000), "3.21B");
});

Deno.test("changeOf: nothing before is no change of infinity", () => {
  assert.equal(changeOf(5, 0), null);
  assert.equal(changeOf(109, 100), "+9 %");
  assert.equal(changeOf(69, 100), "−31 %");
  assert.equal(changeOf(100, 100), "±0 %");
  assert.equal(changeOf(2_000, 100), "×20");
});

Deno.test("formatPercent, formatShare: small parts stay visible", () => {
  assert.equal(formatPercent(42, 10_000), "0.42");
  assert.equal(formatPercent(0, 10), "0");
  assert.equal(formatPercent(1, 0), "–");
  assert.equal(formatPercent(381, 1_000), "38");
  assert.equal(formatPercent(83, 1_000), "8.3");
  assert.equal(formatShare(1, 1_000), "< 1 %");
  assert.equal(formatShare(0, 1_000), "0 %");
  assert.equal(formatShare(380, 1_000), "38 %");
});

Deno.test("formatSeconds: two decimals below ten", () => {
  assert.equal(formatSeconds(1_482), "1.48");
  assert.equal(formatSeconds(12_340), "12.3");
  assert.equal(formatSeconds(0), "0.00");
  assert.equal(formatSeconds(3), "0.003");
  assert.equal(formatSeconds(9.96), "0.01");
});
