/** Embeddings and text completions, passed on to a provider that records what it was asked. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import OpenAI from "openai";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { waitFor } from "../support/wait.ts";
import { allEvents, clientOf, openAIError } from "./v1_rig.ts";

const PRICES = [{
  model: "embed-1",
  from: "2025-01-01",
  inputPerMillionUsd: "1000000",
  outputPerMillionUsd: "1000000",
}];

interface Asked {
  path: string;
  // deno-lint-ignore no-explicit-any -- tests reach into bodies of any shape
  body: any;
}

type Answer = (asked: Asked) => Response | Promise<Response>;

const EMBEDDINGS = (): Response =>
  Response.json({
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.25, -1] }],
    model: "embed-1-2026",
    usage: { prompt_tokens: 4, total_tokens: 4 },
  });

const COMPLETION = (): Response =>
  Response.json({
    id: "cmpl-1",
    object: "text_completion",
    created: 1_700_000_000,
    model: "text-1",
    choices: [{
      text: " flows",
      index: 0,
      logprobs: null,
      finish_reason: "stop",
    }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  });

/** An app in front of a provider that answers as told. */
async function start(answer: Answer) {
  const asked: Asked[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { pathname: path } = new URL(request.url);
      if (path === "/v1/models") {
        const data = ["embed-1", "text-1"].map((id) => ({ id }));
        return Response.json({ object: "list", data });
      }
      const call = { path, body: await request.json() };
      asked.push(call);
      return await answer(call);
    },
  );
  const app = await startApp({
    env: {
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: `http://127.0.0.1:${server.addr.port}/v1`,
    },
    configFile: { prices: PRICES },
  });
  return {
    app,
    asked,
    async [Symbol.asyncDispose]() {
      await app.close();
      await server.shutdown();
    },
  };
}

function ledgerRow({ services }: TestApp): Promise<LedgerRow> {
  return waitFor("a row of the ledger", async () => {
    const rows = await Array.fromAsync(services.ledger.rows(
      FIRST_WORKSPACE,
      0,
      Date.now() + 60_000,
      AbortSignal.timeout(10_000),
    ));
    return rows[0];
  });
}

Deno.test("embeddings: OpenAI's client gets the vectors, and the call is billed", async () => {
  await using rig = await start(EMBEDDINGS);
  const answer = await clientOf(rig.app).embeddings.create({
    model: "openai/embed-1",
    input: ["How high is the river?"],
    encoding_format: "float",
  });
  assert.deepEqual(answer.data[0].embedding, [0.25, -1]);
  assert.equal(answer.model, "openai/embed-1");
  assert.deepEqual(rig.asked, [{
    path: "/v1/embeddings",
    body: {
      model: "embed-1",
      input: ["How high is the river?"],
      encoding_format: "float",
    },
  }]);
  const row = await ledgerRow(rig.app);
  assert.equal(row.status, "completed");
  assert.equal(row.source, "v1");
  assert.equal(row.inputTokens, 4);
  assert.equal(row.costMicroUsd, 4_000_000);
});

Deno.test("embeddings: token lists beyond the limit of other bodies pass", async () => {
  await using rig = await start(EMBEDDINGS);
  const input = Array.from({ length: 8 }, () => new Array(8_000).fill(17));
  const response = await rig.app.post("/v1/embeddings", {
    model: "embed-1",
    input,
  });
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.equal(rig.asked[0].body.input.length, 8);
});

Deno.test("embeddings: wrong fields are named, and reach no provider", async () => {
  await using rig = await start(EMBEDDINGS);
  const cases: [Record<string, unknown>, string][] = [
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ input: 5 }, "input"],
    [{ input: "x", encoding_format: "hex" }, "encoding_format"],
    [{ input: "x", dimensions: 0 }, "dimensions"],
  ];
  for (const [fields, param] of cases) {
    const response = await rig.app.post("/v1/embeddings", {
      model: "embed-1",
      ...fields,
    });
    const error = await openAIError(response, 400, "invalid_request");
    assert.equal(error.param, param);
  }
  assert.deepEqual(rig.asked, []);
});

Deno.test("embeddings: what the provider refuses has its status and field, and a row in the ledger", async () => {
  const error = {
    message: "This model does not support specifying dimensions.",
    type: "invalid_request_error",
    param: "dimensions",
    code: null,
  };
  await using rig = await start(() =>
    Response.json({ error }, { status: 400 })
  );
  const asked = clientOf(rig.app).embeddings.create({
    model: "embed-1",
    input: "x",
    dimensions: 2,
  });
  await assert.rejects(asked, (thrown) => {
    assert.ok(thrown instanceof OpenAI.BadRequestError);
    assert.equal(thrown.param, "dimensions");
    return true;
  });
  const row = await ledgerRow(rig.app);
  assert.equal(row.status, "failed");
  assert.equal(row.error, "provider_refused");
  assert.equal(row.inputTokens, 0);
});

Deno.test("embeddings: a provider that fails once is asked again", async () => {
  let calls = 0;
  await using rig = await start(() => {
    calls += 1;
    return calls === 1 ? new Response("busy", { status: 503 }) : EMBEDDINGS();
  });
  const response = await rig.app.post("/v1/embeddings", {
    model: "embed-1",
    input: "x",
  });
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.equal(calls, 2);
});

Deno.test("embeddings: a caller that goes takes the call with it", async () => {
  const ended = Promise.withResolvers<void>();
  await using rig = await start(() => ended.promise.then(EMBEDDINGS));
  const gone = new AbortController();
  const asked = rig.app.fetch("/v1/embeddings", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "embed-1", input: "x" }),
    signal: gone.signal,
  }).catch(() => {});
  try {
    await waitFor("the call", () => rig.asked.length === 1);
    gone.abort();
    await asked;
    const row = await ledgerRow(rig.app);
    assert.equal(row.status, "cancelled");
    const record = await waitFor("the record of the request", async () => {
      await rig.app.services.requestLog.flush();
      const { items } = await (await rig.app.fetch("/api/requests")).json();
      return items[0];
    });
    assert.equal(record.httpStatus, 499);
  } finally {
    ended.resolve();
  }
});

Deno.test("embeddings: an answer that is no JSON is a provider's error", async () => {
  await using rig = await start(() => new Response("<html>"));
  const response = await rig.app.post("/v1/embeddings", {
    model: "embed-1",
    input: "x",
  });
  await openAIError(response, 502, "provider_malformed");
});

Deno.test("completions: OpenAI's client gets the text, streamed in one chunk where it wants that", async () => {
  await using rig = await start(COMPLETION);
  const client = clientOf(rig.app);
  const whole = await client.completions.create({
    model: "text-1",
    prompt: "The river",
  });
  assert.equal(whole.choices[0].text, " flows");
  assert.equal(rig.asked[0].path, "/v1/completions");
  const response = await rig.app.post("/v1/completions", {
    model: "text-1",
    prompt: "The river",
    stream: true,
    stream_options: { include_usage: true },
  });
  const events = await allEvents(response);
  assert.equal(JSON.parse(events[0].data).choices[0].text, " flows");
  assert.equal(JSON.parse(events[1].data).usage.completion_tokens, 1);
  assert.equal(events[2].data, "[DONE]");
  assert.equal(rig.asked[1].body.stream, undefined);
});
