import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import OpenAI from "openai";
import { type FakeUpstream, startFakeUpstream } from "./fake_upstream.ts";

async function withUpstream(
  options: Parameters<typeof startFakeUpstream>[0],
  run: (upstream: FakeUpstream) => Promise<void>,
) {
  const upstream = await startFakeUpstream(options);
  try {
    await run(upstream);
  } finally {
    await upstream.close();
  }
}

function post(upstream: FakeUpstream, model: string, content: string) {
  return fetch(`${upstream.url}/chat/completions`, {
    method: "POST",
    signal: AbortSignal.timeout(10_000),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content }],
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
}

Deno.test("startFakeUpstream: OpenAI's own client reads the whole answer", async () => {
  await withUpstream(
    { behaviour: { text: "Grüße 👋🏽, 世界!" } },
    async (upstream) => {
      const client = new OpenAI({ apiKey: "k", baseURL: upstream.url });
      const stream = await client.chat.completions.create({
        model: "fake-1",
        messages: [{ role: "user", content: "Hi" }],
        stream: true,
      });
      let text = "";
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? "";
      }
      assert.equal(text, "Grüße 👋🏽, 世界!");
    },
  );
});

Deno.test("startFakeUpstream: leaves usage out of every third answer", async () => {
  await withUpstream({}, async (upstream) => {
    const withUsage: boolean[] = [];
    for (let round = 0; round < 6; round++) {
      const body = await (await post(upstream, "fake-1", "Hi")).text();
      withUsage.push(body.includes('"usage"'));
    }
    assert.equal(withUsage.filter((had) => !had).length, 2);
  });
});

Deno.test("startFakeUpstream: cuts characters across TCP writes", async () => {
  await withUpstream(
    { behaviour: { text: "世界".repeat(400) } },
    async (upstream) => {
      const request = http.request(`${upstream.url}/chat/completions`, {
        method: "POST",
      });
      request.end(JSON.stringify({
        model: "fake-1",
        messages: [{ role: "user", content: "Hi" }],
        stream: true,
      }));
      const [response] = await once(request, "response");
      let cutInside = 0;
      for await (const bytes of response) {
        if ((bytes[0] & 0b1100_0000) === 0b1000_0000) cutInside++;
      }
      assert.ok(cutInside > 0, "no read began inside a character");
    },
  );
});

Deno.test("FakeUpstream.release: lets exactly as many tokens through as asked", async () => {
  await withUpstream({ behaviour: { text: "a b c d" } }, async (upstream) => {
    upstream.hold();
    const response = await post(upstream, "fake-1", "Hi");
    const reader = response.body!.pipeThrough(new TextDecoderStream())
      .getReader();
    let body = "";
    upstream.release(2);
    while (!body.includes('"content":"b "')) {
      body += (await reader.read()).value;
    }
    assert.ok(!body.includes('"content":"c "'));
    upstream.release();
    while (!body.includes("[DONE]")) body += (await reader.read()).value;
    assert.ok(body.includes('"content":"d"'));
    await reader.cancel();
  });
});

Deno.test("FakeUpstream.waitForHangUp: tells when the client closed its socket", async () => {
  await withUpstream({ behaviour: { stallAfter: 1 } }, async (upstream) => {
    const response = await post(upstream, "fake-1", "Hi");
    assert.equal(upstream.chats()[0].closedAt, null);
    await response.body!.cancel();
    await upstream.waitForHangUp(0);
    assert.equal(upstream.chats()[0].hungUp, true);
  });
});
