import assert from "node:assert/strict";
import { ProviderError } from "@/lib/errors.ts";
import { isWorthRetrying, sleep, waitBefore } from "@/lib/llm/retry.ts";

const LONG_MS = 20_000;

function retryableError(
  extra: Record<string, unknown> = {},
  retryAfterMs: number | null = null,
): ProviderError {
  return new ProviderError({
    status: 504,
    code: "provider_timeout",
    message: "Late",
    retryable: true,
    extra,
    retryAfterMs,
  });
}

Deno.test("isWorthRetrying: of our own deadlines only the connect", () => {
  const worth = ["connect", "firstToken", "tokenGap", "total"].map((deadline) =>
    isWorthRetrying(retryableError({ deadline }))
  );
  assert.deepEqual(worth, [true, false, false, false]);
});

Deno.test("waitBefore: doubles with full jitter", () => {
  const waits = [1, 2, 3].map((retry) =>
    waitBefore(retry, retryableError(), () => 0.5)
  );
  assert.deepEqual(waits, [250, 500, 1000]);
});

Deno.test("waitBefore: the backoff has a ceiling", () => {
  assert.equal(waitBefore(50, retryableError(), () => 1), 8000);
});

Deno.test("waitBefore: what Retry-After asks comes on top", () => {
  const error = retryableError({}, 3000);
  assert.equal(waitBefore(1, error, () => 0.5), 3250);
});

Deno.test("waitBefore: a Retry-After that is too long is not waited for", () => {
  assert.equal(waitBefore(1, retryableError({}, 60_000), () => 0), null);
});

Deno.test("sleep: the signal ends it with its reason", async () => {
  const controller = new AbortController();
  const slept = sleep(LONG_MS, controller.signal);
  controller.abort(new Error("Stopped"));
  await assert.rejects(slept, { message: "Stopped" });
});
