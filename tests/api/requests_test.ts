/** Requests that asked a model, looked for over HTTP and on the pages of admins. */
import assert from "node:assert/strict";
import { record } from "@/lib/observe/testing/records.ts";
import type { RequestRecord } from "@/lib/observe/request_record.ts";
import { idBound } from "@/lib/observe/request_time.ts";
import type {
  RequestDetail,
  RequestsView,
} from "@/lib/shared/requests/request_view.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { askStream, newThread } from "../support/chat_client.ts";
import { collectEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import { postChat, question, startChat } from "./v1_rig.ts";

interface Found {
  items: RequestRecord[];
  nextCursor: string | null;
  looked: { requests: number; backTo: string | null };
}

const JSON_PAGE = { headers: { accept: "application/json" } };

async function find(app: TestApp, query: string): Promise<Found> {
  const response = await app.fetch(`/api/requests${query}`);
  assert.equal(response.status, 200, query);
  return await response.json();
}

async function workspaceOf(app: TestApp): Promise<string> {
  return (await (await app.fetch("/api/session")).json()).workspace.id;
}

/** Puts records into the log as if their requests had been made, one a second until now. */
async function write(
  app: TestApp,
  all: readonly Partial<RequestRecord>[],
): Promise<string[]> {
  const { requestLog } = app.services;
  const workspace = await workspaceOf(app);
  const nowMs = Date.now();
  const records = all.map((more, index) =>
    record(nowMs - (all.length - index) * 1_000, more)
  );
  for (const each of records) requestLog.add(workspace, each);
  await requestLog.flush();
  return records.map(({ id }) => id);
}

const idsOf = ({ items }: Found) => items.map(({ id }) => id);

Deno.test("GET /api/requests: what cannot be read is refused by its name", async () => {
  await using app = await startApp();
  for (
    const [query, path] of [
      ["?result=all", "result"],
      ["?status=done", "status"],
      ["?source=mail", "source"],
      ["?cache=yes", "cache"],
      ["?seconds=-1", "seconds"],
      ["?seconds=soon", "seconds"],
      ["?from=yesterday", "from"],
      ["?from=2026-02-02&to=2026-02-01", "from"],
      [`?q=${"x".repeat(201)}`, "q"],
      ["?cursor=run_1", "cursor"],
    ]
  ) {
    const response = await app.fetch(`/api/requests${query}`);
    const problem = await response.json();
    assert.equal(response.status, 400, query);
    assert.equal(problem.errors[0].path, path, query);
  }
});

Deno.test("GET /api/requests: each member of a filter narrows, several do together, and nothing found is said so", async () => {
  await using app = await startApp();
  const ids = await write(app, [
    {
      model: "m2",
      servedModel: "m2",
      provider: "a",
      totalMs: 400,
      source: "chat",
    },
    { model: "m1", provider: "b", totalMs: 45_000 },
    {
      status: "failed",
      error: { code: "provider_timeout", message: "Late" },
      totalMs: 12_000,
      model: "m2",
    },
    { status: "refused", httpStatus: 429, run: null, model: null },
    { cache: "hit-l1", run: null, thread: "thr_1" },
  ]);
  const cases: [query: string, wanted: number[]][] = [
    ["", [4, 3, 2, 1, 0]],
    ["?model=m2", [2, 0]],
    ["?model=a/m1", []],
    ["?model=b/m1", [1]],
    ["?provider=b", [1]],
    ["?source=chat", [0]],
    ["?status=refused", [3]],
    ["?cache=hit-l1", [4]],
    ["?error=provider_timeout", [2]],
    ["?error=429", [3]],
    ["?result=failed", [3, 2]],
    ["?result=failed&model=m2", [2]],
    ["?result=slow", [1]],
    ["?seconds=10", [2, 1]],
    ["?seconds=40&result=failed", []],
    ["?q=TIMEOUT", [2]],
    ["?q=m2&source=chat", [0]],
    ["?q=thr_1", [4]],
    ["?q=nobody", []],
    [`?q=${ids[1]}`, [1]],
    [`?q=${ids[1].slice(0, 20)}`, [1]],
    ["?q=req_zz", []],
    ["?q=run_0123456789012345678901", []],
  ];
  for (const [query, wanted] of cases) {
    const found = await find(app, query);
    assert.deepEqual(idsOf(found), wanted.map((index) => ids[index]), query);
    assert.equal(found.nextCursor, null, query);
    assert.equal(found.looked.backTo, null, query);
  }
  const [second] = [new Date(Date.now() - 3_400).toISOString()];
  const late = await find(app, `?from=${second}`);
  const early = await find(app, `?to=${second}`);
  assert.deepEqual([...idsOf(late), ...idsOf(early)], ids.toReversed());
});

Deno.test("GET /api/requests: pages of a search go on where the one before ended", async () => {
  await using app = await startApp();
  const ids = await write(
    app,
    Array.from({ length: 95 }, (_, index) => ({
      model: index % 3 === 0 ? "m3" : "m1",
    })),
  );
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const found: Found = await find(app, `?model=m3&limit=10${query}`);
    seen.push(...idsOf(found));
    cursor = found.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(seen, ids.filter((_, index) => index % 3 === 0).reverse());
});

Deno.test("GET /api/requests: a run leads to its request, an answer's headers are kept without its key", async () => {
  await using rig = await startChat();
  const response = await postChat(rig.app, question(), {
    authorization: "Bearer sk-not-to-be-kept-anywhere",
    cookie: "freshet_other=not-to-be-kept-anywhere",
    "x-stainless-lang": "js",
  });
  await response.text();
  await rig.app.services.requestLog.flush();
  const run = response.headers.get("x-freshet-run")!;
  const { items: [found] } = await find(rig.app, `?q=${run}`);
  assert.equal(found.id, response.headers.get("x-request-id"));
  const { request, response: told } = found.headers!;
  assert.doesNotMatch(JSON.stringify(found), /not-to-be-kept/);
  const sent = new Map(request);
  assert.deepEqual(
    [sent.get("authorization"), sent.get("x-stainless-lang")],
    ["Bearer …", "js"],
  );
  const got = new Map(told);
  for (const name of ["x-request-id", "x-freshet-run", "server-timing"]) {
    const value = response.headers.get(name);
    if (name !== "server-timing") assert.equal(got.get(name), value, name);
    else assert.ok(got.has(name));
  }
});

Deno.test("/admin/requests: names by which people and keys are known are looked for too", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const made = await app.post("/api/keys", {
    name: "Nightly forecast",
    scopes: ["v1"],
  });
  const { key } = await made.json();
  const response = await postChat(app, question(), {
    authorization: `Bearer ${key}`,
  });
  await response.text();
  await (await postChat(app, question({ temperature: 1 }))).text();
  await app.services.requestLog.flush();
  for (const query of ["q=nightly", "key=FORECAST", "user=owner&key=nightly"]) {
    const page = await app.fetch(`/admin/requests?${query}`, JSON_PAGE);
    const view: RequestsView = await page.json();
    assert.deepEqual(
      view.rows.map(({ id, who }) => [id, who]),
      [[response.headers.get("x-request-id"), "api, Nightly forecast"]],
      query,
    );
  }
  const none = await find(app, "?user=nobody-of-this-name");
  assert.deepEqual(none.items, []);
});

Deno.test("/admin/requests: the first HTML has the list, the request, its stages and what failed today", async () => {
  await using app = await startApp();
  const [slow, failed] = await write(app, [
    {
      model: "slow-model",
      stages: [{
        id: 1,
        name: "provider.first_token",
        startMs: 3,
        durationMs: 800,
        outcome: "ok",
        error: null,
      }],
    },
    { status: "failed", error: { code: "provider_down", message: "It is." } },
  ]);
  const list = await (await app.fetch("/admin/requests")).text();
  for (const text of ["slow-model", slow, failed, "in the last 24 hours"]) {
    assert.ok(list.includes(text), text);
  }
  const one = await app.fetch(`/admin/requests/${slow}`);
  const html = await one.text();
  assert.equal(one.status, 200);
  assert.match(html, /provider\.first_token/);
  assert.match(html, /800 ms/);
  assert.ok(html.length < 100_000, `${html.length} bytes`);
  const missing = await app.fetch("/admin/requests/req_0000000000000000000000");
  assert.equal(missing.status, 404);
  assert.match(await missing.text(), /No record of this request/);
  const wrong = await app.fetch("/admin/requests?seconds=soon");
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /must be a number from 0 to 86400/);
});

Deno.test("/admin/requests: one that goes on is on top with what is known of it, and ends in its place", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  upstream.hold();
  const thread = await newThread(app);
  const asked = await askStream(app, thread.id, {
    message: { content: "How high is the river?" },
  });
  await upstream.waitForChat(0);
  const list = await app.fetch("/admin/requests", JSON_PAGE);
  const { rows: [row] }: RequestsView = await list.json();
  assert.equal(row.status, "running");
  const path = `/admin/requests/${row.id}`;
  const read = async (): Promise<RequestDetail> =>
    (await (await app.fetch(path, JSON_PAGE)).json()).detail;
  const open = await read();
  assert.equal(open.status, "running");
  assert.ok(open.stages.some(({ durationMs }) => durationMs === null));
  upstream.release();
  await collectEvents(asked);
  const ended = await waitFor("the record", async () => {
    const detail = await read();
    return detail.status === "running" ? null : detail;
  });
  assert.equal(ended.status, "completed");
  assert.equal(ended.threadPath, `/c/${thread.id}`);
  const { rows } = await (await app.fetch("/admin/requests", JSON_PAGE)).json();
  assert.deepEqual(
    rows.map(({ id }: { id: string }) => id),
    [row.id],
  );
});

Deno.test("/admin/requests/:request: question and answer are read only where asked for", async () => {
  await using rig = await startChat({}, {
    configFile: { requestLog: { bodies: true } },
  });
  const response = await postChat(rig.app, question());
  await response.text();
  await rig.app.services.requestLog.flush();
  const path = `/admin/requests/${response.headers.get("x-request-id")}`;
  const plain = await (await rig.app.fetch(path)).text();
  assert.doesNotMatch(plain, /How high is the river/);
  assert.match(plain, /Show question and answer/);
  const whole = await (await rig.app.fetch(`${path}?show=bodies`)).text();
  assert.match(whole, /How high is the river/);
});

Deno.test("GET /api/requests: as many reads of the store at 400 as at 2,000 requests", async () => {
  const counts: number[] = [];
  for (const rows of [400, 2_000]) {
    let reads = 0;
    await using app = await startApp({
      wrapKv: (kv) =>
        new Proxy(kv, {
          get(target, name) {
            const value = Reflect.get(target, name, target);
            if (typeof value !== "function") return value;
            return (...args: unknown[]) => {
              const [selector] = args;
              const of = JSON.stringify(selector) ?? "";
              if (name === "list" && /"q[lsi]"/.test(of)) reads += 1;
              if (name === "getMany" && /"ql"/.test(of)) reads += 1;
              return Reflect.apply(value, target, args);
            };
          },
        }),
    });
    const workspace = await workspaceOf(app);
    const nowMs = Date.now();
    for (let index = 0; index < rows; index += 1) {
      const atMs = nowMs - index * 20;
      const status = index % 4 === 0 ? "failed" : "completed";
      app.services.requestLog.add(workspace, {
        ...record(atMs, { status }),
        id: idBound(atMs),
      });
      if (index % 500 === 499) await app.services.requestLog.flush();
    }
    await app.services.requestLog.flush();
    reads = 0;
    for (const query of ["", "?result=failed", "?model=m1"]) {
      const { items } = await find(app, query);
      assert.equal(items.length, 50);
    }
    counts.push(reads);
  }
  assert.equal(counts[1], counts[0]);
});
