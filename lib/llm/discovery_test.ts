import assert from "node:assert/strict";
import { discoverLocal, type LocalPorts } from "@/lib/llm/discovery.ts";
import {
  type FakeUpstream,
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";

const LIMIT_MS = 20_000;

async function withServers(
  options: [ollama: FakeUpstreamOptions, lmStudio: FakeUpstreamOptions],
  run: (ports: LocalPorts, servers: FakeUpstream[]) => Promise<void>,
): Promise<void> {
  const servers = await Promise.all(options.map(startFakeUpstream));
  const [ollama, lmStudio] = servers.map(({ url }) =>
    Number(new URL(url).port)
  );
  try {
    await run({ ollama, "lm-studio": lmStudio }, servers);
  } finally {
    for (const server of servers) await server.close();
  }
}

Deno.test("discoverLocal: tells the servers that answer, without models that embed", async () => {
  await withServers(
    [{ models: ["qwen3:8b", "nomic-embed-text:latest"] }, { models: [] }],
    async (ports, [ollama, lmStudio]) => {
      assert.deepEqual(
        await discoverLocal(AbortSignal.timeout(LIMIT_MS), ports),
        [
          {
            id: "ollama",
            label: "Ollama",
            baseUrl: ollama.url,
            models: ["qwen3:8b"],
          },
          {
            id: "lm-studio",
            label: "LM Studio",
            baseUrl: lmStudio.url,
            models: [],
          },
        ],
      );
    },
  );
});

Deno.test("discoverLocal: silence, errors and closed ports are nobody", async () => {
  await withServers(
    [{ modelsBehaviour: { neverAnswers: true } }, {
      modelsBehaviour: { rawBody: "hello", contentType: "text/plain" },
    }],
    async (ports, [silent]) => {
      const signal = AbortSignal.timeout(LIMIT_MS);
      assert.deepEqual(await discoverLocal(signal, ports), []);
      assert.equal(silent.requests.length, 1);
    },
  );
  const gone = await startFakeUpstream();
  await gone.close();
  const port = Number(new URL(gone.url).port);
  assert.deepEqual(
    await discoverLocal(AbortSignal.timeout(LIMIT_MS), {
      ollama: port,
      "lm-studio": port,
    }),
    [],
  );
});

Deno.test("discoverLocal: the caller's signal ends it", async () => {
  await withServers([{}, {}], async (ports) => {
    await assert.rejects(discoverLocal(AbortSignal.abort(), ports), {
      name: "AbortError",
    });
  });
});
