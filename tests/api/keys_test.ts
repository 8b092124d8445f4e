/** API keys over HTTP, in local mode, with OpenAI's own client. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { newId } from "@/lib/shared/ids.ts";
import { waitFor } from "../support/wait.ts";
import {
  bearer,
  clientWith,
  makeKey,
  problemCode,
  revokeKey,
} from "./key_rig.ts";
import { openAIError, question, startChat } from "./v1_rig.ts";

Deno.test("keys: one is shown once, listed without its secret, used and revoked", async () => {
  await using rig = await startChat({ behaviour: { text: "Two metres" } });
  const { app } = rig;
  const response = await app.post("/api/keys", { name: "robot" });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("etag"), '"1"');
  assert.equal(response.headers.get("cache-control"), "no-store");
  const { key, ...made } = await response.json();
  assert.match(key, /^frk_[0-9A-Za-z]{43}$/);
  assert.equal(response.headers.get("location"), `/api/keys/${made.id}`);
  const { items } = await (await app.fetch("/api/keys")).json();
  assert.deepEqual(items, [made]);
  const client = clientWith(app, key);
  const answer = await client.chat.completions.create(question());
  assert.equal(answer.choices[0].message.content, "Two metres");
  await waitFor("the use to be written down", async () => {
    const shown = await (await app.fetch(`/api/keys/${made.id}`)).json();
    return shown.lastUsedAt !== null;
  });
  await revokeKey(app, made.id);
  await assert.rejects(
    client.chat.completions.create(question()),
    (error) =>
      error instanceof OpenAI.AuthenticationError &&
      error.code === "invalid_api_key",
  );
  assert.equal(
    await problemCode(await app.fetch(`/api/keys/${made.id}`), 404),
    "not_found",
  );
  const secret = key.slice(4);
  assert.ok(app.logLines.length > 0);
  assert.ok(!app.logLines.some((line) => line.includes(secret)));
});

Deno.test("keys: what does not begin as our keys do is no key in local mode", async () => {
  await using rig = await startChat();
  const { app } = rig;
  for (const given of ["sk-any", "", "Basic eDp5"]) {
    const authorization = given.includes(" ") ? given : `Bearer ${given}`;
    const response = await app.fetch("/v1/models", {
      headers: { authorization },
    });
    assert.equal(response.status, 200, given);
    await response.body?.cancel();
  }
  const unknown = bearer(`frk_${"a".repeat(43)}`);
  const v1 = await app.fetch("/v1/models", { headers: unknown });
  assert.equal(v1.headers.get("www-authenticate"), "Bearer");
  const { type } = await openAIError(v1, 401, "invalid_api_key");
  assert.equal(type, "invalid_request_error");
  const api = await app.fetch("/api/threads", { headers: unknown });
  assert.equal(api.headers.get("www-authenticate"), "Bearer");
  assert.equal(await problemCode(api, 401), "invalid_api_key");
});

Deno.test("keys: FRESHET_API_KEY is the owner's key for everything", async () => {
  const apiKey = `frk_${"s".repeat(32)}`;
  await using rig = await startChat({}, { env: { FRESHET_API_KEY: apiKey } });
  const { app } = rig;
  const headers = bearer(apiKey);
  for (const path of ["/v1/models", "/api/threads", "/metrics", "/api/cache"]) {
    const response = await app.fetch(path, { headers });
    assert.equal(response.status, 200, path);
    await response.body?.cancel();
  }
  const { items } = await (await app.fetch("/api/keys?user=all")).json();
  assert.equal(items.length, 1);
  assert.equal(items[0].fromSetting, true);
  await makeKey(app, { scopes: ["v1"] }, headers);
});

Deno.test("keys: a change needs the version it was made from", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { id } = await makeKey(app);
  const change = (headers: Record<string, string>, body: unknown = {}) =>
    app.fetch(`/api/keys/${id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  assert.equal(
    await problemCode(await change({}), 428),
    "precondition_required",
  );
  const changes = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) => change({ "if-match": '"1"' }, { name: `name ${index}` }),
    ),
  );
  const statuses = changes.map(({ status }) => status).sort();
  await Promise.all(changes.map(({ body }) => body?.cancel()));
  assert.deepEqual(statuses, [200, ...Array(19).fill(412)]);
  const remove = (version: string) =>
    app.fetch(`/api/keys/${id}`, {
      method: "DELETE",
      headers: { "if-match": version },
    });
  assert.equal(
    await problemCode(await remove('"1"'), 412),
    "precondition_failed",
  );
  assert.equal((await remove('"2"')).status, 204);
  assert.equal(await problemCode(await remove('"2"'), 404), "not_found");
});

Deno.test("keys: a key that is not right is not made", async () => {
  await using rig = await startChat();
  const { app } = rig;
  for (
    const body of [
      {},
      { name: "" },
      { name: "x", scopes: ["root"] },
      { name: "x", scopes: [] },
      { name: "x", expiresAt: "2020-01-01T00:00:00Z" },
      { name: "x", models: [] },
      { name: "x", limits: { requestsPerMinute: -1 } },
      { name: "x", budget: { period: "year", usd: "1" } },
      { name: "x", userId: newId("usr") },
    ]
  ) {
    const response = await app.post("/api/keys", body);
    assert.equal(await problemCode(response, 400), "invalid_request");
  }
  for (const query of ["user=me", "user=usr_1", "limit=0", "cursor=x"]) {
    const response = await app.fetch(`/api/keys?${query}`);
    assert.equal(await problemCode(response, 400), "invalid_request", query);
  }
  assert.deepEqual((await (await app.fetch("/api/keys")).json()).items, []);
});

Deno.test("keys: a key sees and asks the models it was made for, by the names it was given", async () => {
  await using rig = await startChat({}, {
    configFile: {
      routes: [{
        id: "best",
        strategy: "priority",
        targets: [{ provider: "openai", model: "fake-2" }],
      }],
    },
  });
  const { app } = rig;
  const made = await makeKey(app, {
    scopes: ["v1", "api"],
    models: ["fake-1", "best"],
  });
  const client = clientWith(app, made.key);
  const names = (await client.models.list()).data.map(({ id }) => id);
  assert.deepEqual(names.sort(), ["best", "fake-1"]);
  for (const model of ["fake-1", "best"]) {
    assert.equal((await client.models.retrieve(model)).id, model);
    await client.chat.completions.create(question({ model }));
  }
  await assert.rejects(client.models.retrieve("fake-2"), OpenAI.NotFoundError);
  const isRefused = (error: unknown) =>
    error instanceof OpenAI.PermissionDeniedError &&
    error.code === "model_not_allowed";
  const calls = rig.upstream.chats().length;
  for (const model of ["fake-2", "openai/fake-1", "openai/fake-2"]) {
    const { chat, responses, embeddings, completions } = client;
    const asks = [
      () => chat.completions.create(question({ model })),
      () => chat.completions.create(question({ model, stream: true })),
      () => responses.create({ model, input: "x" }),
      () => embeddings.create({ model, input: "x" }),
      () => completions.create({ model, prompt: "x" }),
    ];
    for (const ask of asks) await assert.rejects(ask, isRefused, model);
    const headers = bearer(made.key);
    const stream = { query: "x", model };
    const asked = await app.post("/api/stream", stream, headers);
    assert.equal(await problemCode(asked, 403), "model_not_allowed");
    const ui = await app.post("/api/chat", {
      id: "c1",
      messages: [{
        id: "1",
        role: "user",
        parts: [{ type: "text", text: "x" }],
      }],
      model,
    }, headers);
    assert.equal(await problemCode(ui, 403), "model_not_allowed");
  }
  assert.equal(rig.upstream.chats().length, calls);
  const shown = await app.fetch("/api/models", { headers: bearer(made.key) });
  const { items, defaultModel } = await shown.json();
  const ids = items.map(({ id }: { id: string }) => id).sort();
  assert.ok(ids.every((id: string) => ["best", "fake-1"].includes(id)), ids);
  assert.ok(ids.includes(defaultModel));
});

Deno.test("keys: an idempotency key of another caller lends no model", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const headers = { "idempotency-key": "shared" };
  const first = await app.post("/v1/chat/completions", question(), headers);
  assert.equal(first.status, 200);
  await first.body?.cancel();
  const { key } = await makeKey(app, { models: ["fake-2"] });
  const second = await app.post("/v1/chat/completions", question(), {
    ...headers,
    ...bearer(key),
  });
  await openAIError(second, 403, "model_not_allowed");
});

Deno.test("keys: a key goes no further than its scopes, endpoints and reading", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const status = async (
    key: { key: string },
    path: string,
    body?: unknown,
  ) => {
    const response = body === undefined
      ? await app.fetch(path, { headers: bearer(key.key) })
      : await app.post(path, body, bearer(key.key));
    await response.body?.cancel();
    return response.status;
  };
  const v1 = await makeKey(app, { scopes: ["v1"] });
  const api = await makeKey(app, { scopes: ["api"] });
  const metrics = await makeKey(app, { scopes: ["metrics"] });
  const reader = await makeKey(app, {
    scopes: ["v1", "api", "admin"],
    readOnly: true,
  });
  const embedder = await makeKey(app, { endpoints: ["embeddings"] });
  const ask = question();
  const rows: [{ key: string }, string, unknown, number][] = [
    [v1, "/v1/models", undefined, 200],
    [v1, "/v1/chat/completions", ask, 200],
    [v1, "/api/threads", undefined, 403],
    [v1, "/api/keys", { name: "x" }, 403],
    [v1, "/metrics", undefined, 403],
    [api, "/api/threads", undefined, 200],
    [api, "/api/threads", {}, 201],
    [api, "/api/keys", undefined, 200],
    [api, "/api/keys", { name: "x" }, 403],
    [api, "/api/keys?user=all", undefined, 403],
    [api, "/api/cache", undefined, 403],
    [api, "/v1/models", undefined, 403],
    [metrics, "/metrics", undefined, 200],
    [metrics, "/api/threads", undefined, 403],
    [metrics, "/v1/models", undefined, 403],
    [reader, "/v1/models", undefined, 200],
    [reader, "/api/threads", undefined, 200],
    [reader, "/v1/chat/completions", ask, 403],
    [reader, "/api/threads", {}, 403],
    [reader, "/api/keys", { name: "x" }, 403],
    [embedder, "/v1/chat/completions", ask, 403],
    [embedder, "/v1/models", undefined, 403],
    [embedder, `/v1/runs/${newId("run")}`, undefined, 403],
    // It is the provider that has no such endpoint.
    [embedder, "/v1/embeddings", { model: "fake-1", input: "x" }, 400],
  ];
  const seen: unknown[] = [];
  for (const [key, path, body] of rows) {
    seen.push([path, body, await status(key, path, body)]);
  }
  assert.deepEqual(
    seen,
    rows.map(([, path, body, code]) => [path, body, code]),
  );
});

Deno.test("keys: a key that leaked cannot make itself another, nor more of itself", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const patch = (made: { id: string; key: string }, body: unknown) =>
    app.fetch(`/api/keys/${made.id}`, {
      method: "PATCH",
      headers: {
        "content-type": "application/json",
        "if-match": "*",
        ...bearer(made.key),
      },
      body: JSON.stringify(body),
    });
  const api = await makeKey(app, { scopes: ["api"] });
  for (const body of [{ scopes: ["api", "admin"] }, { name: "x" }]) {
    assert.equal(
      await problemCode(await patch(api, body), 403),
      "keys_not_manageable",
    );
  }
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const admin = await makeKey(app, {
    scopes: ["admin", "api"],
    expiresAt: soon,
    models: ["fake-1"],
  });
  for (
    const body of [
      { expiresAt: null },
      { models: null },
      { models: ["fake-1", "fake-2"] },
      { scopes: ["admin", "api", "v1"] },
      { budget: { period: "day", usd: "1000" } },
    ]
  ) {
    const response = await patch(admin, body);
    assert.equal(
      await problemCode(response, 403),
      "key_exceeds_caller",
      JSON.stringify(body),
    );
  }
  const other = await app.post("/api/keys", { name: "x" }, bearer(admin.key));
  assert.equal(await problemCode(other, 403), "key_exceeds_caller");
});

Deno.test("keys: the audit log has what became of a key, and not the key", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const made = await makeKey(app, { name: "alarm-bot", models: ["fake-1"] });
  const changed = await app.fetch(`/api/keys/${made.id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json", "if-match": '"1"' },
    body: JSON.stringify({ readOnly: true }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await revokeKey(app, made.id);
  const events = await waitFor("the audit log", async () => {
    const text = await (await app.fetch("/api/audit?limit=50")).text();
    assert.ok(!text.includes(made.key.slice(4)));
    const { items } = JSON.parse(text) as {
      items: { type: string; subject: string }[];
    };
    const about = items.filter(({ subject }) => subject === made.id);
    return about.length === 3 && about;
  });
  assert.deepEqual(
    events.map(({ type }) => type).sort(),
    ["key.changed", "key.created", "key.revoked"],
  );
});

Deno.test("keys: limits and a budget of its own hold for a key, and for no other", async () => {
  const dollar = "1000000.00";
  await using rig = await startChat({ behaviour: { text: "Two metres" } }, {
    configFile: {
      prices: [{
        model: "fake-1",
        from: "2020-01-01",
        inputPerMillionUsd: dollar,
        outputPerMillionUsd: dollar,
      }],
    },
  });
  const { app } = rig;
  const limited = await makeKey(app, { limits: { requestsPerMinute: 2 } });
  const poor = await makeKey(app, { budget: { period: "day", usd: "1.00" } });
  const free = await makeKey(app);
  const ask = (key: { key: string }) =>
    app.post(
      "/v1/chat/completions",
      question({ max_tokens: 5 }),
      bearer(key.key),
    );
  for (const status of [200, 200, 429]) {
    const response = await ask(limited);
    assert.equal(response.status, status, await response.text());
  }
  await openAIError(await ask(limited), 429, "rate_limit_exceeded");
  const spent = await openAIError(await ask(poor), 402, "budget_exceeded");
  assert.equal(spent.type, "insufficient_quota");
  assert.equal((await ask(free)).status, 200);
});
