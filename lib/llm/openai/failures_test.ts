import assert from "node:assert/strict";
import { retryAfterMs } from "@/lib/llm/openai/error_body.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { scrub } from "@/lib/llm/openai/scrub.ts";

function headers(values: Record<string, string>) {
  return (name: string) => values[name] ?? null;
}

Deno.test("retryAfterMs: seconds, milliseconds and dates", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: [Record<string, string>, number | null][] = [
    [{}, null],
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "1", "retry-after-ms": "250" }, 250],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }, 5000],
    [{ "retry-after": "Thu, 01 Jan 2020 00:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, null],
    [{ "retry-after": "-1" }, null],
  ];
  for (const [values, expected] of cases) {
    assert.equal(
      retryAfterMs(headers(values), now),
      expected,
      JSON.stringify(values),
    );
  }
});

Deno.test("ProviderFailures.unreachable: a certificate that is not trusted says what to do", () => {
  const cause = Object.assign(new Error("self-signed"), {
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  const error = new ProviderFailures("a", null).unreachable(cause);
  assert.match(error.message, /NODE_EXTRA_CA_CERTS/);
  assert.equal(error.retryable, false);
});

Deno.test("ProviderFailures.timeout: each deadline has words of its own", () => {
  const failures = new ProviderFailures("a", null);
  const names = ["connect", "firstToken", "tokenGap", "total"] as const;
  const messages = names.map((name) => failures.timeout(name, 5000).message);
  assert.equal(new Set(messages).size, names.length);
  assert.match(messages[0], /within 5 seconds/);
});

Deno.test("ProviderFailures.timeout: what was left of a deadline is told in whole milliseconds", () => {
  const failures = new ProviderFailures("office", null);
  const { message } = failures.timeout("total", 599.92848);
  assert.match(message, /within 0\.6 seconds/);
});

Deno.test("scrub: keys and tokens go, words and lengths stay within bounds", () => {
  const cases: [string, string][] = [
    ["plain words", "plain words"],
    ["key sk-proj-abc123DEF456 is bad", "key [key] is bad"],
    ["Incorrect: sk-abc***********wxyz.", "Incorrect: [key]."],
    ["Authorization: Bearer abc.def", "Authorization: Bearer [key]"],
    ["my own s3cret!", "my own [key]!"],
    ["two\n\nlines\u0007", "two lines"],
  ];
  for (const [text, expected] of cases) {
    assert.equal(scrub(text, "s3cret"), expected);
  }
  assert.equal(scrub("x".repeat(10_000), null).length, 500);
});
