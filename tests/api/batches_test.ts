/** `/v1/batches` over HTTP: what comes of lines, of bad input, of limits, of cancels and of deletions. */
import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";
import type { Batch } from "openai/resources/batches";
import { batchKey } from "@/lib/kv/keys.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import { startPeople } from "./personal_data_rig.ts";
import { batchLine } from "./files_rig.ts";
import { clientOf, MODEL, openAIError, question, startChat } from "./v1_rig.ts";

const PROGRAMS = "wsp_0000000000000000000000/v1";
const ENDS = ["failed", "completed", "expired", "cancelled"];

interface ResultLine {
  id: string;
  custom_id: string;
  response: {
    status_code: number;
    request_id: string;
    // deno-lint-ignore no-explicit-any -- bodies of every endpoint
    body: any;
  } | null;
  error: { code: string; message: string } | null;
}

function uploadLines(
  client: OpenAI,
  lines: readonly string[],
): Promise<string> {
  return uploadBytes(client, new TextEncoder().encode(lines.join("\n")));
}

async function uploadBytes(
  client: OpenAI,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const file = await client.files.create({
    file: await toFile(bytes, "input.jsonl"),
    purpose: "batch",
  });
  return file.id;
}

async function begin(
  client: OpenAI,
  lines: readonly string[],
  more: Partial<OpenAI.BatchCreateParams> = {},
): Promise<Batch> {
  return await client.batches.create({
    input_file_id: await uploadLines(client, lines),
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    ...more,
  });
}

function ended(client: OpenAI, { id }: Batch): Promise<Batch> {
  return waitFor("the end of the batch", async () => {
    const batch = await client.batches.retrieve(id);
    return ENDS.includes(batch.status) ? batch : null;
  }, 60_000);
}

async function resultsIn(
  client: OpenAI,
  file: string | undefined | null,
): Promise<ResultLine[]> {
  if (!file) return [];
  const text = await (await client.files.content(file)).text();
  assert.ok(text.endsWith("\n"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Asked for anew each time, so that nothing of it is kept. */
function ask(index: number, more: Record<string, unknown> = {}) {
  const content = `Line ${index}`;
  return batchLine(
    `line-${index}`,
    question({ messages: [{ role: "user", content }], ...more }),
  );
}

const LINES = rounds(60, 500);

Deno.test(`/v1/batches: the official client runs ${LINES} lines and reads both files`, async () => {
  await using rig = await startChat();
  const client = clientOf(rig.app);
  const lines = Array.from(
    { length: LINES },
    (_, index) =>
      index % 10 === 3 ? ask(index, { model: "unknown-model" }) : ask(index),
  );
  const made = await begin(client, lines, { metadata: { for: "a test" } });
  assert.equal(made.object, "batch");
  assert.equal(made.status, "validating");
  assert.equal(made.expires_at, made.created_at + 86_400);
  const batch = await ended(client, made);
  const failed = LINES / 10;
  assert.deepEqual(batch.request_counts, {
    total: LINES,
    completed: LINES - failed,
    failed,
  });
  assert.equal(batch.status, "completed");
  assert.deepEqual(batch.metadata, { for: "a test" });
  assert.equal(batch.model, MODEL);
  for (
    const at of ["in_progress_at", "finalizing_at", "completed_at"] as const
  ) {
    assert.ok(batch[at]! >= made.created_at, at);
  }
  const outputs = await resultsIn(client, batch.output_file_id);
  const errors = await resultsIn(client, batch.error_file_id);
  const ids = [...outputs, ...errors].map(({ custom_id: id }) => id);
  assert.equal(new Set(ids).size, LINES);
  assert.equal(ids.length, LINES);
  for (const { id, response, error } of outputs) {
    assert.match(id, /^batch_req_/);
    assert.equal(response?.status_code, 200);
    assert.match(response.request_id, /^req_/);
    assert.equal(response.body.object, "chat.completion");
    assert.equal(error, null);
  }
  for (const { response, error } of errors) {
    assert.equal(response?.status_code, 404);
    assert.equal(response.body.error.code, "model_not_found");
    assert.equal(error, null);
  }
  const used = outputs.reduce(
    (sum, { response }) => sum + response!.body.usage.total_tokens,
    0,
  );
  // The client's own type does not have it yet.
  const { usage } = batch as unknown as { usage: { total_tokens: number } };
  assert.equal(usage.total_tokens, used);
  const file = await client.files.retrieve(batch.output_file_id!);
  assert.equal(file.purpose, "batch_output");
  const { ledger } = rig.app.services;
  const rows = [];
  for await (
    const row of ledger.rows(
      workspaceOf(PROGRAMS),
      0,
      Date.now() + 1_000,
      AbortSignal.timeout(5_000),
    )
  ) rows.push(row);
  assert.equal(rows.length, LINES - failed);
  assert.ok(rows.every(({ source }) => source === "batch"));
});

/** A provider of what is no chat. */
function startPlain(): Deno.HttpServer<Deno.NetAddr> {
  const usage = { prompt_tokens: 4, total_tokens: 4 };
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      await request.body?.cancel();
      if (pathname === "/v1/models") {
        return Response.json({ object: "list", data: [{ id: "plain-1" }] });
      }
      return Response.json(
        pathname === "/v1/embeddings"
          ? { object: "list", data: [{ embedding: [0.25] }], usage }
          : { object: "text_completion", choices: [{ text: "x" }], usage },
      );
    },
  );
}

Deno.test("/v1/batches: each endpoint is answered as it is live", async () => {
  const plain = startPlain();
  await using rig = await startChat({}, {
    configFile: {
      providers: [{
        id: "plain",
        baseUrl: `http://127.0.0.1:${plain.addr.port}/v1`,
        apiKey: "sk-plain",
        models: ["plain-1"],
      }],
    },
  });
  const client = clientOf(rig.app);
  const model = "plain/plain-1";
  const endpoints = {
    "/v1/responses": [{ model: MODEL, input: "How high?" }, "response"],
    "/v1/embeddings": [{ model, input: ["a", "b"] }, "list"],
    "/v1/completions": [{ model, prompt: "The" }, "text_completion"],
  } as const;
  for (const [url, [body, object]] of Object.entries(endpoints)) {
    const endpoint = url as keyof typeof endpoints;
    const lines = [batchLine("a", body, { url }), batchLine("b", {}, { url })];
    const batch = await ended(client, await begin(client, lines, { endpoint }));
    const [output] = await resultsIn(client, batch.output_file_id);
    const [error] = await resultsIn(client, batch.error_file_id);
    assert.equal(output?.custom_id, "a", JSON.stringify(error));
    assert.equal(output.response?.body.object, object);
    assert.equal(error.custom_id, "b");
    assert.equal(error.response?.status_code, 400);
    assert.equal(error.response.body.error.param, "model");
  }
  await plain.shutdown();
});

Deno.test("/v1/batches: input that is no good fails the batch, with every line's fault", async () => {
  await using rig = await startChat();
  const client = clientOf(rig.app);
  const batch = await ended(
    client,
    await begin(client, [
      ask(1),
      "{not json",
      "[1]",
      ask(1),
      batchLine("a", question(), { url: "/v1/embeddings" }),
      batchLine("b", question(), { method: "GET" }),
      batchLine("", question()),
      JSON.stringify({
        custom_id: "c",
        method: "POST",
        url: "/v1/chat/completions",
      }),
      `{"custom_id":"d","body":${"[".repeat(100)}${"]".repeat(100)}}`,
    ]),
  );
  assert.equal(batch.status, "failed");
  assert.ok(batch.failed_at);
  assert.deepEqual(
    batch.errors?.data?.map(({ code, line, param }) => [line, code, param]),
    [
      [2, "invalid_json_line", null],
      [3, "invalid_json_line", null],
      [4, "duplicate_custom_id", "custom_id"],
      [5, "url_mismatch", "url"],
      [6, "invalid_method", "method"],
      [7, "missing_required_parameter", "custom_id"],
      [8, "missing_required_parameter", "body"],
      [9, "invalid_json_line", null],
    ],
  );
  assert.equal(rig.upstream.chats().length, 0);
  const empty = await ended(client, await begin(client, ["", "  ", ""]));
  assert.equal(empty.errors?.data?.[0].code, "empty_file");
  const latin1 = Uint8Array.from(
    batchLine("a", question({ messages: [{ role: "user", content: "\xe9" }] })),
    (character) => character.charCodeAt(0),
  );
  const garbled = await ended(
    client,
    await begin(client, [ask(1)], {
      input_file_id: await uploadBytes(client, latin1),
    }),
  );
  assert.deepEqual(
    garbled.errors?.data?.map(({ line, code }) => [line, code]),
    [
      [1, "invalid_json_line"],
    ],
  );
  const many = Array.from(
    { length: 50_001 },
    (_, index) => `{"custom_id":"${index}"}`,
  );
  // Each line has its fault, of which a hundred are told.
  const long = await ended(client, await begin(client, many));
  assert.equal(long.errors?.data?.length, 100);
});

Deno.test("/v1/batches: what is asked for wrongly is refused at once", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const client = clientOf(app);
  const input = await uploadLines(client, [ask(1)]);
  const other = await client.files.create({
    file: await toFile(new TextEncoder().encode("x"), "a.txt"),
    purpose: "user_data",
  });
  const right = {
    input_file_id: input,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
  };
  const wrong: [Record<string, unknown>, string][] = [
    [{ input_file_id: "file-none" }, "input_file_id"],
    [{ input_file_id: other.id }, "input_file_id"],
    [{ endpoint: "/v1/images" }, "endpoint"],
    [{ completion_window: "1h" }, "completion_window"],
    [{ metadata: { a: 1 } }, "metadata.a"],
    [
      { output_expires_after: { anchor: "x", seconds: 3_600 } },
      "output_expires_after.anchor",
    ],
  ];
  for (const [more, param] of wrong) {
    const response = await app.post("/v1/batches", { ...right, ...more });
    const error = await openAIError(response, 400, "invalid_request");
    assert.equal(error.param, param);
  }
  for (const path of ["batch_none", "batch_none/cancel"]) {
    const method = path.endsWith("cancel") ? "POST" : "GET";
    const response = await app.fetch(`/v1/batches/${path}`, { method });
    await openAIError(response, 404, "not_found");
  }
});

Deno.test("/v1/batches: one that is asked for again with its Idempotency-Key is the same", async () => {
  await using rig = await startChat();
  const client = clientOf(rig.app);
  const file = await uploadLines(client, [ask(1)]);
  const create = (metadata: Record<string, string>) =>
    client.batches.create({
      input_file_id: file,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      metadata,
    }, { headers: { "idempotency-key": "nightly" } });
  const made = await Promise.all(
    Array.from({ length: 8 }, () => create({ night: "1" })),
  );
  assert.equal(new Set(made.map(({ id }) => id)).size, 1);
  await ended(client, made[0]);
  assert.equal((await create({ night: "1" })).status, "completed");
  assert.equal(rig.upstream.chats().length, 1);
  const { data } = await client.batches.list();
  assert.equal(data.length, 1);
  await assert.rejects(create({ night: "2" }), {
    status: 422,
    code: "idempotency_key_reused",
  });
});

Deno.test("/v1/batches: a batch that is cancelled keeps what was answered, and asks no more", async () => {
  // More than are answered before the cancel comes, on any machine.
  const LINES = 1_000;
  await using rig = await startChat();
  const { app, upstream } = rig;
  const client = clientOf(app);
  const lines = Array.from({ length: LINES }, (_, index) => ask(index));
  upstream.hold();
  const made = await begin(client, lines);
  await waitFor("some answers", async () => {
    upstream.release(5);
    const { request_counts: counts } = await client.batches.retrieve(made.id);
    return counts!.completed >= 4;
  });
  const asked = await client.batches.cancel(made.id);
  assert.ok(["cancelling", "cancelled"].includes(asked.status), asked.status);
  upstream.release();
  const batch = await ended(client, made);
  assert.equal(batch.status, "cancelled");
  assert.ok(batch.cancelled_at! >= batch.cancelling_at!);
  const outputs = await resultsIn(client, batch.output_file_id);
  assert.equal(outputs.length, batch.request_counts?.completed);
  assert.ok(outputs.length >= 4 && outputs.length < LINES);
  assert.equal(batch.error_file_id, null);
  assert.equal((await client.batches.cancel(made.id)).status, "cancelled");
  const other = await ended(client, await begin(client, [ask(1)]));
  await assert.rejects(client.batches.cancel(other.id), {
    status: 409,
    code: "batch_not_cancellable",
  });
});

Deno.test("/v1/batches: whoever cancels its job cancels the batch", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const client = clientOf(app);
  upstream.hold();
  const made = await begin(client, [ask(1), ask(2)]);
  await upstream.waitForChat(0);
  const { items } = await (await app.fetch("/api/jobs?kind=batch.run")).json();
  assert.equal(items.length, 1);
  await app.fetch(`/api/jobs/${items[0].id}/cancel`, { method: "POST" });
  assert.equal((await ended(client, made)).status, "cancelled");
});

Deno.test("/v1/batches: its job tells how far it is and where its answers are", async () => {
  await using rig = await startChat();
  const client = clientOf(rig.app);
  await ended(client, await begin(client, [ask(1), ask(2)]));
  const job = await waitFor("the end of the job", async () => {
    const response = await rig.app.fetch("/api/jobs?kind=batch.run");
    const [job] = (await response.json()).items;
    return job.status === "completed" ? job : null;
  });
  assert.equal(job.progress.value, 1);
  assert.equal(job.result.text, "2 of 2 requests were answered.");
  const download = await rig.app.fetch(job.result.download.href);
  assert.equal((await download.bytes()).length, job.result.download.bytes);
});

Deno.test("/v1/batches: lines that meet a limit wait for it", async () => {
  await using rig = await startChat({}, {
    configFile: {
      limits: [{ subject: "workspace:*", concurrentRuns: 2 }],
    },
  });
  const client = clientOf(rig.app);
  const lines = Array.from({ length: 6 }, (_, index) => ask(index));
  const batch = await ended(client, await begin(client, lines));
  assert.deepEqual(batch.request_counts, {
    total: 6,
    completed: 6,
    failed: 0,
  });
});

Deno.test("/v1/batches: a spent budget is the error of every line that is left", async () => {
  await using rig = await startChat({}, {
    configFile: {
      prices: [{
        model: MODEL,
        from: "2026-01-01",
        inputPerMillionUsd: "1000",
        outputPerMillionUsd: "1000",
      }],
      budgets: [{ subject: "workspace:*", period: "day", usd: "0.50" }],
    },
  });
  const client = clientOf(rig.app);
  const lines = Array.from({ length: 30 }, (_, index) => ask(index));
  const batch = await ended(client, await begin(client, lines));
  assert.equal(batch.status, "completed");
  const errors = await resultsIn(client, batch.error_file_id);
  assert.ok(errors.length > 0);
  assert.equal(errors.length, batch.request_counts?.failed);
  for (const { response } of errors) {
    assert.equal(response?.status_code, 402);
    assert.equal(response.body.error.code, "budget_exceeded");
  }
});

Deno.test("/v1/batches: input that is deleted in the middle fails the batch and keeps the answers", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const client = clientOf(app);
  // Not all of it is read before the first line is asked.
  const lines = Array.from(
    { length: 40 },
    (_, index) => ask(index) + " ".repeat(40_000),
  );
  upstream.hold();
  const made = await begin(client, lines);
  await upstream.waitForChat(0);
  await client.files.delete(made.input_file_id);
  upstream.release();
  const batch = await ended(client, made);
  assert.equal(batch.status, "failed");
  assert.equal(batch.errors?.data?.[0].code, "input_file_deleted");
  const outputs = await resultsIn(client, batch.output_file_id);
  assert.equal(outputs.length, batch.request_counts?.completed);
});

Deno.test("/v1/batches: lines that are left when its time is over are told as expired", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const client = clientOf(app);
  upstream.hold();
  const made = await begin(client, [ask(1), ask(2), ask(3)]);
  await upstream.waitForChat(0);
  const { store } = app.services;
  const key = batchKey(PROGRAMS, made.id);
  const found = await store.kv.get<Record<string, unknown>>(key);
  await store.kv.atomic().check(found)
    .set(key, { ...found.value, expiresAtMs: Date.now() }).commit();
  const batch = await ended(client, made);
  assert.equal(batch.status, "expired");
  assert.ok(batch.expired_at);
  assert.equal(batch.output_file_id, null);
  const errors = await resultsIn(client, batch.error_file_id);
  assert.deepEqual(
    errors.map(({ custom_id: id, response, error }) => [
      id,
      response,
      error?.code,
    ]),
    [1, 2, 3].map((line) => [`line-${line}`, null, "batch_expired"]),
  );
  assert.deepEqual(batch.request_counts, { total: 3, completed: 0, failed: 3 });
});

Deno.test("/v1/batches: lines of a key that was revoked meanwhile fail with that", async () => {
  await using rig = await startPeople();
  const { app, ada, upstream } = rig;
  const { key } = await (await ada.post("/api/keys", {
    name: "batches",
    scopes: ["v1"],
  })).json();
  const other = await (await ada.post("/api/keys", {
    name: "other",
    scopes: ["v1"],
  })).json();
  const of = (apiKey: string) =>
    new OpenAI({ baseURL: `${app.url}/v1`, apiKey, maxRetries: 0 });
  const lines = Array.from({ length: 12 }, (_, index) => ask(index));
  upstream.hold();
  const made = await begin(of(key), lines);
  await upstream.waitForChat(0);
  const { items } = await (await ada.fetch("/api/keys")).json();
  const { id, version } = items.find(({ name }: { name: string }) =>
    name === "batches"
  );
  const revoked = await ada.send("DELETE", `/api/keys/${id}`, {}, {
    "if-match": `"${version}"`,
  });
  assert.ok(revoked.ok, `${revoked.status} ${await revoked.text()}`);
  upstream.release();
  // Another key of the workspace sees it, too.
  const batch = await ended(of(other.key), made);
  assert.deepEqual(batch.request_counts, {
    total: 12,
    completed: 0,
    failed: 12,
  });
  for (
    const { response } of await resultsIn(of(other.key), batch.error_file_id)
  ) {
    assert.equal(response?.status_code, 401);
    assert.equal(response.body.error.code, "invalid_api_key");
  }
  // Lines that were being answered have no fault of the server's either.
  const faults = app.logLines.filter((line) =>
    JSON.parse(line).level === "error"
  );
  assert.deepEqual(faults, []);
  const elsewhere = await app.fetch(`/v1/batches/${made.id}`);
  assert.equal(elsewhere.status, 401);
  await elsewhere.body?.cancel();
});

Deno.test("/v1/batches: lists are newest first, in pages both ways", async () => {
  await using rig = await startChat();
  const client = clientOf(rig.app);
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    ids.push((await begin(client, [ask(index)])).id);
  }
  const page = async (query: string) => {
    const { data, has_more } =
      await (await rig.app.fetch(`/v1/batches?${query}`)).json();
    return [data.map(({ id }: Batch) => ids.indexOf(id)), has_more];
  };
  assert.deepEqual(await page("limit=2"), [[4, 3], true]);
  assert.deepEqual(await page(`limit=2&after=${ids[3]}`), [[2, 1], true]);
  assert.deepEqual(await page(`after=${ids[1]}`), [[0], false]);
  assert.deepEqual(await page(`limit=2&before=${ids[1]}`), [[3, 2], true]);
  assert.equal((await Array.fromAsync(client.batches.list())).length, 5);
});
