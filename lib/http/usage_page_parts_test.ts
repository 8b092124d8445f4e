import assert from "node:assert/strict";
import type { UsageFigures, UsagePart } from "@/lib/shared/usage/usage_page.ts";
import type { UsageReport } from "@/lib/usage/usage_query.ts";
import { placesOf } from "./usage_page_places.ts";
import { barsOf } from "./usage_page_parts.ts";

const PERCENTILES = { n: 0, p50: null, p95: null, p99: null };
const DAY_MS = 86_400_000;
const PLACES = placesOf({
  fromMs: 0,
  toMs: DAY_MS,
  bucket: "day",
  timeZone: "UTC",
}, null);

function part(key: string, numbers: Partial<UsageFigures>): UsagePart {
  const figures = {
    requests: 1,
    errors: 0,
    inputTokens: 0,
    outputTokens: 0,
    costMicroUsd: 0,
    savedMicroUsd: 0,
    unpricedRequests: 0,
    ttftMs: PERCENTILES,
    ...numbers,
  };
  // Only what the bars are made of matters here.
  return { key, label: key, numbers: figures as UsageFigures, before: null };
}

function bars(parts: UsagePart[]) {
  // Nothing of the report but its series is read.
  const report = { series: [] as unknown } as UsageReport;
  return barsOf(report, parts, PLACES, "cost", "model");
}

Deno.test("barsOf: what nothing is known of the price of is marked, alone or among others", () => {
  const priced = Array.from(
    { length: 6 },
    (_, place) => part(`priced-${place}`, { costMicroUsd: 9 - place }),
  );
  const free = part("free", {});
  const unpriced = ["a", "b"].map((key) =>
    part(key, { requests: 3, unpricedRequests: 3 })
  );
  const marks = (parts: UsagePart[]) =>
    bars(parts).map(({ isUnpriced }) => isUnpriced);
  assert.deepEqual(marks([free, unpriced[0]]), [false, true]);
  const others = marks([...priced, free, ...unpriced]);
  assert.deepEqual(others, [...Array(7).fill(false), true]);
  const mixed = marks([...priced, priced[0], free, unpriced[0]]);
  assert.equal(mixed.at(-1), false);
});
