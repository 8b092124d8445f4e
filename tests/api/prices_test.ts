/** Prices that are set while the server runs, over HTTP and in the page of the operators. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  type ChatRig,
  clientOf,
  MODEL,
  postChat,
  question,
  startChat,
} from "./v1_rig.ts";

const CONFIGURED = {
  model: MODEL,
  from: "2026-01-01",
  inputPerMillionUsd: "1",
  outputPerMillionUsd: "2",
};

async function start(): Promise<ChatRig> {
  return await startChat(
    { behaviour: { text: "a b c", usage: "own", split: false } },
    { configFile: { prices: [CONFIGURED], cache: { policy: "off" } } },
  );
}

async function put(
  { app }: ChatRig,
  items: unknown[],
  version: number | null,
): Promise<Response> {
  return await app.fetch("/api/prices", {
    method: "PUT",
    headers: {
      "content-type": "application/json",
      ...(version === null ? {} : { "if-match": `"${version}"` }),
    },
    body: JSON.stringify({ items }),
  });
}

/** What an answer cost in micro-dollars, and how many tokens it took. */
async function ask(rig: ChatRig) {
  const response = await postChat(rig.app, question());
  const { usage } = await response.json();
  const id = response.headers.get("x-freshet-run")!;
  const record = await rig.app.services.gateway.run(
    `${FIRST_WORKSPACE}/v1`,
    id,
  );
  return { cost: record.record.costMicroUsd, usage };
}

Deno.test("prices: what is set holds at once, for answers that begin from that day on", async () => {
  await using rig = await start();
  const before = await ask(rig);
  assert.equal(
    before.cost,
    before.usage.prompt_tokens + 2 * before.usage.completion_tokens,
  );
  const dearer = {
    model: MODEL,
    from: "2026-02-01",
    inputPerMillionUsd: "10",
    outputPerMillionUsd: "20",
  };
  const later = { ...dearer, from: "2999-01-01", inputPerMillionUsd: "99" };
  const response = await put(rig, [dearer, later], 0);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("etag"), '"1"');
  const { items, version } = await response.json();
  assert.equal(version, 1);
  assert.deepEqual(
    items.map(({ from, source }: { from: string; source: string }) => [
      from,
      source,
    ]),
    [
      ["2026-01-01", "config"],
      ["2026-02-01", "edited"],
      ["2999-01-01", "edited"],
    ],
  );
  const after = await ask(rig);
  assert.equal(
    after.cost,
    10 * after.usage.prompt_tokens + 20 * after.usage.completion_tokens,
  );
});

Deno.test("prices: a price from the same day takes the place of the config file's, until it is removed", async () => {
  await using rig = await start();
  const free = {
    ...CONFIGURED,
    inputPerMillionUsd: "0",
    outputPerMillionUsd: "0",
  };
  const response = await put(rig, [free], 0);
  await response.body?.cancel();
  assert.equal((await ask(rig)).cost, 0);
  const there = await rig.app.fetch("/api/prices");
  const { items } = await there.json();
  assert.equal(items.length, 1);
  const removed = await put(rig, [], 1);
  await removed.body?.cancel();
  assert.notEqual((await ask(rig)).cost, 0);
});

Deno.test("prices: a change needs the version that is there, and prices that can be used", async () => {
  await using rig = await start();
  const price = { ...CONFIGURED, from: "2026-03-01" };
  const statuses: number[] = [];
  for (
    const [items, version] of [
      [[price], null],
      [[price], 3],
      [[{ ...price, from: "tomorrow" }], 0],
      [[{ ...price, inputPerMillionUsd: "-1" }], 0],
      [[{ ...price, inputPerMillionUsd: 1 }], 0],
      [[price, price], 0],
      [[{ ...price, currency: "EUR" }], 0],
      [[price], 0],
    ] as const
  ) {
    const response = await put(rig, [...items], version);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, [428, 412, 400, 400, 400, 400, 400, 200]);
});

Deno.test("prices: each change is in the audit log", async () => {
  await using rig = await start();
  const price = { ...CONFIGURED, from: "2026-03-01" };
  for (const [items, version] of [[[price], 0], [[], 1]] as const) {
    const response = await put(rig, [...items], version);
    await response.body?.cancel();
  }
  const rows = rig.app.services.store.kv.list<
    // deno-lint-ignore no-explicit-any -- events of any type
    { ev: any[] }
  >({ prefix: [FIRST_WORKSPACE, "e"] });
  const told = (await Array.fromAsync(rows))
    .flatMap(({ value }) => value.ev)
    .filter(({ type }) => type === "price.changed")
    .map(({ subject, data }) => [subject, data.details.change]);
  assert.deepEqual(told, [[MODEL, "added"], [MODEL, "removed"]]);
});

/** Posts a form as a browser without a script does. */
async function postForm(
  { app }: ChatRig,
  path: string,
  fields: Record<string, string>,
): Promise<Response> {
  return await app.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });
}

Deno.test("/admin/prices: shows prices and models without one, and takes new ones without a script", async () => {
  await using rig = await start();
  await clientOf(rig.app).models.list();
  const first = await (await rig.app.fetch("/admin/prices")).text();
  assert.match(first, /2026-01-01/);
  assert.match(first, /Models without a price/);
  const fields = {
    action: "set",
    version: "0",
    model: "fake-2",
    from: "2026-04-01",
    inputPerMillionUsd: "3",
    cachedInputPerMillionUsd: "",
    outputPerMillionUsd: "4.5",
  };
  const refused = await postForm(rig, "/admin/prices", {
    ...fields,
    outputPerMillionUsd: "much",
  });
  assert.equal(refused.status, 400);
  const again = await refused.text();
  assert.match(again, /Want US dollars as a decimal string/);
  assert.match(again, /value="much"/);
  const stale = await postForm(rig, "/admin/prices", {
    ...fields,
    version: "9",
  });
  assert.equal(stale.status, 412);
  await stale.body?.cancel();
  const taken = await postForm(rig, "/admin/prices", fields);
  assert.equal(taken.status, 303);
  const second = await (await rig.app.fetch("/admin/prices")).text();
  assert.match(second, /2026-04-01/);
  const removed = await postForm(rig, "/admin/prices", {
    action: "remove",
    version: "1",
    model: "fake-2",
    from: "2026-04-01",
  });
  assert.equal(removed.status, 303);
  const third = await (await rig.app.fetch("/admin/prices")).text();
  assert.doesNotMatch(third, /2026-04-01/);
});

Deno.test("/admin/budgets: takes and removes budgets without a script", async () => {
  await using rig = await start();
  const first = await (await rig.app.fetch("/admin/budgets")).text();
  assert.match(first, /No budgets yet/);
  const fields = {
    action: "set",
    version: "0",
    kind: "user",
    id: "",
    period: "month",
    usd: "12.50",
    tokens: "",
    softPercent: "75",
  };
  for (
    const wrong of [
      { kind: "everybody" },
      { usd: "1e3" },
      { tokens: "many" },
      { softPercent: "0" },
    ]
  ) {
    const refused = await postForm(rig, "/admin/budgets", {
      ...fields,
      ...wrong,
    });
    await refused.body?.cancel();
    assert.equal(refused.status, 400, JSON.stringify(wrong));
  }
  const taken = await postForm(rig, "/admin/budgets", fields);
  assert.equal(taken.status, 303);
  const second = await (await rig.app.fetch("/admin/budgets")).text();
  assert.match(second, /Each person/);
  assert.match(second, /12\.50/);
  assert.match(second, /75 %/);
  const effective = await (await rig.app.fetch("/api/limits/effective")).json();
  assert.equal(effective.budgets.length, 1);
  const [{ usd, remainingUsd, spentUsd, period, resetsAt }] = effective.budgets;
  assert.deepEqual(
    [usd, remainingUsd, spentUsd, period],
    ["12.50", "12.50", "0.00", "month"],
  );
  assert.match(resetsAt, /-01T00:00:00Z$/);
  const removed = await postForm(rig, "/admin/budgets", {
    action: "remove",
    version: "1",
    subject: "user:*",
    period: "month",
  });
  assert.equal(removed.status, 303);
  const third = await (await rig.app.fetch("/admin/budgets")).text();
  assert.match(third, /No budgets yet/);
});
