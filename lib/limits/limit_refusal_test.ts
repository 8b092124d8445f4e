import assert from "node:assert/strict";
import { limitExceeded, rateHeaders, resetText } from "./limit_refusal.ts";
import { type EffectiveLimit, LIMIT_KINDS } from "./policies.ts";

function limitOf(
  field: string,
  limit: number,
  subjectKind: EffectiveLimit["subjectKind"] = "key",
): EffectiveLimit {
  const subject = `${subjectKind}:x`;
  return {
    subject,
    subjectKind,
    kind: LIMIT_KINDS.find((kind) => kind.field === field)!,
    limit,
    policy: { name: subject, subject, source: "config" },
    isSpecific: false,
  };
}

Deno.test("resetText: durations as OpenAI's API has them, never shorter than they are", () => {
  const cases: [number, string][] = [
    [0, "0ms"],
    [19.2, "20ms"],
    [999, "999ms"],
    [1_000, "1s"],
    [1_501, "1.51s"],
    [59_990, "59.99s"],
    [60_000, "1m0s"],
    [360_000, "6m0s"],
    [89_100, "1m30s"],
    [3_600_000, "1h0m0s"],
    [86_400_000, "24h0m0s"],
  ];
  for (const [milliseconds, text] of cases) {
    assert.equal(resetText(milliseconds), text);
  }
});

Deno.test("rateHeaders: of several limits on the same thing the one of which least is left", () => {
  const headers = rateHeaders([
    {
      limit: limitOf("requestsPerMinute", 60),
      remaining: 12,
      resetMs: 30_000,
    },
    {
      limit: limitOf("requestsPerDay", 1_000),
      remaining: 3,
      resetMs: 7_200_000,
    },
    { limit: limitOf("tokensPerMinute", 900), remaining: 0.5, resetMs: 10 },
  ]);
  assert.deepEqual(headers, {
    "x-ratelimit-limit-requests": "1000",
    "x-ratelimit-remaining-requests": "3",
    "x-ratelimit-reset-requests": "2h0m0s",
    "x-ratelimit-limit-tokens": "900",
    "x-ratelimit-remaining-tokens": "0",
    "x-ratelimit-reset-tokens": "10ms",
  });
  assert.deepEqual(rateHeaders([]), {});
});

Deno.test("limitExceeded: names the limit and whole seconds, never fewer than are needed", () => {
  const limit = limitOf("requestsPerMinute", 60);
  const error = limitExceeded(limit, 1, 11_200, { "x-ratelimit-x": "1" });
  assert.equal(error.status, 429);
  assert.equal(error.code, "rate_limit_exceeded");
  assert.equal(error.retryable, true);
  assert.equal(
    error.message,
    "The limit of 60 requests a minute for this key is reached. Try again in 12 seconds.",
  );
  assert.deepEqual(error.headers, {
    "x-ratelimit-x": "1",
    "retry-after": "12",
  });
  assert.equal(error.extra.retryAfter, 12);
  assert.equal(limitExceeded(limit, 1, 1, {}).headers["retry-after"], "1");
});

Deno.test("limitExceeded: what can never be let in is not to be tried again", () => {
  const error = limitExceeded(limitOf("tokensPerMinute", 100), 5_000, null, {});
  assert.equal(error.retryable, false);
  assert.deepEqual(error.headers, {});
  assert.match(error.message, /asks for up to 5,000/);
  const none = limitExceeded(
    limitOf("requestsPerMinute", 0, "model"),
    1,
    null,
    {},
  );
  assert.match(none.message, /0 requests a minute for the model “x”/);
});
