import assert from "node:assert/strict";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import { startFakeUpstream } from "@/tests/support/fake_upstream.ts";

const LIMIT_MS = 20_000;

Deno.test("OpenAIProvider: a name that leads to a refused address is as one that cannot be found, and nothing is sent", async () => {
  const upstream = await startFakeUpstream({ models: ["m1"] });
  const baseUrl = upstream.url.replace("127.0.0.1", "localhost");
  const list = async (refusesAddress: (address: string) => boolean) => {
    const provider = new OpenAIProvider({ id: "a", baseUrl, refusesAddress });
    try {
      return await provider.listModels(AbortSignal.timeout(LIMIT_MS));
    } finally {
      provider.close();
    }
  };
  try {
    await assert.rejects(
      list((address) => address === "127.0.0.1" || address === "::1"),
      /cannot be found/,
    );
    assert.equal(upstream.requests.length, 0);
    assert.deepEqual(await list((address) => address === "::1"), ["m1"]);
  } finally {
    await upstream.close();
  }
});
