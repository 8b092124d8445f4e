/** Names that lead to several models, as a chat sees them when providers fail. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { BreakerState } from "@/lib/llm/routing/breaker.ts";
import type { Run } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { startApp, type TestApp } from "../support/app.ts";
import {
  ask,
  askStream,
  followRun,
  getMessages,
  getRun,
  newThread,
} from "../support/chat_client.ts";
import {
  type Behaviour,
  type FakeUpstream,
  startFakeUpstream,
} from "../support/fake_upstream.ts";
import { assemble, collectEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

const FROM_A = "The first one says that the river is low.";
const FROM_B = "The second one says: 4.20 m, rising. 河川水位。";

interface RigOptions {
  /** How the providers behave; they answer well unless told. */
  a?: Behaviour;
  b?: Behaviour;
  /** Members of the route in place of the usual ones. */
  route?: Record<string, unknown>;
  /** More sections of the config file. */
  config?: Record<string, unknown>;
  maxConnections?: number;
  /** Address of provider a in place of its upstream. */
  baseUrlOfA?: string;
}

interface Rig extends AsyncDisposable {
  app: TestApp;
  a: FakeUpstream;
  b: FakeUpstream;
  /** Asks by a name in a new thread and waits for the end. */
  askToEnd(model?: string): Promise<Run>;
  ledger(run: string): Promise<LedgerRow[]>;
  breakerOfA(): BreakerState | undefined;
  /** Providers of requests that use a connection, and that wait for one. */
  slotsOfA(): { inUse: number; waiting: number };
}

const TIMEOUTS_MS = {
  connect: 5_000,
  firstToken: 20_000,
  tokenGap: 20_000,
  total: 30_000,
};

/** A deadline for those who never answer, long enough for those who do, on a busy machine too. */
const BRIEF_MS = 1_000;

/** Two providers with a model each, and the route "best" from the one to the other, without retries. */
async function start(options: RigOptions = {}): Promise<Rig> {
  const usage = "own" as const;
  const a = await startFakeUpstream({
    behaviour: { text: FROM_A, usage, ...options.a },
  });
  const b = await startFakeUpstream({
    behaviour: { text: FROM_B, usage, ...options.b },
  });
  const provider = (id: string, baseUrl: string) => ({
    id,
    baseUrl,
    apiKey: "sk-test",
    models: ["m"],
    maxConnections: options.maxConnections ?? 200,
  });
  const app = await startApp({
    configFile: {
      providers: [
        provider("a", options.baseUrlOfA ?? a.url),
        provider("b", b.url),
      ],
      routes: [{
        id: "best",
        targets: [{ provider: "a", model: "m" }, { provider: "b", model: "m" }],
        retries: 0,
        timeoutsMs: TIMEOUTS_MS,
        ...options.route,
      }],
      prices: [{
        model: "b/m",
        from: "2025-01-01",
        inputPerMillionUsd: "1000",
        outputPerMillionUsd: "2000",
      }],
      ...options.config,
    },
  });
  const stateOfA = () =>
    app.services.models.routing.states().find(({ provider }) =>
      provider === "a"
    );
  return {
    app,
    a,
    b,
    askToEnd: async (model = "best") => {
      const thread = await newThread(app);
      const { run } = await ask(app, thread.id, question(model));
      await followRun(app, run.id);
      return await getRun(app, run.id);
    },
    ledger: async (run) => {
      const rows = await Array.fromAsync(app.services.ledger.rows(
        FIRST_WORKSPACE,
        0,
        Date.now() + 60_000,
        AbortSignal.timeout(10_000),
      ));
      return rows.filter((row) => row.run === run)
        .sort((left, right) => left.epoch - right.epoch);
    },
    breakerOfA: () => stateOfA()?.breaker,
    slotsOfA: () => stateOfA()!.connections,
    async [Symbol.asyncDispose]() {
      a.release();
      b.release();
      await app.close();
      await a.close();
      await b.close();
    },
  };
}

const question = (model: string) => ({
  message: { content: "How high is the river?" },
  model,
});

Deno.test("routes: are listed among the models by their ids", async () => {
  await using rig = await start();
  const response = await rig.app.fetch("/api/models");
  const { items } = await response.json();
  const ids = items.map(({ id }: { id: string }) => id);
  assert.deepEqual(ids, ["best", "a/m", "b/m"]);
});

Deno.test("routes: the first target answers while it is well", async () => {
  await using rig = await start();
  const run = await rig.askToEnd();
  assert.deepEqual(
    [run.outputText, run.model, run.provider],
    [FROM_A, "best", "a"],
  );
  assert.equal(rig.b.chats().length, 0);
});

const FAILURES: Record<string, RigOptions> = {
  "answers 500": { a: { status: 500 } },
  "refuses the connection": { baseUrlOfA: "http://127.0.0.1:1/v1" },
  "is silent": {
    a: { neverAnswers: true },
    route: { timeoutsMs: { ...TIMEOUTS_MS, firstToken: BRIEF_MS } },
  },
  "sends headers and no token": {
    a: { stallAfter: 0 },
    route: { timeoutsMs: { ...TIMEOUTS_MS, firstToken: BRIEF_MS } },
  },
  "hangs up before the first token": { a: { cutAfter: 0 } },
  "refuses our key": { a: { status: 401 } },
};

for (const [failure, options] of Object.entries(FAILURES)) {
  Deno.test(`routes: the next target answers, unseen, when one ${failure}`, async () => {
    await using rig = await start(options);
    const run = await rig.askToEnd();
    assert.deepEqual(
      [run.status, run.outputText, run.provider, run.epoch],
      ["completed", FROM_B, "b", 1],
    );
    const rows = await rig.ledger(run.id);
    assert.deepEqual(
      rows.map(({ provider, status, epoch }) => [provider, status, epoch]),
      [["b", "completed", 1]],
    );
    assert.ok(run.costMicroUsd! > 0, "priced as the model that answered");
  });
}

Deno.test("routes: a target is asked again before the next one, as often as the route says", async () => {
  await using rig = await start({
    a: { status: 503 },
    route: { retries: 1 },
  });
  const run = await rig.askToEnd();
  assert.deepEqual([rig.a.chats().length, run.provider], [2, "b"]);
});

Deno.test("routes: what is wrong with the request itself goes to no other target", async () => {
  await using rig = await start({ a: { status: 400 } });
  const run = await rig.askToEnd();
  assert.deepEqual([run.status, run.error?.code], [
    "failed",
    "provider_refused",
  ]);
  assert.equal(rig.b.chats().length, 0);
});

Deno.test("routes: when all targets fail the run fails with the error of the last", async () => {
  await using rig = await start({ a: { status: 500 }, b: { status: 503 } });
  const run = await rig.askToEnd();
  assert.equal(run.error?.code, "provider_unavailable");
  assert.match(run.error!.message, /"b".*503/);
});

Deno.test("routes: a target that limits the rate is left alone for as long as it asks", async () => {
  await using rig = await start({
    a: { status: 429, headers: { "retry-after": "50" } },
    route: { retries: 2 },
  });
  assert.equal((await rig.askToEnd()).provider, "b");
  assert.equal((await rig.askToEnd()).provider, "b");
  assert.equal(rig.a.chats().length, 1);
  assert.equal(rig.breakerOfA(), "closed");
});

Deno.test("routes: where no other target is left, Retry-After is waited for", async () => {
  await using rig = await start();
  rig.a.next({ status: 429, headers: { "retry-after": "1" } });
  const run = await rig.askToEnd("a/m");
  assert.equal(run.outputText, FROM_A);
  const [first, second] = rig.a.chats();
  assert.ok(second.at - first.at >= 1000, String(second.at - first.at));
});

Deno.test("routes: a target that keeps failing is left alone, by whatever name it is asked", async () => {
  await using rig = await start({
    a: { status: 500 },
    config: { breaker: { failures: 2, windowMs: 60_000, openMs: 60_000 } },
  });
  await rig.askToEnd();
  assert.equal(rig.breakerOfA(), "closed");
  await rig.askToEnd();
  assert.equal(rig.breakerOfA(), "open");
  assert.equal((await rig.askToEnd()).provider, "b");
  const alone = await rig.askToEnd("a/m");
  assert.match(alone.error?.message ?? "", /left alone/);
  assert.equal(rig.a.chats().length, 2);
});

Deno.test("routes: a target that was left alone is tried again by one request, and is back when it answers", async () => {
  await using rig = await start({
    config: { breaker: { failures: 1, windowMs: 60_000, openMs: 50 } },
  });
  const states: BreakerState[] = [];
  rig.app.services.models.routing.onBreakerChange((_, state) =>
    states.push(state)
  );
  rig.a.next({ status: 500 }, { status: 500 });
  const mayTry = () =>
    waitFor("one to be let through", () => rig.breakerOfA() === "half-open");
  assert.equal((await rig.askToEnd()).provider, "b");
  await mayTry();
  assert.equal((await rig.askToEnd()).provider, "b");
  await mayTry();
  assert.equal((await rig.askToEnd()).provider, "a");
  assert.deepEqual(states, [
    "open",
    "half-open",
    "open",
    "half-open",
    "closed",
  ]);
});

Deno.test("routes: an answer that breaks off is begun again by the next target after a reset", async () => {
  await using rig = await start({ a: { cutAfter: 4 } });
  const thread = await newThread(rig.app);
  const events = await collectEvents(
    await askStream(rig.app, thread.id, question("best")),
  );
  const resetAt = events.findIndex(({ event }) => event === "reset");
  assert.ok(resetAt > 1, "some text came before the reset");
  assert.ok(FROM_A.startsWith(assemble(events.slice(0, resetAt))));
  assert.equal(events[resetAt].id, "2.0");
  assert.equal(events[resetAt].data.epoch, 2);
  assert.equal(assemble(events), FROM_B);
  assert.equal(events.at(-1)!.event, "done");

  const run = await getRun(rig.app, events[0].data.runId);
  assert.deepEqual(
    [run.status, run.epoch, run.provider, run.outputText],
    ["completed", 2, "b", FROM_B],
  );
  const [, answer] = await getMessages(rig.app, thread.id);
  assert.equal(answer.content, FROM_B);
  const rows = await rig.ledger(run.id);
  assert.deepEqual(
    rows.map(({ epoch, provider, status, error, estimated }) => ({
      epoch,
      provider,
      status,
      error,
      estimated,
    })),
    [{
      epoch: 1,
      provider: "a",
      status: "interrupted",
      error: "provider_stream_broken",
      estimated: true,
    }, {
      epoch: 2,
      provider: "b",
      status: "completed",
      error: null,
      estimated: false,
    }],
  );
});

Deno.test("routes: whoever comes back to a run that was begun again hears the second answer alone", async () => {
  await using rig = await start({ a: { cutAfter: 4 } });
  const run = await rig.askToEnd();
  const late = await followRun(rig.app, run.id, "1.2");
  assert.deepEqual([late[0].event, assemble(late)], ["reset", FROM_B]);
  const anew = await followRun(rig.app, run.id);
  assert.equal(assemble(anew), FROM_B);
});

Deno.test("routes: an answer that stalls in the middle is begun again by the next target", async () => {
  await using rig = await start({
    a: { stallAfter: 3 },
    route: { timeoutsMs: { ...TIMEOUTS_MS, tokenGap: BRIEF_MS } },
  });
  const run = await rig.askToEnd();
  assert.deepEqual([run.outputText, run.epoch], [FROM_B, 2]);
  await rig.a.waitForHangUp(0);
});

Deno.test("routes: an answer that breaks off where no other target is left ends with the error", async () => {
  await using rig = await start({ a: { cutAfter: 3 }, b: { cutAfter: 4 } });
  const run = await rig.askToEnd();
  assert.deepEqual(
    [run.status, run.epoch, run.error?.code],
    ["failed", 2, "provider_stream_broken"],
  );
  assert.ok(run.outputText.length > 0 && FROM_B.startsWith(run.outputText));
});

Deno.test("routes: runs that share an answer which breaks off share the second one too", async () => {
  await using rig = await start({
    a: { stallAfter: 3 },
    route: { timeoutsMs: { ...TIMEOUTS_MS, tokenGap: BRIEF_MS } },
  });
  const begin = async () => {
    const thread = await newThread(rig.app);
    const body = { ...question("best"), params: { temperature: 0 } };
    return (await ask(rig.app, thread.id, body)).run.id;
  };
  const ids = [await begin(), await begin(), await begin()];
  for (const id of ids) {
    const events = await followRun(rig.app, id);
    assert.equal(assemble(events), FROM_B);
    const run = await getRun(rig.app, id);
    assert.deepEqual([run.status, run.epoch, run.provider], [
      "completed",
      2,
      "b",
    ]);
  }
  assert.deepEqual([rig.a.chats().length, rig.b.chats().length], [1, 1]);
});

/** A program asks for a stream; gives the text after the last reset, and what came besides chunks. */
async function askV1(rig: Rig, headers: Record<string, string> = {}) {
  const response = await rig.app.post("/v1/chat/completions", {
    model: "best",
    stream: true,
    messages: [{ role: "user", content: "How high is the river?" }],
  }, headers);
  assert.equal(response.status, 200);
  let text = "";
  const others: string[] = [];
  const lines = (await response.text()).split("\n");
  for (const line of lines) {
    const [, field, value] = /^(event|data): (.*)$/.exec(line) ?? [];
    if (field === "event") {
      others.push(value);
      text = "";
    } else if (value === "[DONE]") others.push(value);
    else if (field === "data") {
      const { choices, error } = JSON.parse(value);
      if (error !== undefined) others.push(error.code);
      text += choices?.[0]?.delta?.content ?? "";
    }
  }
  return { text, others };
}

Deno.test("routes: a program hears nothing of a target that fails before its first token", async () => {
  await using rig = await start({ a: { status: 500 } });
  assert.deepEqual(await askV1(rig), { text: FROM_B, others: ["[DONE]"] });
});

Deno.test("routes: a program's answer that breaks off ends with the error, unless it may begin again", async () => {
  await using rig = await start({ a: { cutAfter: 4 } });
  const { text, others } = await askV1(rig);
  assert.ok(text !== "" && FROM_A.startsWith(text), text);
  assert.deepEqual(others, ["provider_stream_broken", "[DONE]"]);
  assert.equal(rig.b.chats().length, 0);
  assert.deepEqual(await askV1(rig, { "x-freshet-failover": "restart" }), {
    text: FROM_B,
    others: ["reset", "[DONE]"],
  });
});

Deno.test("routes: stopping a run that was begun again closes the second provider's socket", async () => {
  await using rig = await start({ a: { cutAfter: 3 }, b: { held: true } });
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, question("best"));
  await rig.b.waitForChat(0);
  await rig.app.post(`/api/runs/${run.id}/cancel`, {});
  await rig.b.waitForHangUp(0);
  const ended = await waitFor("the run to end", async () => {
    const now = await getRun(rig.app, run.id);
    return now.status === "running" ? null : now;
  });
  assert.equal(ended.status, "cancelled");
});

Deno.test("routes: stopping a run that waits for a connection gives its place to the next", async () => {
  await using rig = await start({ maxConnections: 1 });
  rig.a.hold();
  const begin = async () => {
    const thread = await newThread(rig.app);
    return (await ask(rig.app, thread.id, question("a/m"))).run.id;
  };
  const first = await begin();
  await rig.a.waitForChat(0);
  const second = await begin();
  await waitFor("the second to wait", () => rig.slotsOfA().waiting === 1);
  await rig.app.post(`/api/runs/${second}/cancel`, {});
  await waitFor("the second to leave", () => rig.slotsOfA().waiting === 0);
  const third = await begin();
  rig.a.release();
  await followRun(rig.app, first);
  await followRun(rig.app, third);
  const ended = await Promise.all(
    [first, second, third].map(async (id) =>
      (await getRun(rig.app, id)).status
    ),
  );
  assert.deepEqual(ended, ["completed", "cancelled", "completed"]);
  assert.equal(rig.a.chats().length, 2);
  assert.deepEqual(rig.slotsOfA(), { inUse: 0, waiting: 0 });
});

Deno.test("routes: a hundred requests at once never use more than ten connections", async () => {
  const limit = 10;
  await using rig = await start({ maxConnections: limit });
  rig.a.hold();
  const runs = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const thread = await newThread(rig.app);
      return (await ask(rig.app, thread.id, question("a/m"))).run.id;
    }),
  );
  await waitFor("ninety to wait", () => rig.slotsOfA().waiting === 90);
  await waitFor("ten to be asked", () => rig.a.chats().length === limit);
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, rig.a.openConnections());
  }, 1);
  rig.a.release();
  await Promise.all(runs.map((id) => followRun(rig.app, id)));
  clearInterval(sampling);
  assert.ok(most > 0 && most <= limit, String(most));
  const all = await Promise.all(runs.map((id) => getRun(rig.app, id)));
  assert.ok(all.every(({ outputText }) => outputText === FROM_A));
  assert.deepEqual(rig.slotsOfA(), { inUse: 0, waiting: 0 });
});
