import assert from "node:assert/strict";
import fc from "fast-check";
import type { PriceSettings } from "@/lib/config/file.ts";
import type { TokenUsage } from "./types.ts";
import { PriceList } from "./prices.ts";

const NOON = new Date("2026-03-01T12:00:00Z");

function entry(more: Partial<PriceSettings> = {}): PriceSettings {
  return {
    model: "m1",
    from: "2026-01-01",
    inputPerMillionUsd: "1.00",
    cachedInputPerMillionUsd: "0.10",
    outputPerMillionUsd: "2.00",
    ...more,
  };
}

function usage(
  inputTokens: number,
  cachedInputTokens: number,
  outputTokens: number,
): TokenUsage {
  return { inputTokens, cachedInputTokens, outputTokens };
}

function cost(
  entries: PriceSettings[],
  used: TokenUsage,
  { model = "m1", at = NOON, provider = null as string | null } = {},
): number | null {
  return new PriceList(entries).cost(model, used, at, provider)?.microUsd ??
    null;
}

Deno.test("PriceList.cost: input, cached input and output each at their price", () => {
  assert.equal(cost([entry()], usage(1_000, 400, 50)), 600 + 40 + 100);
});

Deno.test("PriceList.cost: cached input without a price of its own costs as input", () => {
  const plain = entry({ cachedInputPerMillionUsd: undefined });
  assert.equal(cost([plain], usage(1_000, 400, 0)), 1_000);
});

Deno.test("PriceList.cost: more cached than input counts no token twice", () => {
  assert.equal(cost([entry()], usage(1_000, 5_000, 0)), 100);
});

Deno.test("PriceList.cost: an unpriced model is null, a free one 0", () => {
  const free = entry({
    model: "free",
    inputPerMillionUsd: "0",
    cachedInputPerMillionUsd: "0",
    outputPerMillionUsd: "0",
  });
  const used = usage(1_000, 0, 1_000);
  assert.equal(cost([free], used, { model: "other" }), null);
  assert.equal(cost([free], used, { model: "free" }), 0);
});

Deno.test("PriceList.cost: is rounded once, at the end, half up", () => {
  const half = entry({ inputPerMillionUsd: "0.5", outputPerMillionUsd: "0.5" });
  assert.equal(cost([half], usage(1, 0, 0)), 1);
  assert.equal(cost([half], usage(1, 0, 1)), 1);
  assert.equal(cost([half], usage(1, 0, 2)), 2);
  const below = entry({ inputPerMillionUsd: "0.499999" });
  assert.equal(cost([below], usage(1, 0, 0)), 0);
});

Deno.test("PriceList.cost: a day's price begins at midnight UTC", () => {
  const entries = [
    entry({ from: "2026-07-01", inputPerMillionUsd: "3" }),
    entry({ from: "2026-01-01", inputPerMillionUsd: "1" }),
    entry({ from: "2026-04-01", inputPerMillionUsd: "2" }),
  ];
  const at = (time: string) =>
    cost(entries, usage(100, 0, 0), { at: new Date(time) });
  assert.equal(at("2025-12-31T23:59:59.999Z"), null);
  assert.equal(at("2026-01-01T00:00:00.000Z"), 100);
  assert.equal(at("2026-03-31T23:59:59.999Z"), 100);
  assert.equal(at("2026-04-01T00:00:00.000Z"), 200);
  assert.equal(at("2026-07-01T02:00:00.000+02:00"), 300);
  assert.equal(at("2036-01-01T00:00:00.000Z"), 300);
});

Deno.test("PriceList.find: the name with the provider counts first, then the plain one, however the model was asked", () => {
  const list = new PriceList([
    entry({ model: "a/m1" }),
    entry({ model: "m1" }),
    entry({ model: "m2" }),
    entry({ model: "a/m3" }),
    entry({ model: "vendor/m4" }),
  ]);
  const found = (model: string, provider: string | null) =>
    list.find(model, NOON, provider)?.model ?? null;
  assert.equal(found("a/m1", "a"), "a/m1");
  assert.equal(found("m1", "a"), "a/m1");
  assert.equal(found("m1", "b"), "m1");
  assert.equal(found("a/m2", "a"), "m2");
  assert.equal(found("m3", "a"), "a/m3");
  assert.equal(found("m3", "b"), null);
  assert.equal(found("a/vendor/m4", "a"), "vendor/m4");
  assert.equal(found("vendor/m4", "vendor"), "vendor/m4");
  assert.equal(found("m3", null), null);
  assert.equal(found("a/m2", null), null);
});

Deno.test("PriceList.find: a price that has not begun leaves the one under the next name", () => {
  const list = new PriceList([
    entry({ model: "a/m1", from: "2030-01-01" }),
    entry({ model: "m1" }),
  ]);
  assert.equal(list.find("a/m1", NOON, "a")?.model, "m1");
});

Deno.test("PriceList: names of models are no properties of an object", () => {
  const list = new PriceList([]);
  assert.equal(list.find("__proto__", NOON), null);
  assert.equal(list.find("constructor", NOON), null);
});

Deno.test("PriceList: refuses entries that no price can be made of", () => {
  const wrong: PriceSettings[][] = [
    [entry({ inputPerMillionUsd: "-1" })],
    [entry({ outputPerMillionUsd: "0.0000001" })],
    [entry({ from: "soon" })],
    [entry(), entry({ inputPerMillionUsd: "9" })],
  ];
  for (const entries of wrong) {
    assert.throws(() => new PriceList(entries), TypeError);
  }
});

Deno.test("PriceList.cost: a cost beyond exact numbers and counts that are none throw", () => {
  const dear = entry({ inputPerMillionUsd: "999999999.999999" });
  for (
    const used of [
      usage(Number.MAX_SAFE_INTEGER, 0, 0),
      usage(Infinity, 0, 0),
      usage(1.5, 0, 0),
      usage(-1, 0, 0),
      usage(0, NaN, 0),
    ]
  ) {
    assert.throws(() => cost([dear], used), RangeError);
  }
});

/** A fraction of whole numbers. */
interface Rational {
  over: bigint;
  under: bigint;
}

/** What the text says, read digit by digit and not by the code under test. */
function rational(text: string): Rational {
  let over = 0n;
  let under = 1n;
  let isBehindPoint = false;
  for (const character of text) {
    if (character === ".") isBehindPoint = true;
    else {
      over = over * 10n + BigInt(character);
      if (isBehindPoint) under *= 10n;
    }
  }
  return { over, under };
}

function plus(left: Rational, right: Rational): Rational {
  return {
    over: left.over * right.under + right.over * left.under,
    under: left.under * right.under,
  };
}

/** Tokens at dollars a million tokens are as many micro-dollars. */
function times(count: number, price: string): Rational {
  const { over, under } = rational(price);
  return { over: BigInt(count) * over, under };
}

const amount = fc.tuple(
  fc.nat({ max: 9_999 }),
  fc.option(fc.stringMatching(/^\d{1,6}$/)),
).map(([whole, decimals]) =>
  decimals === null ? String(whole) : `${whole}.${decimals}`
);

const count = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 100_000_000 }));

Deno.test("PriceList.cost: is the exact sum, rounded half up, for any price and usage", () => {
  fc.assert(
    fc.property(
      amount,
      fc.option(amount, { nil: undefined }),
      amount,
      count,
      count,
      count,
      (input, cachedInput, output, fresh, cached, produced) => {
        const list = [entry({
          inputPerMillionUsd: input,
          cachedInputPerMillionUsd: cachedInput,
          outputPerMillionUsd: output,
        })];
        const exact = [
          times(fresh, input),
          times(cached, cachedInput ?? input),
          times(produced, output),
        ].reduce(plus);
        const actual = BigInt(
          cost(list, usage(fresh + cached, cached, produced))!,
        );
        // Half up: actual - 1/2 <= exact < actual + 1/2.
        assert.ok((2n * actual - 1n) * exact.under <= 2n * exact.over);
        assert.ok(2n * exact.over < (2n * actual + 1n) * exact.under);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("PriceList.find: is the newest price that had begun, in whatever order they are given", () => {
  const day = fc.date({
    min: new Date("2020-01-01"),
    max: new Date("2030-12-31"),
    noInvalidDate: true,
  }).map((date) => date.toISOString().slice(0, 10));
  fc.assert(fc.property(
    fc.uniqueArray(day, { maxLength: 12 }),
    fc.date({
      min: new Date("2019-01-01"),
      max: new Date("2031-12-31"),
      noInvalidDate: true,
    }),
    (days, at) => {
      const list = new PriceList(days.map((from) => entry({ from })));
      const begun = days.filter((from) => from <= at.toISOString().slice(0, 10))
        .sort();
      const found = list.find("m1", at);
      assert.equal(
        found === null
          ? undefined
          : new Date(found.fromMs).toISOString().slice(0, 10),
        begun.at(-1),
      );
    },
  ));
});
