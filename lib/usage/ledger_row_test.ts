import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeLedgerRow,
  encodeLedgerRow,
  type LedgerRow,
} from "./ledger_row.ts";

const ROW: LedgerRow = {
  run: "run_0123456789012345678901",
  epoch: 1,
  request: "req_0123456789012345678901",
  thread: "thr_0123456789012345678901",
  user: null,
  key: null,
  model: "openai/gpt-5",
  provider: "openai",
  source: "chat",
  status: "completed",
  inputTokens: 1_200,
  cachedInputTokens: 400,
  outputTokens: 300,
  estimated: false,
  costMicroUsd: 2_640,
  error: null,
  startedAt: "2026-03-01T12:00:00.123Z",
  firstTokenMs: 210,
  totalMs: 4_100,
  cache: null,
};

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const textOrNull = fc.option(text);
const tokens = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const durationMs = fc.oneof(
  fc.nat(),
  fc.double({ min: 0, max: 1e9, noNaN: true }).map(Math.abs),
);

const anyRow: fc.Arbitrary<LedgerRow> = fc.record({
  run: text,
  epoch: fc.nat(),
  request: textOrNull,
  thread: textOrNull,
  user: textOrNull,
  key: textOrNull,
  model: text,
  provider: text,
  source: fc.constantFrom("chat" as const, "title" as const, "v1" as const),
  status: fc.constantFrom(
    "completed" as const,
    "cancelled" as const,
    "failed" as const,
    "interrupted" as const,
  ),
  inputTokens: tokens,
  cachedInputTokens: tokens,
  outputTokens: tokens,
  estimated: fc.boolean(),
  costMicroUsd: fc.option(tokens),
  error: textOrNull,
  startedAt: fc.date({
    min: new Date("1970-01-01"),
    max: new Date("9999-12-31"),
    noInvalidDate: true,
  }).map((date) => date.toISOString()),
  firstTokenMs: fc.option(durationMs),
  totalMs: durationMs,
  cache: textOrNull,
}, { noNullPrototype: true });

Deno.test("decodeLedgerRow: gives back every row that was encoded", () => {
  fc.assert(fc.property(anyRow, (row) => {
    assert.deepEqual(decodeLedgerRow(encodeLedgerRow(row)), row);
  }));
});

Deno.test("encodeLedgerRow: bytes of version 1 stay as they are in stores", () => {
  assert.equal(
    new TextDecoder().decode(encodeLedgerRow(ROW)),
    '[1,"run_0123456789012345678901",1,"req_0123456789012345678901",' +
      '"thr_0123456789012345678901",null,null,"openai/gpt-5","openai",' +
      '"chat","completed",1200,400,300,false,2640,null,' +
      '"2026-03-01T12:00:00.123Z",210,4100,null]',
  );
});

Deno.test("encodeLedgerRow: what the cache saved stands at the end, in version 2", () => {
  const row = { ...ROW, cache: "hit-l1", savedMicroUsd: 2_640 };
  const bytes = encodeLedgerRow(row);
  assert.match(new TextDecoder().decode(bytes), /^\[2,.*,"hit-l1",2640\]$/);
  assert.deepEqual(decodeLedgerRow(bytes), row);
});

Deno.test("encodeLedgerRow: an ordinary row takes less than 300 bytes", () => {
  assert.ok(encodeLedgerRow(ROW).length < 300);
});

Deno.test("encodeLedgerRow: the longest row fits a ledger page many times", () => {
  const long = "\u{1f600}".repeat(250);
  const { length } = encodeLedgerRow({
    ...ROW,
    run: long,
    request: long,
    thread: long,
    user: long,
    key: long,
    model: long,
    provider: long,
    error: long,
    cache: long,
  });
  assert.ok(length < 16 * 1024, `the row has ${length} bytes`);
});

Deno.test("encodeLedgerRow: a cost that is unknown stays unknown", () => {
  const decode = (costMicroUsd: number | null) =>
    decodeLedgerRow(encodeLedgerRow({ ...ROW, costMicroUsd })).costMicroUsd;
  assert.equal(decode(null), null);
  assert.equal(decode(0), 0);
});

const UNSTORABLE: Partial<Record<keyof LedgerRow, unknown>>[] = [
  { inputTokens: -1 },
  { inputTokens: Infinity },
  { outputTokens: 1.5 },
  { costMicroUsd: 2 ** 53 },
  { totalMs: NaN },
  { firstTokenMs: -1 },
  { startedAt: "yesterday" },
  { startedAt: "2026-13-01T00:00:00.000Z" },
  { startedAt: "2026-01-01" },
  { model: "m".repeat(501) },
  { model: null },
  { run: undefined },
  { status: "running" },
  { estimated: 1 },
  { savedMicroUsd: -1 },
  { savedMicroUsd: 0.5 },
];

for (const change of UNSTORABLE) {
  const [name, value] = Object.entries(change)[0];
  Deno.test(`encodeLedgerRow: refuses ${name} "${String(value).slice(0, 30)}"`, () => {
    // The wrong value is the point of the test.
    const row = { ...ROW, ...change } as LedgerRow;
    assert.throws(
      () => encodeLedgerRow(row),
      (error: Error) =>
        error instanceof TypeError && error.message.includes(`"${name}"`),
    );
  });
}

function bytes(json: string): Uint8Array {
  return new TextEncoder().encode(json);
}

Deno.test("decodeLedgerRow: refuses bytes that are no row of a known version", () => {
  const good = new TextDecoder().decode(encodeLedgerRow(ROW));
  const wrong = [
    new Uint8Array(),
    new Uint8Array([0xff, 0xfe]),
    bytes("{}"),
    bytes("[]"),
    bytes("null"),
    bytes("[1]"),
    bytes(good.replace("[1,", "[2,")),
    bytes(good.replace("1200", '"1200"')),
    bytes(good.replace("completed", "done")),
    bytes(good.slice(0, -1)),
  ];
  for (const each of wrong) {
    assert.throws(() => decodeLedgerRow(each), TypeError);
  }
});

Deno.test("decodeLedgerRow: a source that only newer code knows is read", () => {
  const good = new TextDecoder().decode(encodeLedgerRow(ROW));
  const row = decodeLedgerRow(bytes(good.replace('"chat"', '"agent"')));
  assert.equal(row.source, "agent");
});
