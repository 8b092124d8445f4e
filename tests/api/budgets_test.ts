/** Budgets over HTTP: what they let through, what they refuse, where they cut an answer off. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { budgetsOf } from "@/lib/kv/keys.ts";
import type { BudgetRecord } from "@/lib/limits/budget_record.ts";
import type { ReceivedEvent } from "../support/sse.ts";
import { askStream, newThread } from "../support/chat_client.ts";
import { collectEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import {
  allEvents,
  type ChatRig,
  clientOf,
  MODEL,
  openAIError,
  postChat,
  question,
  startChat,
  textOf,
} from "./v1_rig.ts";

/** An answer of 100 tokens costs a cent, however long its question. */
const PRICES = [{
  model: MODEL,
  from: "2026-01-01",
  inputPerMillionUsd: "0",
  outputPerMillionUsd: "100",
}];

const CENT = 10_000;

function budget(more: Record<string, unknown> = {}) {
  return { subject: "workspace:*", period: "day", ...more };
}

async function start(
  rules: Record<string, unknown>[],
  behaviour: Parameters<typeof startChat>[0] = {},
): Promise<ChatRig> {
  return await startChat(
    { behaviour: { text: "a b c", usage: "own", split: false }, ...behaviour },
    {
      configFile: { prices: PRICES, budgets: rules, cache: { policy: "off" } },
    },
  );
}

async function records(rig: ChatRig): Promise<BudgetRecord[]> {
  const rows = rig.app.services.store.kv.list<BudgetRecord>(
    budgetsOf(FIRST_WORKSPACE),
  );
  return (await Array.fromAsync(rows)).map(({ value }) => value);
}

async function eventsOfType(rig: ChatRig, type: string) {
  const found: unknown[] = [];
  const rows = rig.app.services.store.kv.list<{ ev: { type: string }[] }>({
    prefix: [FIRST_WORKSPACE, "e"],
  });
  for await (const { value } of rows) {
    found.push(...value.ev.filter((event) => event.type === type));
  }
  return found;
}

Deno.test("budgets: three times the reservation and 50 callers at once give exactly three calls", async () => {
  await using rig = await start([budget({ usd: "0.03" })]);
  rig.upstream.hold();
  const body = question({ max_tokens: 100 });
  const statuses: number[] = [];
  const asked = Array.from({ length: 50 }, async () => {
    const response = await postChat(rig.app, body);
    await response.text();
    statuses.push(response.status);
  });
  await rig.upstream.waitForChat(2);
  await waitFor("47 refusals", () => statuses.length === 47);
  rig.upstream.release();
  await Promise.all(asked);
  const counts = Map.groupBy(statuses, (status) => status);
  assert.equal(counts.get(200)?.length, 3);
  assert.equal(counts.get(402)?.length, 47);
  assert.equal(rig.upstream.chats().length, 3);
});

Deno.test("budgets: a spent budget refuses with 402, says which, and when it begins anew", async () => {
  await using rig = await start([budget({ usd: "0.01" })]);
  const response = await postChat(rig.app, question({ max_tokens: 101 }));
  assert.equal(response.headers.get("x-should-retry"), "false");
  const { type, message } = await openAIError(
    response,
    402,
    "budget_exceeded",
  );
  assert.equal(type, "insufficient_quota");
  assert.match(
    message,
    /budget of 0\.01 USD a day for this workspace has 0\.01 USD left, and this answer may need 0\.\d+ USD\. It begins anew/,
  );
  assert.match(
    message,
    /in \d+ (hours?|minutes?), at \d{4}-\d\d-\d\dT00:00:00Z/,
  );
  const thread = await newThread(rig.app);
  const refused = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "Hello" },
    model: MODEL,
  });
  assert.equal(refused.status, 402);
  assert.equal(
    refused.headers.get("content-type"),
    "application/problem+json",
  );
  const problem = await refused.json();
  assert.equal(problem.code, "budget_exceeded");
  assert.match(problem.budget.resetsAt, /T00:00:00Z$/);
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("budgets: what was reserved and not used is there for the next", async () => {
  await using rig = await start([budget({ usd: "0.01" })]);
  const client = clientOf(rig.app);
  // Each reserves the whole budget and uses a few tokens of it.
  for (let each = 0; each < 5; each += 1) {
    await client.chat.completions.create({
      ...question(),
      max_tokens: 40,
    });
  }
  const [record] = await records(rig);
  const [grant] = Object.values(record.grants);
  assert.ok(grant.microUsd <= CENT, "granted beyond the limit");
  assert.equal(rig.upstream.chats().length, 5);
});

Deno.test("budgets: an answer without max_tokens ends where the budget does", async () => {
  const words = Array.from({ length: 30_000 }, (_, index) => `w${index % 10} `);
  await using rig = await start([budget({ tokens: 1_100 })], {
    behaviour: { text: words.join(""), split: false, burst: 20 },
  });
  const response = await postChat(rig.app, question({ stream: true }));
  const events = await allEvents(response);
  assert.equal(events.at(-1)?.data, "[DONE]");
  const last = JSON.parse(events.at(-2)!.data);
  assert.equal(last.choices[0].finish_reason, "length");
  const text = textOf(events);
  const tokens = text.split(" ").length;
  assert.ok(tokens >= 900 && tokens <= 1_100, `${tokens} tokens`);
  const id = response.headers.get("x-freshet-run");
  const run = await (await rig.app.fetch(`/v1/runs/${id}`)).json();
  assert.equal(run.status, "completed");
  assert.equal(run.finish_reason, "length");
  await rig.upstream.waitForHangUp(0);
});

for (
  const bounds of [
    { max_tokens: 1 },
    { max_completion_tokens: 1, max_tokens: 1 },
  ]
) {
  const names = Object.keys(bounds).join(" and ");
  Deno.test(`budgets: a provider that does not keep to ${names} is ended a step beyond the budget`, async () => {
    await using rig = await start([budget({ tokens: 2_000 })], {
      behaviour: { text: "word ".repeat(30_000), split: false, burst: 20 },
    });
    const response = await postChat(
      rig.app,
      question({ stream: true, ...bounds }),
    );
    const events = await allEvents(response);
    const last = JSON.parse(events.at(-2)!.data);
    assert.equal(last.choices[0].finish_reason, "length");
    const tokens = textOf(events).split(" ").length;
    assert.ok(tokens >= 1_000 && tokens <= 2_000 + 1_100, `${tokens} tokens`);
  });
}

Deno.test("budgets: of two bounds the higher one is reserved, since a provider may read either", async () => {
  await using rig = await start([budget({ tokens: 2_000 })]);
  const bounds = { max_completion_tokens: 1, max_tokens: 100_000 };
  const response = await postChat(rig.app, question(bounds));
  await openAIError(response, 402, "budget_exceeded");
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("budgets: in a chat a cut answer is completed, and says that a budget ended it", async () => {
  const words = Array.from({ length: 1_600 }, (_, index) => `w${index % 10} `);
  await using rig = await start([budget({ tokens: 1_100 })], {
    behaviour: { text: words.join(""), split: false, burst: 20 },
  });
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "Tell me all" },
    model: MODEL,
  });
  const events: ReceivedEvent[] = await collectEvents(response);
  const last = events.at(-1)!;
  assert.equal(last.event, "done");
  const { status, finishReason } = last.data as Record<string, unknown>;
  assert.deepEqual([status, finishReason], ["completed", "budget"]);
});

Deno.test("budgets: an admin who raises or lowers one is obeyed at once", async () => {
  await using rig = await start([]);
  const set = async (usd: string | null) => {
    const there = await rig.app.fetch("/api/budgets");
    await there.body?.cancel();
    const response = await rig.app.fetch("/api/budgets", {
      method: "PUT",
      headers: {
        "content-type": "application/json",
        "if-match": there.headers.get("etag")!,
      },
      body: JSON.stringify({
        items: usd === null ? [] : [budget({ usd })],
      }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return await response.json();
  };
  const ask = async () => {
    const response = await postChat(rig.app, question({ max_tokens: 100 }));
    await response.text();
    return response.status;
  };
  assert.equal(await ask(), 200);
  const { items, version } = await set("0.005");
  assert.equal(version, 1);
  assert.deepEqual(items, [{
    subject: "workspace:*",
    period: "day",
    usd: "0.005",
    tokens: null,
    softRatio: 0.8,
    source: "edited",
  }]);
  assert.equal(await ask(), 402);
  await set("0.05");
  assert.equal(await ask(), 200);
  await set("0.0001");
  assert.equal(await ask(), 402);
  await set(null);
  assert.equal(await ask(), 200);
});

Deno.test("budgets: a change needs the version that is there", async () => {
  await using rig = await start([]);
  const put = (headers: Record<string, string>, body: unknown) =>
    rig.app.fetch("/api/budgets", {
      method: "PUT",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const statuses: number[] = [];
  for (
    const [headers, body] of [
      [{}, { items: [] }],
      [{ "if-match": '"7"' }, { items: [] }],
      [{ "if-match": '"0"' }, { items: [budget({ usd: "-1" })] }],
      [{ "if-match": '"0"' }, { items: [budget({ usd: "1" }), budget()] }],
      [{ "if-match": '"0"' }, { items: [budget({ subject: "tree:*" })] }],
      [{ "if-match": '"0"' }, { items: [budget({ period: "year" })] }],
      [{ "if-match": '"0"' }, { items: [budget({ usd: "1" })] }],
    ] as const
  ) {
    const response = await put(headers, body);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, [428, 412, 400, 400, 400, 400, 200]);
});

Deno.test("budgets: a warning and the end of a budget are told once", async () => {
  await using rig = await start([budget({ tokens: 2_000, softRatio: 0.01 })]);
  const ask = async (tokens: number) => {
    const response = await postChat(rig.app, question({ max_tokens: tokens }));
    await response.text();
    return response.status;
  };
  for (let each = 0; each < 4; each += 1) assert.equal(await ask(50), 200);
  for (let each = 0; each < 3; each += 1) assert.equal(await ask(2_000), 402);
  await waitFor(
    "a warning",
    async () => (await eventsOfType(rig, "budget.warned")).length > 0,
  );
  await rig.app.services.budgets.settled();
  assert.equal((await eventsOfType(rig, "budget.warned")).length, 1);
  assert.equal((await eventsOfType(rig, "budget.exceeded")).length, 1);
});

Deno.test("budgets: embeddings and completions keep them too", async () => {
  await using rig = await start([budget({ tokens: 60 })], {
    models: [MODEL, "text-embedding-fake"],
  });
  const completion = await rig.app.post("/v1/completions", {
    model: MODEL,
    prompt: "Once",
    max_tokens: 100,
  });
  await openAIError(completion, 402, "budget_exceeded");
  const embedding = await rig.app.post("/v1/embeddings", {
    model: "text-embedding-fake",
    input: "river ".repeat(100),
  });
  await openAIError(embedding, 402, "budget_exceeded");
  const posted = rig.upstream.requests.filter(({ method }) =>
    method === "POST"
  );
  assert.deepEqual(posted, []);
});

Deno.test("budgets: a kept answer costs nothing, also when all is spent", async () => {
  await using rig = await startChat(
    { behaviour: { text: "a b c", usage: "own", split: false } },
    {
      configFile: {
        prices: PRICES,
        budgets: [budget({ usd: "0.01" })],
      },
    },
  );
  const body = question({ max_tokens: 99, temperature: 0 });
  const first = await postChat(rig.app, body);
  await first.text();
  assert.equal(first.status, 200);
  await waitFor("the answer to be kept", async () => {
    const again = await postChat(rig.app, body);
    await again.text();
    return again.headers.get("x-freshet-cache") === "hit-l1";
  });
  const other = await postChat(rig.app, { ...body, max_tokens: 100 });
  await openAIError(other, 402, "budget_exceeded");
  const kept = await postChat(rig.app, body);
  await kept.text();
  assert.equal(kept.status, 200);
});

Deno.test("budgets: a model without a price spends tokens, not money", async () => {
  await using rig = await start([budget({ usd: "0", tokens: 150 })]);
  const ask = async () => {
    const response = await postChat(
      rig.app,
      question({ model: "fake-2", max_tokens: 100 }),
    );
    await response.text();
    return response.status;
  };
  rig.upstream.hold();
  const first = ask();
  await rig.upstream.waitForChat(0);
  assert.equal(await ask(), 402);
  rig.upstream.release();
  assert.equal(await first, 200);
});

Deno.test("budgets: who joins another's answer needs no budget of its own", async () => {
  await using rig = await startChat(
    { behaviour: { text: "a b c", usage: "own", split: false } },
    {
      configFile: {
        prices: PRICES,
        budgets: [budget({ usd: "0.01" })],
        cache: { policy: "all" },
      },
    },
  );
  rig.upstream.hold();
  const ask = (words: Record<string, unknown> = {}) =>
    postChat(rig.app, question({ max_tokens: 100, ...words }));
  const first = ask();
  await rig.upstream.waitForChat(0);
  const second = ask();
  await openAIError(await ask({ max_tokens: 99 }), 402, "budget_exceeded");
  rig.upstream.release();
  const outcomes: string[] = [];
  for (const asked of [first, second]) {
    const response = await asked;
    await response.text();
    outcomes.push(
      `${response.status} ${response.headers.get("x-freshet-cache")}`,
    );
  }
  assert.deepEqual(outcomes, ["200 miss", "200 joined"]);
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("budgets: what stands on a key bounds that key alone", async () => {
  await using rig = await start([]);
  const makeKey = async (tokens: number) => {
    const response = await rig.app.post("/api/keys", {
      name: `key ${tokens}`,
      scopes: ["v1"],
      budget: { period: "total", usd: null, tokens },
    });
    assert.equal(response.status, 201, await response.clone().text());
    return (await response.json()).key as string;
  };
  const ask = async (key: string) => {
    const response = await postChat(rig.app, question({ max_tokens: 100 }), {
      authorization: `Bearer ${key}`,
    });
    await response.text();
    return response.status;
  };
  const small = await makeKey(60);
  const large = await makeKey(10_000);
  assert.equal(await ask(small), 402);
  assert.equal(await ask(large), 200);
});

Deno.test("budgets: a broken answer that is begun again by another model reserves anew, within the budget", async () => {
  await using rig = await startChat(
    {},
    {
      configFile: {
        cache: { policy: "off" },
        budgets: [budget({ tokens: 250 })],
        routes: [{
          id: "best",
          targets: [
            { provider: "openai", model: "cut" },
            { provider: "openai", model: MODEL },
          ],
          retries: 0,
        }],
      },
    },
  );
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "Hello" },
    model: "best",
    params: { max_tokens: 200 },
  });
  const events: ReceivedEvent[] = await collectEvents(response);
  const types = events.map(({ event }) => event);
  assert.ok(types.includes("reset"), types.join(" "));
  assert.equal(types.at(-1), "done");
  assert.equal(rig.upstream.chats().length, 2);
  await rig.app.services.budgets.settled();
  const [record] = await records(rig);
  const [grant] = Object.values(record.grants);
  assert.ok(grant.tokens <= 250, `${grant.tokens} tokens`);
});
