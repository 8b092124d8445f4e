/** What is kept of requests that asked a model, over HTTP. */
import assert from "node:assert/strict";
import type { RequestRecord } from "@/lib/observe/request_record.ts";
import type { TestApp } from "@/tests/support/app.ts";
import {
  askStream,
  newThread,
  startChat,
} from "@/tests/support/chat_client.ts";
import { collectEvents } from "@/tests/support/sse.ts";
import { startFakeUpstream } from "@/tests/support/fake_upstream.ts";
import { startProcess } from "@/tests/support/process.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { postChat, question } from "./v1_rig.ts";

type Shown = RequestRecord & {
  bodies: { request: string; response: string } | null;
};

const PRICED = {
  prices: [{
    model: "fake-1",
    from: "2020-01-01",
    inputPerMillionUsd: "1.00",
    outputPerMillionUsd: "2.00",
  }],
};

/** The record of the request that a response answered. */
async function recordOf(app: TestApp, { headers }: Response): Promise<Shown> {
  const id = headers.get("x-request-id")!;
  const found = await waitFor(`the record of ${id}`, async () => {
    await app.services.requestLog.flush();
    const response = await app.fetch(`/api/requests/${id}`);
    if (response.status === 200) return response;
    await response.body?.cancel();
    return null;
  });
  return await found.json();
}

async function list(
  app: TestApp,
  query = "",
): Promise<{ items: RequestRecord[]; nextCursor: string | null }> {
  await app.services.requestLog.flush();
  const response = await app.fetch(`/api/requests${query}`);
  assert.equal(response.status, 200);
  return await response.json();
}

Deno.test("GET /api/requests/:id: who was asked, at what cost, and through which stages", async () => {
  await using rig = await startChat(
    { behaviour: { usage: "own" } },
    { configFile: PRICED },
  );
  const response = await postChat(rig.app, question({ stream: true }));
  await response.text();
  const record = await recordOf(rig.app, response);
  const { usage, attempts, stages, ...rest } = record;
  const { run, startedAt, finishedAt, totalMs, overheadMs, firstTokenMs } =
    rest;
  assert.deepEqual({
    method: rest.method,
    route: rest.route,
    source: rest.source,
    model: rest.model,
    provider: rest.provider,
    servedModel: rest.servedModel,
    status: rest.status,
    httpStatus: rest.httpStatus,
    finishReason: rest.finishReason,
    error: rest.error,
    hasBodies: rest.hasBodies,
    bodies: rest.bodies,
  }, {
    method: "POST",
    route: "/v1/chat/completions",
    source: "v1",
    model: "fake-1",
    provider: "openai",
    servedModel: "fake-1",
    status: "completed",
    httpStatus: 200,
    finishReason: "stop",
    error: null,
    hasBodies: false,
    bodies: null,
  });
  assert.equal(run, response.headers.get("x-freshet-run"));
  const { inputTokens, outputTokens } = usage!;
  assert.ok(outputTokens > 0);
  assert.equal(record.costMicroUsd, inputTokens + 2 * outputTokens);
  assert.deepEqual(
    attempts.map(({ provider, model, outcome }) => [provider, model, outcome]),
    [["openai", "fake-1", "completed"]],
  );
  assert.deepEqual(stages.map(({ name, outcome }) => `${name} ${outcome}`), [
    "auth ok",
    "limits ok",
    "provider.connect ok",
    "provider.first_token ok",
    "stream ok",
    "commit ok",
  ]);
  assert.ok(firstTokenMs! <= totalMs && overheadMs! <= totalMs);
  assert.ok(startedAt <= finishedAt);
});

Deno.test("GET /api/requests/:id: a question in a thread, with its thread and run", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "Hello" },
    model: "fake-1",
  });
  const events = await collectEvents(response);
  const record = await recordOf(rig.app, response);
  assert.deepEqual(
    [record.source, record.thread, record.route, record.status],
    ["chat", thread.id, "/api/threads/:thread/runs", "completed"],
  );
  assert.equal(record.run, events[0].data.runId);
});

Deno.test("GET /api/requests/:id: a request that was refused, with the reason", async () => {
  await using rig = await startChat();
  const unknown = await postChat(rig.app, question({ model: "nobody/none" }));
  await unknown.body?.cancel();
  const wrong = await rig.app.post("/v1/chat/completions", { model: 7 });
  await wrong.body?.cancel();
  const first = await recordOf(rig.app, unknown);
  assert.deepEqual(
    [first.status, first.httpStatus, first.model, first.error!.code],
    ["refused", 404, "nobody/none", "model_not_found"],
  );
  const second = await recordOf(rig.app, wrong);
  assert.deepEqual(
    [second.status, second.httpStatus, second.run, second.usage],
    ["refused", 400, null, null],
  );
});

Deno.test("GET /api/requests/:id: an answer that the provider refused names each try", async () => {
  await using rig = await startChat({ behaviour: { status: 500 } });
  const response = await postChat(rig.app, question());
  await response.body?.cancel();
  const record = await recordOf(rig.app, response);
  assert.deepEqual([record.status, record.httpStatus], ["failed", 502]);
  assert.equal(record.error!.code, "provider_unavailable");
  assert.ok(record.attempts.length > 1);
  assert.ok(record.attempts.every(({ outcome }) => outcome === "failed"));
  const failed = record.stages.filter(({ outcome }) => outcome === "failed");
  assert.equal(failed.length, record.attempts.length);
});

for (
  const [what, upstream] of [
    ["refused", { status: 400 }],
    ["has trouble with", { status: 500 }],
  ] as const
) {
  Deno.test(`GET /api/requests/:id: what a provider ${what} costs nothing`, async () => {
    await using rig = await startChat(
      { behaviour: upstream },
      { configFile: PRICED },
    );
    const response = await postChat(rig.app, question());
    await response.body?.cancel();
    const record = await recordOf(rig.app, response);
    assert.deepEqual([record.status, record.costMicroUsd], ["failed", 0]);
    assert.deepEqual(
      [record.usage!.inputTokens, record.usage!.outputTokens],
      [0, 0],
    );
  });
}

Deno.test("GET /api/requests/:id: an answer that somebody stopped", async () => {
  await using rig = await startChat();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const response = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "Hello" },
    model: "fake-1",
  });
  const { run } = await response.json();
  await (await rig.app.post(`/api/runs/${run.id}/cancel`, {})).body?.cancel();
  const record = await recordOf(rig.app, response);
  assert.deepEqual(
    [record.status, record.run, record.httpStatus],
    ["cancelled", run.id, 201],
  );
});

Deno.test("GET /api/requests/:id: an answer that was kept has no run and no tries", async () => {
  await using rig = await startChat({}, { configFile: PRICED });
  const send = () => postChat(rig.app, question({ temperature: 0 }));
  await (await send()).text();
  const kept = await waitFor("the answer is kept", async () => {
    const again = await send();
    await again.text();
    return again.headers.get("x-freshet-cache") === "hit-l1" && again;
  });
  const record = await recordOf(rig.app, kept);
  assert.deepEqual(
    [record.status, record.cache, record.run, record.costMicroUsd],
    ["completed", "hit-l1", null, 0],
  );
  assert.deepEqual(record.attempts, []);
  assert.ok(record.savedMicroUsd > 0);
});

Deno.test("GET /api/requests/:id: a repetition under an idempotency key is attached to the first run", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const send = () =>
    rig.app.post(
      `/api/threads/${thread.id}/runs`,
      { message: { content: "Hello" }, model: "fake-1" },
      { "idempotency-key": "once" },
    );
  const first = await send();
  const { run } = await first.json();
  const second = await send();
  await second.body?.cancel();
  const record = await recordOf(rig.app, second);
  assert.deepEqual(
    [record.status, record.run, record.usage],
    ["attached", run.id, null],
  );
});

Deno.test("GET /api/requests: newest first, page by page, and only requests that ask a model", async () => {
  await using rig = await startChat();
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const response = await postChat(rig.app, question());
    await response.text();
    ids.unshift(response.headers.get("x-request-id")!);
    await recordOf(rig.app, response);
  }
  const first = await list(rig.app, "?limit=2");
  const second = await list(rig.app, `?limit=2&cursor=${first.nextCursor}`);
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    ids,
  );
  assert.equal(second.nextCursor, null);
});

Deno.test("GET /api/requests: bad cursors and limits are refused, unknown ids not found", async () => {
  await using rig = await startChat();
  for (
    const [path, status] of [
      ["/api/requests?cursor=run_1", 400],
      ["/api/requests?limit=201", 400],
      ["/api/requests/req_0123456789012345678901", 404],
      ["/api/requests/nothing", 404],
    ] as const
  ) {
    const response = await rig.app.fetch(path);
    await response.body?.cancel();
    assert.equal(response.status, status, path);
  }
});

Deno.test("requestLog.bodies: question and answer are kept, without keys and addresses", async () => {
  await using rig = await startChat(
    { behaviour: { text: "Ask ada@example.org about it." } },
    { configFile: { requestLog: { bodies: true, redact: ["email"] } } },
  );
  const secret = "sk-abcdefgh12345678";
  const response = await postChat(
    rig.app,
    question({
      messages: [{ role: "user", content: `My key is ${secret}. Why?` }],
    }),
  );
  await response.text();
  const { hasBodies, bodies } = await recordOf(rig.app, response);
  assert.ok(hasBodies);
  assert.deepEqual(JSON.parse(bodies!.request).messages, [
    { role: "user", content: "My key is …. Why?" },
  ]);
  assert.equal(bodies!.response, "Ask … about it.");
});

Deno.test("requestLog.bodies: a temporary thread leaves none behind", async () => {
  await using rig = await startChat({}, {
    configFile: { requestLog: { bodies: true } },
  });
  const thread = await newThread(rig.app, { temporary: true });
  const response = await askStream(rig.app, thread.id, {
    message: { content: "Between us" },
    model: "fake-1",
  });
  await collectEvents(response);
  const record = await recordOf(rig.app, response);
  assert.deepEqual(
    [record.hasBodies, record.bodies, record.thread],
    [false, null, null],
  );
});

Deno.test("request log: what has ended is recorded before the process goes down", async () => {
  await using rig = await startChat();
  const response = await postChat(rig.app, question());
  await response.text();
  const { requestLog } = rig.app.services;
  await rig.app.close();
  assert.deepEqual([requestLog.written, requestLog.dropped], [1, 0]);
});

Deno.test("request log: a request whose process was killed is recorded by the one that has its run then", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({ models: ["fake-1"] });
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url };
  try {
    await using survivor = await startProcess(dataDir, { env });
    const ids: string[] = [];
    {
      await using server = await startProcess(dataDir, { env });
      upstream.hold();
      const asking = ["false", "true"].map((detach) =>
        server.post("/v1/chat/completions", question({ stream: true }), {
          "x-freshet-detach": detach,
        })
      );
      await waitFor("both are asked", () => upstream.chats().length === 2);
      upstream.release(4);
      for (const response of await Promise.all(asking)) {
        ids.push(response.headers.get("x-request-id")!);
        const run = response.headers.get("x-freshet-run")!;
        await waitFor("the run is in the store", async () => {
          const found = await survivor.fetch(`/v1/runs/${run}`);
          await found.body?.cancel();
          return found.status === 200;
        });
      }
      await server.kill("SIGKILL");
    }
    upstream.release();
    const records: RequestRecord[] = [];
    for (const id of ids) {
      const response = await waitFor(`the record of ${id}`, async () => {
        const found = await survivor.fetch(`/api/requests/${id}`);
        if (found.status === 200) return found;
        await found.body?.cancel();
        return null;
      });
      records.push(await response.json());
    }
    assert.deepEqual(
      records.map(({ status, epoch, httpStatus, stages }) => ({
        status,
        epoch,
        httpStatus,
        stages: stages.map(({ name }) => name),
      })),
      [
        { status: "interrupted", epoch: 2, httpStatus: null, stages: [] },
        {
          status: "completed",
          epoch: 2,
          httpStatus: null,
          stages: ["stream", "commit"],
        },
      ],
    );
  } finally {
    upstream.release();
    await upstream.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
