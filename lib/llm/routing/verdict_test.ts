import assert from "node:assert/strict";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { refusal, timeout } from "./testing/scripted_upstream.ts";
import { mayFailOver, verdictOf } from "./verdict.ts";

const failures = new ProviderFailures("p", null);

Deno.test("verdictOf: trouble of the target is a failure, a refusal is none", () => {
  const errors = {
    unreachable: failures.unreachable(new Error("x")),
    connect: timeout("connect"),
    firstToken: timeout("firstToken"),
    tokenGap: timeout("tokenGap"),
    broken: failures.broken(),
    500: refusal(500),
    503: refusal(503),
    408: refusal(408),
    429: refusal(429),
    400: refusal(400),
    401: refusal(401),
    404: refusal(404),
    total: timeout("total"),
    hangUp: new DOMException("Gone", "AbortError"),
  };
  const verdicts = Object.fromEntries(
    Object.entries(errors).map(([name, error]) => [name, verdictOf(error)]),
  );
  assert.deepEqual(verdicts, {
    unreachable: "failed",
    connect: "failed",
    firstToken: "failed",
    tokenGap: "failed",
    broken: "failed",
    500: "failed",
    503: "failed",
    408: "failed",
    429: "limited",
    400: "refused",
    401: "refused",
    404: "refused",
    total: "none",
    hangUp: "none",
  });
});

Deno.test("mayFailOver: not when the request is at fault or nobody waits any more", () => {
  const may = [
    refusal(500),
    refusal(429),
    refusal(401),
    refusal(404),
    refusal(400),
    timeout("firstToken"),
    timeout("total"),
    new Error("Ours"),
  ].map(mayFailOver);
  assert.deepEqual(may, [true, true, true, true, false, true, false, false]);
});
