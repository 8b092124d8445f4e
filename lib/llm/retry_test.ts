import assert from "node:assert/strict";
import { ProviderError } from "@/lib/errors.ts";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import {
  isWorthRetrying,
  sleep,
  waitBefore,
  withRetry,
} from "@/lib/llm/retry.ts";
import type { ChatRequest, Delta } from "@/lib/llm/types.ts";
import {
  type Behaviour,
  type FakeUpstream,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";

const REQUEST: ChatRequest = {
  model: "fake-1",
  messages: [{ role: "user", content: "Hi" }],
};
const LIMIT_MS = 20_000;

interface Outcome {
  text: string;
  error: ProviderError | null;
  waitsMs: number[];
  attempts: number;
}

/** Streams one answer with waits that only take note of their length. */
async function run(
  script: Behaviour[],
  retries?: number,
  request = REQUEST,
): Promise<Outcome> {
  const upstream = await startFakeUpstream({ behaviour: { text: "fine" } });
  upstream.next(...script);
  const provider = new OpenAIProvider({ id: "fake", baseUrl: upstream.url });
  const waitsMs: number[] = [];
  const retrying = withRetry(provider, {
    retries,
    random: () => 0.5,
    sleep: (ms) => {
      waitsMs.push(ms);
      return Promise.resolve();
    },
  });
  let text = "";
  let error: ProviderError | null = null;
  try {
    const signal = AbortSignal.timeout(LIMIT_MS);
    for await (const delta of retrying.stream(request, signal)) {
      if (delta.type === "text") text += delta.text;
    }
  } catch (thrown) {
    assert.ok(thrown instanceof ProviderError, String(thrown));
    error = thrown;
  }
  const attempts = upstream.chats().length;
  provider.close();
  await upstream.close();
  return { text, error, waitsMs, attempts };
}

Deno.test("withRetry: tries 408, 409, 429 and 5xx again and gives the answer", async () => {
  for (const status of [408, 409, 429, 500, 502, 503]) {
    const { text, attempts } = await run([{ status }, { status }]);
    assert.deepEqual([text, attempts], ["fine", 3], String(status));
  }
});

Deno.test("withRetry: tries again what breaks before the first delta", async () => {
  for (
    const behaviour of [{ cutAfter: 0 }, { endAfter: 0 }, { malformedAfter: 0 }]
  ) {
    const { text, attempts } = await run([behaviour]);
    assert.deepEqual([text, attempts], ["fine", 2], JSON.stringify(behaviour));
  }
});

Deno.test("withRetry: gives up after the retries with the last error", async () => {
  const script = [{ status: 500 }, { status: 500 }, { status: 503 }];
  const { error, attempts } = await run(script);
  assert.deepEqual([error?.providerStatus, attempts], [503, 3]);
});

Deno.test("withRetry: a request may want fewer attempts, and never gets more", async () => {
  const attempts = async (asked: number) => {
    const script = Array.from({ length: 5 }, () => ({ status: 500 }));
    return (await run(script, 2, { ...REQUEST, retries: asked })).attempts;
  };
  assert.equal(await attempts(0), 1);
  assert.equal(await attempts(1), 2);
  assert.equal(await attempts(9), 3);
});

Deno.test("withRetry: refusals are not tried again", async () => {
  for (const status of [400, 401, 403, 404]) {
    const { error, attempts } = await run([{ status }]);
    assert.deepEqual([error?.providerStatus, attempts], [status, 1]);
  }
});

Deno.test("withRetry: an answer that broke after a delta is never begun again", async () => {
  const { text, error, attempts } = await run([{
    text: "one two three",
    cutAfter: 2,
  }]);
  assert.deepEqual([text, error?.code, attempts], [
    "one two ",
    "provider_stream_broken",
    1,
  ]);
});

Deno.test("withRetry: waits double with full jitter, and Retry-After comes on top", async () => {
  const retryAfter = { status: 429, headers: { "retry-after": "3" } };
  const { waitsMs } = await run(
    [{ status: 500 }, { status: 500 }, retryAfter],
    3,
  );
  assert.deepEqual(waitsMs, [250, 500, 3000 + 1000]);
});

Deno.test("withRetry: a Retry-After that is too long is told at once", async () => {
  const { error, attempts } = await run([
    { status: 429, headers: { "retry-after": "60" } },
  ]);
  assert.deepEqual([error?.retryAfterMs, attempts], [60_000, 1]);
});

function retryableError(extra: Record<string, unknown> = {}): ProviderError {
  return new ProviderError({
    status: 504,
    code: "provider_timeout",
    message: "Late",
    retryable: true,
    extra,
  });
}

Deno.test("isWorthRetrying: of our own deadlines only the connect", () => {
  const worth = ["connect", "firstToken", "tokenGap", "total"].map((deadline) =>
    isWorthRetrying(retryableError({ deadline }))
  );
  assert.deepEqual(worth, [true, false, false, false]);
});

Deno.test("waitBefore: the backoff has a ceiling", () => {
  assert.equal(waitBefore(50, retryableError(), () => 1), 8000);
});

async function whileWaiting(
  end: (
    stream: AsyncIterator<Delta>,
    controller: AbortController,
  ) => void,
): Promise<{ result: unknown; upstream: FakeUpstream }> {
  const upstream = await startFakeUpstream({ behaviour: { status: 500 } });
  const provider = new OpenAIProvider({ id: "fake", baseUrl: upstream.url });
  const controller = new AbortController();
  const asleep = Promise.withResolvers<void>();
  const stream = withRetry(provider, {
    sleep: (_ms, signal) => {
      asleep.resolve();
      return sleep(LIMIT_MS, signal);
    },
  }).stream(REQUEST, controller.signal)[Symbol.asyncIterator]();
  const first = stream.next().catch((error) => error);
  await asleep.promise;
  end(stream, controller);
  const result = await first;
  provider.close();
  await upstream.close();
  return { result, upstream };
}

Deno.test("withRetry: the signal ends the wait for another attempt", async () => {
  const { result, upstream } = await whileWaiting((_stream, controller) =>
    controller.abort(new Error("Stopped"))
  );
  assert.equal((result as Error).message, "Stopped");
  assert.equal(upstream.chats().length, 1);
});

Deno.test("withRetry: return() ends the wait for another attempt", async () => {
  const { result, upstream } = await whileWaiting((stream) => {
    void stream.return!();
  });
  assert.deepEqual(result, { done: true, value: undefined });
  assert.equal(upstream.chats().length, 1);
});
