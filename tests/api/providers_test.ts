/** Providers and routes that are changed while the server runs, over HTTP. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { ProviderDetails } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { askWhole, type Caller } from "../support/chat_client.ts";
import {
  type FakeUpstream,
  startFakeUpstream,
} from "../support/fake_upstream.ts";
import { assemble } from "../support/sse.ts";
import { openAIError, postChat, question } from "./v1_rig.ts";

const KEY = "sk-0123456789abcdefghij-wxyz";

interface Rig extends AsyncDisposable {
  app: TestApp;
  upstream: FakeUpstream;
}

/** An app with a provider `set` of the config file, and an upstream that nobody knows yet. */
async function start(more: Record<string, unknown> = {}): Promise<
  Rig & { known: FakeUpstream }
> {
  const upstream = await startFakeUpstream({
    models: ["m1", "m2", "held"],
    behaviour: { text: "from the added" },
    behaviours: { held: { held: true, text: "to the end" } },
    apiKey: KEY,
  });
  const known = await startFakeUpstream({
    models: ["old"],
    behaviour: { text: "from the settings" },
  });
  const app = await startApp({
    configFile: {
      providers: [{
        id: "set",
        baseUrl: known.url,
        apiKey: "sk-settings-0123456789",
      }],
      cache: { policy: "off" },
      ...more,
    },
  });
  return {
    app,
    upstream,
    known,
    async [Symbol.asyncDispose]() {
      upstream.release();
      await app.close();
      await upstream.close();
      await known.close();
    },
  };
}

async function send(
  app: Caller,
  method: string,
  path: string,
  body: unknown,
  version: number | null,
  // deno-lint-ignore no-explicit-any -- bodies of any shape
): Promise<{ status: number; body: any }> {
  const response = await app.fetch(path, {
    method,
    headers: {
      "content-type": "application/json",
      ...(version === null ? {} : { "if-match": `"${version}"` }),
    },
    body: body === null ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
  };
}

async function add({ app, upstream }: Rig, more: Record<string, unknown> = {}) {
  const input = { id: "added", baseUrl: upstream.url, apiKey: KEY, ...more };
  const response = await app.post("/api/providers", input);
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return JSON.parse(text) as ProviderDetails;
}

async function providers(app: Caller): Promise<ProviderDetails[]> {
  return (await (await app.fetch("/api/providers")).json()).items;
}

async function modelIds(app: Caller): Promise<string[]> {
  const { items } = await (await app.fetch("/api/models")).json();
  return items.map(({ id }: { id: string }) => id);
}

Deno.test("providers: one that was added answers at once, and its key is shown nowhere", async () => {
  await using rig = await start();
  const made = await add(rig);
  assert.equal(made.key, "kept");
  assert.equal(made.keyEnd, KEY.slice(-4));
  assert.equal(made.source, "page");
  assert.equal(made.version, 1);
  const { events } = await askWhole(rig.app, "x", "added/m1");
  assert.equal(assemble(events), "from the added");
  assert.deepEqual(await modelIds(rig.app), [
    "set/old",
    "added/m1",
    "added/m2",
    "added/held",
  ]);
  const shown = [
    JSON.stringify(await providers(rig.app)),
    await (await rig.app.fetch("/api/audit")).text(),
    rig.app.logLines.join("\n"),
  ];
  for (const text of shown) assert.ok(!text.includes(KEY));
  const rows = rig.app.services.store.kv.list({ prefix: [] });
  for await (const { key, value } of rows) {
    assert.ok(!Deno.inspect(value, { depth: 9 }).includes(KEY), key.join("/"));
  }
});

Deno.test("providers: bad input is refused with the field that is wrong", async () => {
  await using rig = await start();
  const good = { id: "added", baseUrl: rig.upstream.url };
  const statuses: [number, string][] = [];
  for (
    const input of [
      { ...good, id: "set" },
      { ...good, id: "With Space" },
      { ...good, id: "freshet" },
      { ...good, baseUrl: "http://169.254.169.254/v1" },
      { ...good, baseUrl: "ftp://a.example" },
      { ...good, apiKey: "two words" },
      { ...good, apiKey: "line\r\nbreak" },
      { ...good, models: [] },
      { ...good, maxConnections: 0 },
      { ...good, weight: 1 },
    ]
  ) {
    const response = await rig.app.post("/api/providers", input);
    const { errors } = await response.json();
    statuses.push([response.status, errors?.[0]?.path]);
  }
  assert.deepEqual(statuses, [
    [409, "id"],
    [400, "id"],
    [400, "id"],
    [400, "baseUrl"],
    [400, "baseUrl"],
    [400, "apiKey"],
    [400, "apiKey"],
    [400, "models"],
    [400, "maxConnections"],
    [400, ""],
  ]);
  assert.deepEqual((await providers(rig.app)).map(({ id }) => id), ["set"]);
});

Deno.test("providers: a drained one ends what it answers and is asked no more", async () => {
  await using rig = await start();
  const { app, upstream } = rig;
  const made = await add(rig);
  const running = postChat(
    app,
    question({ model: "added/held", stream: true }),
  );
  await upstream.waitForChat(0);
  const drained = await send(
    app,
    "PATCH",
    "/api/providers/added",
    { state: "draining" },
    made.version,
  );
  assert.equal(drained.status, 200);
  assert.equal(drained.body.state, "draining");
  assert.equal(drained.body.connections.inUse, 1);
  const refused = await postChat(app, question({ model: "added/m1" }));
  const { message } = await openAIError(refused, 404, "model_not_found");
  assert.match(message, /"added" is switched off/);
  assert.deepEqual(await modelIds(app), ["set/old"]);
  upstream.release();
  assert.match(await (await running).text(), /end[^]*\[DONE\]/);
  assert.equal((await providers(app))[1].connections.inUse, 0);
  const again = await send(
    app,
    "PATCH",
    "/api/providers/added",
    { state: "active" },
    drained.body.version,
  );
  assert.equal(again.status, 200);
  const { events } = await askWhole(app, "x", "added/m1");
  assert.equal(assemble(events), "from the added");
});

Deno.test("providers: one in use is removed only when that is meant, and ends what it answers", async () => {
  await using rig = await start();
  const { app, upstream } = rig;
  await add(rig);
  const route = { id: "best", targets: [{ provider: "added", model: "m1" }] };
  const routed = await app.post("/api/routes", route);
  await routed.body?.cancel();
  const running = postChat(
    app,
    question({ model: "added/held", stream: true }),
  );
  await upstream.waitForChat(0);
  const kept = await send(app, "DELETE", "/api/providers/added", null, 1);
  assert.equal(kept.status, 409);
  assert.equal(kept.body.code, "provider_in_use");
  assert.deepEqual(kept.body.routes, ["best"]);
  assert.equal(kept.body.running, 1);
  const path = "/api/providers/added?force=true";
  assert.equal((await send(app, "DELETE", path, null, 1)).status, 204);
  assert.equal((await send(app, "DELETE", path, null, 1)).status, 404);
  assert.deepEqual(await modelIds(app), ["set/old"]);
  upstream.release();
  assert.match(await (await running).text(), /end[^]*\[DONE\]/);
});

Deno.test("providers: one of the settings can be switched off, and nothing else", async () => {
  await using rig = await start();
  const { app } = rig;
  const path = "/api/providers/set";
  const changed = await send(app, "PATCH", path, { maxConnections: 1 }, 0);
  assert.equal(changed.body.code, "provider_read_only");
  const removed = await send(app, "DELETE", `${path}?force=true`, null, 0);
  assert.equal(removed.body.code, "provider_read_only");
  const off = await send(app, "PATCH", path, { state: "disabled" }, 0);
  assert.deepEqual([off.status, off.body.state], [200, "disabled"]);
  assert.deepEqual(await modelIds(app), []);
  const on = await send(app, "PATCH", path, { state: "active" }, 1);
  assert.equal(on.status, 200);
  assert.deepEqual(await modelIds(app), ["set/old"]);
});

Deno.test("providers: a change needs the version that is there", async () => {
  await using rig = await start();
  await add(rig);
  const path = "/api/providers/added";
  const patch = { maxConnections: 3 };
  const statuses = [
    (await send(rig.app, "PATCH", path, patch, null)).status,
    (await send(rig.app, "PATCH", path, patch, 7)).status,
    (await send(rig.app, "PATCH", path, {}, 1)).status,
    (await send(rig.app, "DELETE", path, null, null)).status,
    (await send(rig.app, "PATCH", path, patch, 1)).status,
    (await send(rig.app, "PATCH", "/api/providers/none", patch, 1)).status,
  ];
  assert.deepEqual(statuses, [428, 412, 400, 428, 200, 404]);
});

Deno.test("providers: a kept key goes to no other server, even when the address is changed", async () => {
  await using rig = await start();
  await add(rig);
  await using other = {
    server: await startFakeUpstream(),
    [Symbol.asyncDispose]() {
      return this.server.close();
    },
  };
  const { url } = other.server;
  const path = "/api/providers/added";
  const moved = await send(rig.app, "PATCH", path, { baseUrl: url }, 1);
  assert.equal(moved.status, 400);
  assert.equal(moved.body.code, "provider_key_needed");
  const told = { baseUrl: url, apiKey: null };
  assert.equal((await send(rig.app, "PATCH", path, told, 1)).status, 200);
  const asked = await postChat(rig.app, question({ model: "added/fake-1" }));
  await asked.body?.cancel();
  const seen = other.server.requests.map(({ headers }) =>
    headers.authorization
  );
  assert.ok(seen.length > 0);
  assert.ok(seen.every((header) => header === undefined), String(seen));
});

Deno.test("providers: a test says in plain words what is wrong, and costs nothing", async () => {
  await using rig = await start();
  const { app, upstream, known } = rig;
  const tried = async (baseUrl: string, apiKey: string | null) => {
    const response = await app.post("/api/providers/test", { baseUrl, apiKey });
    assert.equal(response.status, 200);
    const { ok, message } = await response.json();
    return [ok, message];
  };
  assert.deepEqual(await tried(upstream.url, KEY), [
    true,
    "It answers, and has 3 models.",
  ]);
  const [isOk, wrongKey] = await tried(upstream.url, "sk-wrong");
  assert.equal(isOk, false);
  assert.match(wrongKey, /does not accept the key/);
  const [, wrongPath] = await tried(known.url.replace("/v1", "/v2"), null);
  assert.match(wrongPath, /usually ends in \/v1/);
  const [, nobody] = await tried("http://127.0.0.1:1/v1", null);
  assert.match(nobody, /refused the connection/);
  await add(rig);
  const response = await app.fetch("/api/providers/added/test", {
    method: "POST",
  });
  assert.equal((await response.json()).ok, true);
  assert.equal(upstream.chats().length, 0);
});

Deno.test("providers: each change is in the audit log, without the key", async () => {
  await using rig = await start();
  await add(rig);
  const path = "/api/providers/added";
  await send(rig.app, "PATCH", path, { state: "disabled" }, 1);
  await send(rig.app, "PATCH", path, { apiKey: `${KEY}2` }, 2);
  await send(rig.app, "DELETE", path, null, 3);
  const rows = rig.app.services.store.kv.list<
    // deno-lint-ignore no-explicit-any -- events of any type
    { ev: any[] }
  >({ prefix: [FIRST_WORKSPACE, "e"] });
  const told = (await Array.fromAsync(rows)).flatMap(({ value }) => value.ev)
    .filter(({ type }) => type === "settings.changed")
    .map(({ subject, data }) => [subject, data.details.change]);
  assert.deepEqual(told, [
    ["provider:added", "added"],
    ["provider:added", "disabled"],
    ["provider:added", "key changed"],
    ["provider:added", "removed"],
  ]);
});

Deno.test("routes: one that was added leads to its targets in their order, and can be switched off", async () => {
  await using rig = await start();
  const { app } = rig;
  await add(rig);
  const route = {
    id: "best",
    targets: [
      { provider: "added", model: "m1" },
      { provider: "set", model: "old" },
    ],
    retries: 0,
  };
  const nobody = await app.post("/api/routes", {
    ...route,
    targets: [{ provider: "none", model: "x" }],
  });
  assert.equal(nobody.status, 400);
  assert.equal((await nobody.json()).errors[0].path, "targets.0.provider");
  const made = await app.post("/api/routes", route);
  assert.equal(made.status, 201);
  assert.equal(made.headers.get("etag"), '"1"');
  await made.body?.cancel();
  const whoAnswers = async () => {
    const { events } = await askWhole(app, "x", "best");
    return assemble(events);
  };
  assert.equal(await whoAnswers(), "from the added");
  await send(app, "PATCH", "/api/providers/added", { state: "disabled" }, 1);
  assert.equal(await whoAnswers(), "from the settings");
  const path = "/api/routes/best";
  const off = await send(app, "PATCH", path, { isDisabled: true }, 1);
  assert.equal(off.status, 200);
  const refused = await postChat(app, question({ model: "best" }));
  const { message } = await openAIError(refused, 404, "model_not_found");
  assert.match(message, /this route is switched off/);
  const timeouts = await send(
    app,
    "PATCH",
    path,
    { isDisabled: false, timeoutsMs: { connect: 77 } },
    2,
  );
  assert.equal(timeouts.body.timeoutsMs.connect, 77);
  assert.equal(timeouts.body.timeoutsMs.total, 600_000);
  assert.equal((await send(app, "DELETE", path, null, 3)).status, 204);
  const list = await (await app.fetch("/api/routes")).json();
  assert.deepEqual(list.items, []);
});

Deno.test("routes: one of the settings can be switched off, and nothing else", async () => {
  await using rig = await start({
    routes: [{ id: "way", targets: [{ provider: "set", model: "old" }] }],
  });
  const path = "/api/routes/way";
  const changed = await send(rig.app, "PATCH", path, { retries: 5 }, 0);
  assert.equal(changed.body.code, "route_read_only");
  const removed = await send(rig.app, "DELETE", path, null, 0);
  assert.equal(removed.body.code, "route_read_only");
  const off = await send(rig.app, "PATCH", path, { isDisabled: true }, 0);
  assert.equal(off.body.isDisabled, true);
  assert.deepEqual(await modelIds(rig.app), ["set/old"]);
});

Deno.test("/admin/providers: one that is not there is 404, also for a form, and an unknown form is refused", async () => {
  await using rig = await start();
  const statuses: number[] = [];
  for (
    const [path, action] of [
      ["/admin/providers/none", null],
      ["/admin/providers/none", "remove"],
      ["/admin/providers/none", "test"],
      ["/admin/providers/routes/none", "disabled"],
      ["/admin/providers/set", "sell"],
      ["/admin/providers", "add-route"],
    ] as const
  ) {
    const response = await rig.app.fetch(
      path,
      action === null ? {} : {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ action, version: "1" }),
      },
    );
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, [404, 404, 404, 404, 400, 400]);
});
