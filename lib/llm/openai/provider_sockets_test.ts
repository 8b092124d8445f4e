import assert from "node:assert/strict";
import type { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import type { Delta } from "@/lib/llm/types.ts";
import { startFakeUpstream } from "@/tests/support/fake_upstream.ts";
import {
  askAndFail,
  chat,
  LIMIT_MS,
  textOf,
  withPair,
} from "@/tests/support/fake_upstream_provider.ts";

Deno.test("OpenAIProvider.stream: the gap between tokens counts only while somebody reads", async () => {
  await withPair(
    {
      behaviour: { text: "one two three", burst: 100, split: false },
      provider: { timeoutsMs: { tokenGap: 50 } },
    },
    async ({ provider }) => {
      const stream = provider.stream(
        chat("fake-1"),
        AbortSignal.timeout(LIMIT_MS),
      );
      const deltas: Delta[] = [];
      for await (const delta of stream) {
        deltas.push(delta);
        await new Promise((resolve) => setTimeout(resolve, 120));
      }
      assert.equal(textOf(deltas), "one two three");
    },
  );
});

Deno.test("OpenAIProvider.stream: waiting for a free connection has an error of its own", async () => {
  await withPair(
    {
      provider: { maxConnections: 1, timeoutsMs: { firstToken: 300 } },
      behaviour: { text: "one two" },
    },
    async (pair) => {
      const { provider, upstream } = pair;
      upstream.next({ stallAfter: 1 });
      const controller = new AbortController();
      const first = provider.stream(chat("fake-1"), controller.signal)
        [Symbol.asyncIterator]();
      await first.next();
      const { error } = await askAndFail(pair);
      assert.match(error.message, /^All 1 connections/);
      await first.return?.();
    },
  );
});

for (const how of ["signal", "return"] as const) {
  for (const moment of ["before the answer", "in the answer"] as const) {
    Deno.test(`OpenAIProvider.stream: ${how} ${moment} closes the socket`, async () => {
      const behaviour = moment === "before the answer"
        ? { neverAnswers: true }
        : { text: "one two three", stallAfter: 2 };
      await withPair({ behaviour }, async ({ upstream, provider }) => {
        const controller = new AbortController();
        const stream = provider.stream(chat("fake-1"), controller.signal)
          [Symbol.asyncIterator]();
        const first = stream.next();
        if (moment === "in the answer") await first;
        const pending = moment === "in the answer"
          ? stream.next().then(() => stream.next())
          : first;
        await upstream.waitForChat(0);
        const reason = new Error("Stopped");
        const ended = how === "signal"
          ? assert.rejects(pending, reason)
          : pending.then((result) => assert.equal(result.done, true));
        if (how === "signal") controller.abort(reason);
        else await stream.return!();
        await ended;
        await upstream.waitForHangUp(0);
        assert.deepEqual(await stream.next(), { done: true, value: undefined });
      });
    });
  }
}

Deno.test("OpenAIProvider.stream: p95 from abort to the provider's end of the socket is under 200 ms", async () => {
  await withPair({ behaviour: { stallAfter: 1 } }, async (pair) => {
    const delaysMs: number[] = [];
    for (let round = 0; round < 40; round++) {
      const controller = new AbortController();
      const stream = pair.provider.stream(chat("fake-1"), controller.signal)
        [Symbol.asyncIterator]();
      await stream.next();
      const abortedAt = performance.now();
      controller.abort();
      await assert.rejects(stream.next(), { name: "AbortError" });
      delaysMs.push(await pair.upstream.waitForHangUp(round) - abortedAt);
    }
    delaysMs.sort((left, right) => left - right);
    const p95 = delaysMs[Math.floor(delaysMs.length * 0.95)];
    assert.ok(p95 < 200, `p95 is ${p95} ms`);
  });
});

Deno.test("OpenAIProvider.stream: a signal that is aborted already sends nothing", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    const stream = provider.stream(chat("fake-1"), AbortSignal.abort());
    await assert.rejects(Array.fromAsync(stream), { name: "AbortError" });
    assert.equal(upstream.requests.length, 0);
  });
});

Deno.test("OpenAIProvider.stream: sockets are used again, also after refusals", async () => {
  await withPair({}, async ({ upstream, ask }) => {
    upstream.next({}, { status: 429 }, { status: 400 });
    await ask();
    await assert.rejects(ask());
    await assert.rejects(ask());
    for (let round = 0; round < 20; round++) await ask();
    // A request may leave in the moment between [DONE] and the end of the body before it.
    const sockets = upstream.openConnections();
    assert.ok(sockets <= 4, `${sockets} sockets for 23 answers in turn`);
  });
});

Deno.test("OpenAIProvider.stream: a socket that the provider closed while idle is replaced unseen", async () => {
  await withPair({ behaviour: { text: "ok" } }, async ({ upstream, ask }) => {
    await ask();
    upstream.dropIdle();
    assert.equal(textOf(await ask()), "ok");
  });
});

Deno.test("OpenAIProvider.stream: no socket is left after failures of every kind", async () => {
  await withPair(
    { provider: { timeoutsMs: { tokenGap: 100, firstToken: 500 } } },
    async (pair) => {
      const models = ["cut", "stall", "malformed", "error-event", "silent"];
      await Promise.all(models.map((model) => askAndFail(pair, model)));
      for (const index of models.keys()) {
        await pair.upstream.waitForHangUp(index);
      }
      assert.equal(pair.upstream.openConnections(), 0);
    },
  );
});

/** Bytes that our end of the only socket has taken. */
function bytesRead(provider: OpenAIProvider): number {
  const { sockets } = provider["transport"]["agent"];
  return Object.values(sockets).flat()[0]!.bytesRead;
}

Deno.test("OpenAIProvider.stream: an answer that nobody reads waits at the provider, and loses nothing", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    const stream = provider.stream(chat("huge"), AbortSignal.timeout(60_000));
    const iterator = stream[Symbol.asyncIterator]();
    const first = await iterator.next();
    const { bytesSent } = await upstream.waitForChat(0);
    // The provider is stuck once it has sent nothing more for a while.
    for (let still = 0, before = -1; still < 20;) {
      still = bytesSent() === before ? still + 1 : 0;
      before = bytesSent();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(upstream.chats()[0].finished, false);
    assert.ok(
      bytesRead(provider) < 1024 * 1024,
      `${bytesRead(provider)} bytes were taken for one delta`,
    );
    let characters = first.value?.type === "text" ? first.value.text.length : 0;
    for await (const delta of { [Symbol.asyncIterator]: () => iterator }) {
      if (delta.type === "text") characters += delta.text.length;
    }
    assert.equal(characters, 2 * 1024 * 1024);
  });
});

Deno.test("OpenAIProvider.stream: a huge answer can be left in the middle", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    let count = 0;
    for await (
      const _ of provider.stream(chat("huge"), AbortSignal.timeout(LIMIT_MS))
    ) if (++count === 1000) break;
    await upstream.waitForHangUp(0);
    assert.equal(upstream.chats()[0].hungUp, true);
  });
});

Deno.test("OpenAIProvider.stream: a handshake that never ends passes the connect deadline", async () => {
  // The upstream speaks no TLS, so it waits for a request while we wait for its certificate.
  const plain = await startFakeUpstream();
  const options = {
    baseUrl: plain.url.replace("http:", "https:"),
    timeoutsMs: { connect: 150 },
  };
  await withPair({ provider: options }, async (pair) => {
    const { error } = await askAndFail(pair);
    assert.deepEqual([error.code, error.extra], [
      "provider_timeout",
      { deadline: "connect" },
    ]);
  });
  await plain.close();
});

Deno.test("OpenAIProvider.stream: an answer on a socket it had to wait for outlives the connect deadline", async () => {
  await withPair(
    {
      provider: { maxConnections: 1, timeoutsMs: { connect: 100 } },
      behaviour: { text: "one two three four five six", tokensPerSecond: 20 },
    },
    async ({ ask }) => {
      const answers = await Promise.all([ask(), ask(), ask()]);
      for (const deltas of answers) {
        assert.equal(textOf(deltas), "one two three four five six");
      }
    },
  );
});
