/** What goes wrong under `/v1` has OpenAI's statuses and bodies. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import {
  allEvents,
  clientOf,
  MODEL,
  openAIError,
  postChat,
  question,
  startChat,
  textOf,
} from "./v1_rig.ts";

Deno.test("errors: a field that is wrong is named by param, as OpenAI writes it", async () => {
  await using rig = await startChat();
  const cases: [Record<string, unknown>, string][] = [
    [{ temperature: "hot" }, "temperature"],
    [{ temperature: 3 }, "temperature"],
    [{ n: 0 }, "n"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ seed: 1e300 }, "seed"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop"],
    [{ model: undefined }, "model"],
    [{ model: 5 }, "model"],
    [{ messages: [] }, "messages"],
    [{ messages: "hello" }, "messages"],
    [{ messages: [{ role: "wizard", content: "" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages[0].content"],
    [{ tools: [{}] }, "tools[0].type"],
    [{ stream: "yes" }, "stream"],
    [{ stream_options: { include_usage: true } }, "stream_options"],
  ];
  for (const [fields, param] of cases) {
    const response = await postChat(rig.app, question(fields));
    const error = await openAIError(response, 400, "invalid_request");
    assert.equal(error.param, param);
    assert.equal(error.type, "invalid_request_error");
  }
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("errors: audio is refused clearly, in either direction", async () => {
  await using rig = await startChat();
  const audio = {
    type: "input_audio",
    input_audio: { data: "", format: "wav" },
  };
  const asked = [
    { modalities: ["text", "audio"] },
    { audio: { voice: "alloy", format: "wav" } },
    { messages: [{ role: "user", content: [audio] }] },
  ];
  for (const fields of asked) {
    const response = await postChat(rig.app, question(fields));
    const { message } = await openAIError(response, 400, "audio_not_supported");
    assert.match(message, /audio is not possible/);
  }
});

Deno.test("errors: bodies that are no JSON, no UTF-8, too deep, too large, or of another type", async () => {
  await using rig = await startChat();
  const send = (body: BodyInit, type = "application/json") =>
    rig.app.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
  await openAIError(await send("{"), 400, "invalid_json");
  await openAIError(
    await send(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])),
    400,
    "invalid_utf8",
  );
  const deep = "[".repeat(100) + "]".repeat(100);
  await openAIError(
    await send(`{"model":"${MODEL}","messages":${deep}}`),
    400,
    "nested_too_deep",
  );
  await openAIError(
    await send("{}", "text/plain"),
    415,
    "unsupported_media_type",
  );
  const huge = JSON.stringify(question({ user: "x".repeat(26_000_000) }));
  await openAIError(await send(huge), 413, "body_too_large");
});

Deno.test("errors: unknown addresses and methods under /v1 answer in OpenAI's shape", async () => {
  await using rig = await startChat();
  await openAIError(
    await rig.app.fetch("/v1/nothing/here"),
    404,
    "not_found",
  );
  const response = await rig.app.fetch("/v1/chat/completions");
  assert.match(response.headers.get("allow") ?? "", /POST/);
  await openAIError(response, 405, "method_not_allowed");
});

Deno.test("errors: a key that is not ours is 401, any other is ignored", async () => {
  await using rig = await startChat();
  const ours = { authorization: `Bearer frk_${"x".repeat(40)}` };
  const refused = await postChat(rig.app, question(), ours);
  assert.equal(refused.headers.get("x-should-retry"), "false");
  const error = await openAIError(refused, 401, "invalid_api_key");
  assert.equal(error.type, "invalid_request_error");
  const other = { authorization: "Bearer sk-anything" };
  const taken = await postChat(rig.app, question(), other);
  assert.equal(taken.status, 200);
  await taken.body?.cancel();
});

Deno.test("errors: an unknown model is 404 with OpenAI's class", async () => {
  await using rig = await startChat();
  const asked = clientOf(rig.app).chat.completions.create(
    question({ model: "gpt-nothing" }),
  );
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    assert.equal(error.param, "model");
    assert.equal(error.headers.get("x-should-retry"), "false");
    return true;
  });
});

Deno.test("errors: what the provider answers before its first chunk has its status, streamed or not", async () => {
  const cases: [
    model: string,
    status: number,
    code: string,
    retries: boolean,
  ][] = [
    ["bad-key", 502, "provider_auth_failed", false],
    ["bad-request", 400, "provider_refused", false],
    ["too-long", 400, "context_length_exceeded", false],
    ["broken", 502, "provider_unavailable", true],
    ["html", 502, "provider_malformed", true],
  ];
  for (const stream of [true, false]) {
    await using rig = await startChat();
    for (const [model, status, code, retries] of cases) {
      const response = await postChat(rig.app, question({ model, stream }));
      assert.equal(
        response.headers.get("x-should-retry"),
        retries ? null : "false",
        model,
      );
      assert.match(response.headers.get("x-freshet-run") ?? "", /^run_/);
      const error = await openAIError(response, status, code);
      if (model === "bad-request") assert.equal(error.param, "temperature");
      if (model === "too-long") assert.equal(error.param, "messages");
    }
  }
});

Deno.test("errors: a provider's rate limit is 429 with Retry-After", async () => {
  const limited = { status: 429, headers: { "retry-after": "30" } };
  await using rig = await startChat({ behaviour: limited });
  const response = await postChat(rig.app, question({ stream: true }));
  assert.equal(response.headers.get("retry-after"), "30");
  const { type } = await openAIError(response, 429, "rate_limit_exceeded");
  assert.equal(type, "rate_limit_error");
});

Deno.test("errors: a server that takes no more is 503 overloaded, and clients may try again", async () => {
  await using rig = await startChat({ behaviour: { held: true } }, {
    configFile: { admission: { maxStreams: 1 } },
  });
  const gone = new AbortController();
  const first = rig.app.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(question({ stream: true })),
    signal: gone.signal,
  }).catch(() => {});
  await rig.upstream.waitForChat(0);
  const response = await postChat(rig.app, question());
  await openAIError(response, 503, "overloaded");
  assert.equal(response.headers.get("retry-after"), "1");
  assert.equal(response.headers.get("x-should-retry"), null);
  gone.abort();
  await first;
});

Deno.test("errors: a stream that breaks ends with one error and [DONE]", async () => {
  for (const model of ["cut", "endless-end", "malformed", "error-event"]) {
    await using rig = await startChat();
    const response = await postChat(
      rig.app,
      question({ model, stream: true }),
    );
    assert.equal(response.status, 200);
    const events = await allEvents(response);
    const errors = events.filter(({ data }) => data.startsWith('{"error"'));
    assert.equal(errors.length, 1, model);
    assert.equal(events.at(-2), errors[0], model);
    assert.equal(events.at(-1)?.data, "[DONE]", model);
    assert.ok(events.every(({ id }) => /^1\.\d+$/.test(id ?? "")), model);
    const { error } = JSON.parse(errors[0].data);
    assert.match(error.code, /^provider_/);
    assert.equal(error.type, "server_error");
  }
});

Deno.test("errors: OpenAI's client throws for a stream that breaks", async () => {
  await using rig = await startChat();
  const stream = await clientOf(rig.app).chat.completions.create({
    ...question({ model: "cut" }),
    stream: true,
  });
  await assert.rejects(
    (async () => {
      for await (const _ of stream);
    })(),
    OpenAI.APIError,
  );
});

Deno.test("errors: headers that say nothing known are refused, and none gets into another", async () => {
  await using rig = await startChat();
  for (
    const [name, value] of [
      ["x-freshet-cache", "always"],
      ["x-freshet-detach", "maybe"],
      ["x-freshet-failover", "never"],
      ["idempotency-key", "a b"],
    ]
  ) {
    const response = await postChat(rig.app, question(), { [name]: value });
    await openAIError(response, 400, "invalid_request");
  }
  const model = "a\r\nx-injected: yes";
  const response = await postChat(rig.app, question({ model }));
  assert.equal(response.headers.get("x-injected"), null);
  await openAIError(response, 404, "model_not_found");
});

Deno.test("errors: numbers too large to be read exactly are refused, wherever they are", async () => {
  await using rig = await startChat();
  const cases = [
    ['"max_tokens":1e400', "max_tokens"],
    ['"seed":12345678901234567890', "seed"],
    ['"extra":{"deep":[1,1e999]}', "extra.deep[1]"],
  ];
  for (const [field, param] of cases) {
    const body = JSON.stringify(question()).replace("{", `{${field},`);
    const response = await rig.app.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const error = await openAIError(response, 400, "invalid_request");
    assert.equal(error.param, param);
  }
});

Deno.test("errors: cache only without a kept answer is 504 and not worth a retry", async () => {
  await using rig = await startChat();
  const response = await postChat(
    rig.app,
    question({ temperature: 0 }),
    { "x-freshet-cache": "only" },
  );
  assert.equal(response.headers.get("x-should-retry"), "false");
  await openAIError(response, 504, "cache_miss");
});

Deno.test("demo: without a provider the demo model streams chunks as well", async () => {
  await using rig = await startChat({}, {
    env: { OPENAI_API_KEY: "", OPENAI_BASE_URL: "" },
  });
  const response = await postChat(
    rig.app,
    question({ model: "freshet/demo", stream: true }),
  );
  const events = await allEvents(response);
  assert.equal(events.at(-1)?.data, "[DONE]");
  assert.ok(textOf(events).length > 0);
});
