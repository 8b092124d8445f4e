/** Bad input and bad providers: each gives a clear error, and the question stays. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import {
  ask,
  askWhole,
  followRun,
  getMessages,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { startApp } from "../support/app.ts";

async function problem(response: Response, status: number, code: string) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(
    response.headers.get("content-type"),
    "application/problem+json",
  );
  const body = JSON.parse(text);
  assert.equal(body.code, code, text);
  assert.equal(body.status, status);
  assert.equal(body.requestId, response.headers.get("x-request-id"));
  assert.match(body.requestId, /^req_[0-9A-Za-z]{22}$/);
  assert.ok(body.detail.length > 0 && body.title.length > 0);
  return body;
}

Deno.test("bad input: every wrong body of a question has its own status and code", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const path = `/api/threads/${thread.id}/runs`;
  const send = (body: BodyInit, type = "application/json") =>
    rig.app.fetch(path, {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
  const empty = JSON.stringify({ message: { content: "" } });
  const blank = JSON.stringify({ message: { content: " \n\t " } });
  await problem(await send(empty), 400, "message_empty");
  await problem(await send(blank), 400, "message_empty");
  await problem(await send("{"), 400, "invalid_json");
  await problem(await send(""), 400, "invalid_json");
  await problem(await send("[]"), 400, "invalid_request");
  await problem(await send("null"), 400, "invalid_request");
  await problem(
    await send('{"message":{"content":"x"}}', "text/plain"),
    415,
    "unsupported_media_type",
  );
  await problem(
    await send(
      new Uint8Array([
        ...new TextEncoder().encode('{"message":{"content":"'),
        0xc3,
        0x28,
        0x22,
        0x7d,
        0x7d,
      ]),
    ),
    400,
    "invalid_utf8",
  );
  const typed = await problem(
    await send('{"message":{"content":7}}'),
    400,
    "invalid_request",
  );
  assert.equal(typed.errors[0].path, "message.content");
  const unknown = await problem(
    await send('{"message":{"content":"x"},"colour":1}'),
    400,
    "invalid_request",
  );
  assert.match(unknown.detail, /colour/);
  await problem(
    await send('{"message":{"content":"x","id":"msg_short"}}'),
    400,
    "invalid_request",
  );
  await problem(
    await send(JSON.stringify({ message: { content: "x".repeat(1_000_001) } })),
    413,
    "message_too_large",
  );
  await problem(
    await send(`{"message":{"content":"${"\\u0041".repeat(1_000_001)}"}}`),
    413,
    "message_too_large",
  );
  const long = JSON.stringify({ message: { content: "x".repeat(10_000_000) } });
  await problem(await send(long), 413, "message_too_large");
  const large = await problem(
    await send("x".repeat(25_000_001)),
    413,
    "body_too_large",
  );
  assert.match(large.detail, /25 MB/);
  await problem(
    await send(
      '{"message":{"content":"x"}}',
      "application/json;charset=utf-16",
    ),
    415,
    "unsupported_media_type",
  );
  assert.deepEqual(await getMessages(rig.app, thread.id), []);
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("bad input: a body of very many unknown fields is refused with a short answer", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const fields = (count: number) =>
    `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join()}}`;
  const send = (path: string, body: string) =>
    rig.app.fetch(path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
  const runs = `/api/threads/${thread.id}/runs`;
  await problem(await send(runs, fields(500_000)), 400, "too_many_values");
  for (const path of ["/api/threads", "/api/providers/local"]) {
    const many = await send(path, fields(500_000));
    await problem(many, 400, "too_many_values");
    const unknown = await send(path, fields(5_000));
    const body = await problem(unknown, 400, "invalid_request");
    assert.ok(JSON.stringify(body).length < 10_000, path);
  }
});

Deno.test("bad input: a client that hangs up in the middle of its body leaves no error in the log", async () => {
  await using rig = await startChat();
  const { hostname, port, host } = new URL(rig.app.url);
  const paths: [path: string, contentType: string][] = [
    ["/api/threads", "application/json"],
    ["/settings", "application/x-www-form-urlencoded"],
  ];
  for (const [path, contentType] of paths) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(new TextEncoder().encode([
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Content-Type: ${contentType}`,
      "Content-Length: 100",
      "",
      '{"title":',
    ].join("\r\n")));
    connection.close();
  }
  const deadline = AbortSignal.timeout(20_000);
  const logged = () =>
    rig.app.logLines.map((line) => JSON.parse(line)).filter(({ status }) =>
      status !== undefined
    );
  while (logged().length < paths.length) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(logged().map(({ status }) => status), [400, 400]);
  assert.ok(
    rig.app.logLines.every((line) =>
      ["debug", "info"].includes(JSON.parse(line).level)
    ),
    rig.app.logLines.join("\n"),
  );
});

Deno.test("bad input: a cancel takes no body, or an empty object", async () => {
  await using rig = await startChat();
  const { events } = await askWhole(rig.app, "x");
  const path = `/api/runs/${events[0].data.runId}/cancel`;
  const cancel = (init: RequestInit) =>
    rig.app.fetch(path, { method: "POST", ...init });
  const json = { "content-type": "application/json" };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (
    const init of [{}, { headers: json }, { headers: form }, {
      headers: json,
      body: "{}",
    }]
  ) {
    const response = await cancel(init);
    assert.equal(response.status, 200, JSON.stringify(init));
    await response.body?.cancel();
  }
  const text = { headers: { "content-type": "text/plain" }, body: "stop" };
  await problem(await cancel(text), 415, "unsupported_media_type");
  await problem(
    await cancel({ headers: json, body: '{"now":true}' }),
    400,
    "invalid_request",
  );
});

Deno.test("bad input: unknown and foreign ids are 404", async () => {
  await using rig = await startChat();
  const { thread } = await askWhole(rig.app, "x");
  const [, answer] = await getMessages(rig.app, thread.id);
  const other = await newThread(rig.app);
  const body = { message: { content: "x" } };
  for (const id of [newId("thr"), "nonsense", "..%2f..", "%00"]) {
    await problem(await rig.app.fetch(`/api/threads/${id}`), 404, "not_found");
    await problem(
      await rig.app.fetch(`/api/threads/${id}/messages`),
      404,
      "not_found",
    );
    await problem(
      await rig.app.post(`/api/threads/${id}/runs`, body),
      404,
      "not_found",
    );
  }
  const run = newId("run");
  await problem(await rig.app.fetch(`/api/runs/${run}`), 404, "not_found");
  await problem(
    await rig.app.fetch(`/api/runs/${run}/events`),
    404,
    "not_found",
  );
  await problem(
    await rig.app.fetch(`/api/runs/${run}/cancel`, { method: "POST" }),
    404,
    "not_found",
  );
  await problem(
    await rig.app.post(`/api/threads/${other.id}/runs`, {
      ...body,
      parentId: answer.id,
    }),
    404,
    "not_found",
  );
  await problem(
    await rig.app.post(`/api/threads/${other.id}/runs`, {
      regenerate: answer.id,
    }),
    404,
    "not_found",
  );
  await problem(await rig.app.fetch("/api/nothing"), 404, "not_found");
});

Deno.test("bad input: an unknown model is 404 before anything is stored", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const body = { message: { content: "x" }, model: "nobody/nothing" };
  await problem(
    await rig.app.post(`/api/threads/${thread.id}/runs`, body),
    404,
    "model_not_found",
  );
  await problem(
    await rig.app.post("/api/threads", { model: "nobody/nothing" }),
    404,
    "model_not_found",
  );
  assert.deepEqual(await getMessages(rig.app, thread.id), []);
});

Deno.test("bad input: a wrong method is 405 and names the right ones", async () => {
  await using rig = await startChat();
  const response = await rig.app.fetch("/api/threads", { method: "PUT" });
  assert.equal(response.headers.get("allow"), "GET, POST, HEAD, OPTIONS");
  await problem(response, 405, "method_not_allowed");
  const options = await rig.app.fetch("/api/threads", { method: "OPTIONS" });
  assert.equal(options.status, 204);
});

Deno.test("bad input: a wrong limit or cursor of a list", async () => {
  await using rig = await startChat();
  for (const limit of ["0", "201", "x", "1.5", "-1"]) {
    await problem(
      await rig.app.fetch(`/api/threads?limit=${limit}`),
      400,
      "invalid_request",
    );
  }
  await problem(
    await rig.app.fetch("/api/threads?cursor=garbage"),
    400,
    "invalid_request",
  );
});

const FAILURES: [
  model: string,
  code: string,
  retryable: boolean,
  keeps: boolean,
][] = [
  ["bad-key", "provider_auth_failed", false, false],
  ["forbidden", "provider_auth_failed", false, false],
  ["unknown", "model_not_found", false, false],
  ["bad-request", "provider_refused", false, false],
  ["too-long", "context_length_exceeded", false, false],
  ["html", "provider_malformed", true, false],
  ["garbage", "provider_malformed", true, false],
  ["cut", "provider_stream_broken", true, true],
  ["endless-end", "provider_stream_broken", true, true],
  ["malformed", "provider_malformed", true, true],
];

for (const [model, code, retryable, keeps] of FAILURES) {
  Deno.test(`bad provider: ${model} ends with error ${code}, and the question can be asked again`, async () => {
    await using rig = await startChat();
    const { thread, events } = await askWhole(rig.app, "What now?", model);
    const last = events.at(-1)!;
    assert.equal(last.event, "error");
    assert.equal(last.data.code, code);
    assert.equal(last.data.retryable, retryable);
    assert.ok(
      !/sk-|api\.openai\.com.*key/i.test(last.data.message),
      last.data.message,
    );
    assert.equal(
      events.filter(({ event }) => event === "done" || event === "error")
        .length,
      1,
    );
    const [question, answer] = await getMessages(rig.app, thread.id);
    assert.equal(question.content, "What now?");
    assert.equal(answer.status, "failed");
    assert.equal(answer.error!.code, code);
    assert.equal(answer.content.length > 0, keeps);
    assert.equal((await getThread(rig.app, thread.id)).activeRunId, null);
    const again = await ask(rig.app, thread.id, {
      regenerate: answer.id,
      model: "fake-1",
    });
    assert.equal(
      (await followRun(rig.app, again.run.id)).at(-1)!.data.status,
      "completed",
    );
  });
}

Deno.test("bad provider: 429 and 500 are tried again before the first token", async () => {
  await using rig = await startChat();
  rig.upstream.next({ status: 429, headers: { "retry-after": "0" } }, {
    status: 500,
  }, { text: "at last" });
  const { events } = await askWhole(rig.app, "x");
  assert.equal(events.at(-1)!.data.status, "completed");
  assert.equal(rig.upstream.chats().length, 3);
});

Deno.test("bad provider: one that is down ends with provider_unavailable", async () => {
  const rig = await startChat();
  try {
    const thread = await newThread(rig.app, { model: "fake-1" });
    await rig.app.fetch("/api/models").then((response) =>
      response.body?.cancel()
    );
    await rig.upstream.close();
    const { run } = await ask(rig.app, thread.id, {
      message: { content: "x" },
    });
    const last = (await followRun(rig.app, run.id)).at(-1)!;
    assert.equal(last.event, "error");
    assert.equal(last.data.code, "provider_unavailable");
    assert.equal(last.data.retryable, true);
  } finally {
    await rig.app.close();
  }
});

Deno.test("demo: answers from the manual while no provider is configured, and says what it is", async () => {
  await using app = await startApp();
  const models = await (await app.fetch("/api/models")).json();
  assert.deepEqual(models.items.map(({ id }: { id: string }) => id), [
    "freshet/demo",
  ]);
  assert.equal(models.defaultModel, "freshet/demo");
  const { thread, events } = await askWhole(
    app,
    "How do I stop the server?",
    "freshet/demo",
  );
  assert.equal(events.at(-1)!.data.status, "completed");
  const [, answer] = await getMessages(app, thread.id);
  assert.match(answer.content, /not a language model/i);
  assert.match(answer.content, /docs\/[a-z-]+\.md/);
});

Deno.test("models: a provider that is down leaves the list empty and no default, without an error", async () => {
  await using rig = await startChat({
    models: null,
    modelsBehaviour: { status: 500 },
  });
  const response = await rig.app.fetch("/api/models");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    items: [],
    nextCursor: null,
    defaultModel: null,
  });
  assert.equal((await rig.app.fetch("/")).status, 200);
});

Deno.test("models: the picker offers what chats, and every other model still answers by its name", async () => {
  await using rig = await startChat({
    models: ["fake-1", "text-embedding-fake"],
  });
  const page = await (await rig.app.fetch("/api/models")).json();
  assert.deepEqual(
    page.items.map(({ id }: { id: string }) => id),
    ["fake-1"],
  );
  assert.equal(page.defaultModel, "fake-1");
  await askWhole(rig.app, "x", "text-embedding-fake");
});
