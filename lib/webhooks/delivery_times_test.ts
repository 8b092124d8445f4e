import assert from "node:assert/strict";
import { delayAfter, MAX_DELIVERY_ATTEMPTS } from "./delivery_times.ts";

const HOUR_MS = 3_600_000;

Deno.test("delayAfter: the attempts spread over about a day", () => {
  let atMs = 0;
  for (let attempt = 1; attempt < MAX_DELIVERY_ATTEMPTS; attempt += 1) {
    atMs += delayAfter(attempt, null, () => 0.5);
  }
  assert.ok(atMs > 20 * HOUR_MS && atMs < 30 * HOUR_MS, `${atMs}`);
});

Deno.test("delayAfter: full jitter, and never sooner than asked for, within a day", () => {
  assert.equal(delayAfter(1, null, () => 0), 0);
  assert.ok(delayAfter(1, null, () => 0.999) < 5_000);
  assert.equal(delayAfter(1, 120_000, () => 0.5), 120_000);
  assert.equal(delayAfter(1, 1_000 * HOUR_MS, () => 0), 24 * HOUR_MS);
  assert.ok(delayAfter(4, 1_000, () => 0.5) > HOUR_MS / 2);
});
