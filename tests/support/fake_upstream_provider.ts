/** The OpenAI-compatible provider in front of a fake upstream, for tests of what it does on the wire. */
import assert from "node:assert/strict";
import { ProviderError } from "@/lib/errors.ts";
import {
  OpenAIProvider,
  type OpenAIProviderOptions,
} from "@/lib/llm/openai/provider.ts";
import type { ChatRequest, Delta } from "@/lib/llm/types.ts";
import {
  type FakeUpstream,
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";

export interface Pair {
  upstream: FakeUpstream;
  provider: OpenAIProvider;
  /** Streams one answer to its end. */
  ask(model?: string, content?: string): Promise<Delta[]>;
}

export function chat(model: string, content = "Hello"): ChatRequest {
  return { model, messages: [{ role: "user", content }] };
}

export function textOf(deltas: Delta[]): string {
  return deltas
    .map((delta) => delta.type === "text" ? delta.text : "")
    .join("");
}

/** How long a test may wait for what should come at once. */
export const LIMIT_MS = 20_000;

/** A provider on a fake upstream of its own, both closed at the end. */
export async function withPair(
  options: FakeUpstreamOptions & { provider?: Partial<OpenAIProviderOptions> },
  run: (pair: Pair) => Promise<void>,
): Promise<void> {
  const upstream = await startFakeUpstream(options);
  const provider = new OpenAIProvider({
    id: "fake",
    baseUrl: upstream.url,
    apiKey: "sk-test-secret",
    ...options.provider,
  });
  const ask = (model = "fake-1", content?: string) =>
    Array.fromAsync(
      provider.stream(chat(model, content), AbortSignal.timeout(LIMIT_MS)),
    );
  try {
    await run({ upstream, provider, ask });
  } finally {
    provider.close();
    await upstream.close();
  }
}

/** Asks and gives back the deltas that came and the error that ended them. */
export async function askAndFail(
  { provider }: Pair,
  model = "fake-1",
): Promise<{ deltas: Delta[]; error: ProviderError }> {
  const deltas: Delta[] = [];
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    for await (const delta of provider.stream(chat(model), signal)) {
      deltas.push(delta);
    }
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return { deltas, error };
  }
  throw new Error("Answer ended as if whole");
}
