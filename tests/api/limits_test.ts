/** Limits over HTTP: what is refused, what is told of them, and who may set them. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { bearer, clientWith, makeKey, problemCode } from "./key_rig.ts";
import {
  clientOf,
  openAIError,
  postChat,
  question,
  startChat,
} from "./v1_rig.ts";
import { waitFor } from "../support/wait.ts";

const SAYS = { text: "Two metres", usage: "own" as const };

function withLimits(
  limits: Record<string, unknown>[],
  more: Record<string, unknown> = {},
) {
  return { configFile: { limits, ...more } };
}

/** Statuses of so many requests at the same time. */
async function statuses(
  ask: () => Promise<Response>,
  count: number,
): Promise<number[]> {
  const responses = await Promise.all(Array.from({ length: count }, ask));
  await Promise.all(responses.map((each) => each.body?.cancel()));
  return responses.map(({ status }) => status);
}

const times = (all: number[], status: number) =>
  all.filter((each) => each === status).length;

for (const requestsPerMinute of [5, 70]) {
  Deno.test(`limits: of many requests at the same time exactly ${requestsPerMinute} a minute are let in`, async () => {
    await using rig = await startChat(
      { behaviour: SAYS },
      withLimits([{ subject: "user:*", requestsPerMinute }]),
    );
    const all = await statuses(
      () => postChat(rig.app, question()),
      requestsPerMinute + 20,
    );
    assert.equal(times(all, 200), requestsPerMinute);
    assert.equal(times(all, 429), 20);
    assert.equal(rig.upstream.chats().length, requestsPerMinute);
  });
}

Deno.test("limits: OpenAI's client sees a rate limit error that says which limit, and when to try again", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{ subject: "user:*", requestsPerMinute: 1 }]),
  );
  const client = clientOf(rig.app);
  await client.chat.completions.create(question());
  await assert.rejects(
    client.chat.completions.create(question()),
    (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.equal(error.status, 429);
      assert.equal(error.code, "rate_limit_exceeded");
      assert.equal(error.type, "rate_limit_error");
      assert.match(error.message, /1 request a minute for you is reached/);
      const wait = Number(error.headers.get("retry-after"));
      assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 60, `${wait}`);
      assert.equal(error.headers.get("x-should-retry"), null);
      assert.equal(error.headers.get("x-ratelimit-limit-requests"), "1");
      assert.equal(error.headers.get("x-ratelimit-remaining-requests"), "0");
      return true;
    },
  );
});

Deno.test("limits: answers under /v1 carry what is left, as OpenAI's do", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{
      subject: "user:*",
      requestsPerMinute: 60,
      tokensPerMinute: 10_000,
    }]),
  );
  for (const left of [59, 58]) {
    const response = await postChat(rig.app, question({ max_tokens: 100 }));
    await response.body?.cancel();
    const header = (name: string) =>
      response.headers.get(`x-ratelimit-${name}`) ?? "";
    assert.equal(header("limit-requests"), "60");
    assert.equal(header("remaining-requests"), String(left));
    assert.match(header("reset-requests"), /^(\d+(\.\d+)?s|1m0s)$/);
    assert.equal(header("limit-tokens"), "10000");
    assert.ok(Number(header("remaining-tokens")) < 10_000);
    assert.match(header("reset-tokens"), /^(\d+(\.\d+)?s|1m0s)$/);
  }
  const list = await rig.app.fetch("/v1/models");
  await list.body?.cancel();
  assert.equal(list.headers.get("x-ratelimit-limit-requests"), null);
});

Deno.test("limits: tokens are counted as they were used, not as they were reserved", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{ subject: "user:*", tokensPerMinute: 1_500 }]),
  );
  // Each reserves 1,024 and its prompt, and uses a handful.
  for (let index = 0; index < 5; index += 1) {
    await waitFor("what was not used to be given back", async () => {
      const response = await postChat(rig.app, question());
      await response.body?.cancel();
      return response.status === 200;
    });
  }
});

Deno.test("limits: who asks for more tokens than the whole limit is told so, and not to try again", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{ subject: "user:*", tokensPerMinute: 1_000 }]),
  );
  const response = await postChat(rig.app, question({ max_tokens: 5_000 }));
  assert.equal(response.headers.get("x-should-retry"), "false");
  assert.equal(response.headers.get("retry-after"), null);
  const { message } = await openAIError(response, 429, "rate_limit_exceeded");
  assert.match(message, /1,000 tokens a minute .* asks for up to 5,0\d\d/);
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("limits: answers at once are bounded, and one that has ended makes room", async () => {
  await using rig = await startChat(
    {},
    withLimits([{ subject: "user:*", concurrentRuns: 2 }]),
  );
  const { app, upstream } = rig;
  const streaming = (model: string) =>
    postChat(app, question({ model, stream: true }));
  const first = [streaming("held"), streaming("held")];
  await waitFor("both to be asked", () => upstream.chats().length === 2);
  const third = await streaming("fake-1");
  assert.match(third.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  const { message } = await openAIError(third, 429, "rate_limit_exceeded");
  assert.match(message, /2 answers at once for you is reached/);
  upstream.release();
  for (const answer of first) await (await answer).text();
  await waitFor("a place", async () => {
    const response = await streaming("fake-1");
    await response.body?.cancel();
    return response.status === 200;
  });
});

Deno.test("limits: a page gets a problem with the seconds to wait", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{ subject: "user:*", requestsPerMinute: 1 }]),
  );
  const { app } = rig;
  const ask = async () => {
    const thread = await (await app.post("/api/threads", {})).json();
    return await app.post(`/api/threads/${thread.id}/runs`, {
      message: { content: "How high?" },
    });
  };
  const first = await ask();
  assert.equal(first.status, 201, await first.text());
  const second = await ask();
  assert.equal(second.status, 429);
  const problem = await second.json();
  assert.equal(problem.code, "rate_limit_exceeded");
  assert.ok(problem.retryAfter >= 1 && problem.retryAfter <= 60);
  assert.equal(second.headers.get("retry-after"), String(problem.retryAfter));
  assert.deepEqual(problem.limit, {
    subject: `user:usr_${"0".repeat(22)}`,
    policy: "user:*",
    field: "requestsPerMinute",
    limit: 1,
  });
});

Deno.test("limits: kept answers count as requests and use no tokens", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{
      subject: "user:*",
      requestsPerMinute: 4,
      tokensPerMinute: 1_100,
    }]),
  );
  const ask = () => postChat(rig.app, question({ temperature: 0 }));
  const all: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const response = await ask();
    await response.body?.cancel();
    all.push(response.status);
    await waitFor("what was reserved to be given back", async () => {
      const view = await rig.app.fetch("/api/limits/effective");
      const { limits } = await view.json();
      return limits[1].remaining > 1_080;
    });
  }
  assert.deepEqual(all, [200, 200, 200, 200, 429]);
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("limits: each key has its own count, a key's own limits hold besides, and a policy for one replaces that for each", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{ subject: "key:*", requestsPerMinute: 2 }]),
  );
  const { app } = rig;
  const plain = await makeKey(app);
  const tight = await makeKey(app, {
    limits: {
      requestsPerMinute: 1,
      tokensPerMinute: null,
      concurrentRuns: null,
    },
  });
  const wide = await makeKey(app);
  const list = await app.fetch("/api/limits");
  const set = await app.fetch("/api/limits", {
    method: "PUT",
    headers: {
      "content-type": "application/json",
      "if-match": list.headers.get("etag")!,
    },
    body: JSON.stringify({
      items: [
        ...(await list.json()).items,
        { subject: `key:${wide.id}`, name: "Wide", requestsPerMinute: 3 },
      ],
    }),
  });
  assert.equal(set.status, 200, await set.clone().text());
  await set.body?.cancel();
  const ask = (key: string) => () => postChat(app, question(), bearer(key));
  assert.equal(times(await statuses(ask(plain.key), 4), 200), 2);
  assert.equal(times(await statuses(ask(tight.key), 4), 200), 1);
  assert.equal(times(await statuses(ask(wide.key), 4), 200), 3);
  const client = clientWith(app, plain.key);
  await assert.rejects(
    client.embeddings.create({ model: "fake-1", input: "x" }),
    OpenAI.RateLimitError,
  );
});

Deno.test("limits: admins set them under If-Match, and they hold at once", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { app } = rig;
  const put = (items: unknown[], match?: string) =>
    app.fetch("/api/limits", {
      method: "PUT",
      headers: {
        "content-type": "application/json",
        ...(match === undefined ? {} : { "if-match": match }),
      },
      body: JSON.stringify({ items }),
    });
  const policy = { subject: "user:*", name: "People", requestsPerMinute: 1 };
  assert.equal(
    await problemCode(await put([policy]), 428),
    "precondition_required",
  );
  const made = await put([policy], '"0"');
  assert.equal(made.headers.get("etag"), '"1"');
  const { items } = await made.json();
  assert.equal(items.length, 1);
  assert.equal(items[0].source, "edited");
  assert.equal(
    await problemCode(await put([], '"0"'), 412),
    "precondition_failed",
  );
  assert.equal(
    await problemCode(
      await put([{ subject: "moon:*", requestsPerMinute: 1 }], '"1"'),
      400,
    ),
    "invalid_request",
  );
  const all = await statuses(() => postChat(app, question()), 3);
  assert.equal(times(all, 200), 1);
  const lifted = await put([], '"1"');
  await lifted.body?.cancel();
  assert.deepEqual(await statuses(() => postChat(app, question()), 2), [
    200,
    200,
  ]);
});

Deno.test("limits: everyone sees what holds for them, what is left and why", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([
      { subject: "user:*", name: "People", requestsPerMinute: 60 },
      { subject: "model:fake-1", tokensPerDay: 1_000_000, concurrentRuns: 3 },
    ]),
  );
  const { app } = rig;
  const response = await postChat(app, question());
  await response.text();
  const view = await (await app.fetch("/api/limits/effective?model=fake-1"))
    .json();
  assert.deepEqual(
    view.limits.map((
      { subject, measure, windowSeconds, limit }: Record<string, unknown>,
    ) => [subject, measure, windowSeconds, limit]),
    [
      [`user:usr_${"0".repeat(22)}`, "requests", 60, 60],
      ["model:fake-1", "tokens", 86_400, 1_000_000],
      ["model:fake-1", "runs", null, 3],
    ],
  );
  const [requests, tokens, runs] = view.limits;
  assert.equal(requests.used, 1);
  assert.equal(requests.remaining, 59);
  assert.match(
    requests.because,
    /^Limited to 60 requests a minute because the policy “People”, .* is for each person\.$/,
  );
  assert.ok(tokens.used > 0);
  assert.equal(runs.limit, 3);
  for (const query of [`user=usr_${"1".repeat(22)}`, "user=x", "key=key_x"]) {
    const foreign = await app.fetch(`/api/limits/effective?${query}`);
    assert.equal(await problemCode(foreign, 404), "not_found", query);
  }
});

for (const subject of ["model:fake-1", "model:openai/fake-1", "model:*"]) {
  Deno.test(`limits and budgets: ${subject} holds for the model by whichever name it is asked`, async () => {
    await using rig = await startChat(
      { behaviour: SAYS },
      withLimits([{ subject, requestsPerMinute: 4 }], {
        budgets: [{ subject, period: "day", tokens: 30 }],
        cache: { policy: "off" },
      }),
    );
    const ask = (model: string, maxTokens: number) => () =>
      postChat(rig.app, question({ model, max_tokens: maxTokens }));
    for (const model of ["fake-1", "openai/fake-1"]) {
      assert.deepEqual(await statuses(ask(model, 1_000), 1), [402], model);
      assert.deepEqual(await statuses(ask(model, 5), 1), [200], model);
    }
    assert.equal(rig.upstream.chats().length, 2);
    assert.deepEqual(await statuses(ask("openai/fake-1", 1), 1), [429]);
    assert.deepEqual(await statuses(ask("fake-1", 1), 1), [429]);
  });
}

Deno.test("limits: a key that asks what holds is told of its own limits and budget too", async () => {
  await using rig = await startChat(
    { behaviour: SAYS },
    withLimits([{ subject: "key:*", requestsPerMinute: 60 }], {
      budgets: [{ subject: "key:*", period: "day", tokens: 5_000 }],
    }),
  );
  const key = await makeKey(rig.app, { scopes: ["v1", "api"] });
  const response = await postChat(rig.app, question(), bearer(key.key));
  await response.text();
  const view = await (await rig.app.fetch("/api/limits/effective", {
    headers: bearer(key.key),
  })).json();
  assert.equal(view.key, key.id);
  assert.equal(view.limits[0].subject, `key:${key.id}`);
  assert.equal(view.limits[0].remaining, 59);
  assert.equal(view.budgets[0].subject, `key:${key.id}`);
  const own = await (await rig.app.fetch("/api/limits/effective")).json();
  assert.equal(own.key, null);
  assert.deepEqual(own.limits, []);
});

Deno.test("limits: what was used is still used after a restart", async () => {
  const location = await Deno.makeTempDir() + "/freshet.db";
  const options = {
    location,
    ...withLimits([{ subject: "user:*", requestsPerMinute: 3 }]),
  };
  {
    await using rig = await startChat({ behaviour: SAYS }, options);
    const all = await statuses(() => postChat(rig.app, question()), 2);
    assert.deepEqual(all, [200, 200]);
  }
  await using rig = await startChat({ behaviour: SAYS }, options);
  const all = await statuses(() => postChat(rig.app, question()), 3);
  assert.equal(times(all, 200), 1);
});
