/** `/api/usage` and its file: what was used, whoever asked for it. */
import assert from "node:assert/strict";
import type { Job, UsageAnswer } from "@/lib/shared/wire.ts";
import type { TestApp } from "@/tests/support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "@/tests/support/signed_in.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { MODEL, postChat, question, startChat } from "./v1_rig.ts";

const SAYS = { text: "The crest passed at 14:02.", usage: "own" as const };
const PRICE = {
  model: MODEL,
  from: "2020-01-01",
  inputPerMillionUsd: "1.00",
  outputPerMillionUsd: "2.00",
};

async function usageOf(app: TestApp, query = ""): Promise<UsageAnswer> {
  const answer = await app.fetch(`/api/usage${query}`);
  assert.equal(answer.status, 200);
  return await answer.json();
}

/** Asks and waits until it is told of. */
async function ask(app: TestApp, times: number): Promise<UsageAnswer> {
  for (let asked = 0; asked < times; asked += 1) {
    await (await postChat(app, question())).text();
  }
  return await waitFor("usage to be added up", async () => {
    const usage = await usageOf(app, "?groupBy=model");
    return usage.totals.requests >= times ? usage : null;
  });
}

Deno.test("GET /api/usage: requests, tokens, cost and times of what was asked just now", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const before = await rig.app.fetch("/api/prices");
  await before.body?.cancel();
  const set = await rig.app.fetch("/api/prices", {
    method: "PUT",
    headers: {
      "content-type": "application/json",
      "if-match": before.headers.get("etag")!,
    },
    body: JSON.stringify({ items: [PRICE] }),
  });
  assert.equal(set.status, 200, await set.text());
  const usage = await ask(rig.app, 3);
  const { totals } = usage;
  assert.equal(totals.requests, 3);
  assert.equal(totals.errors, 0);
  assert.equal(totals.unpricedRequests, 0);
  assert.equal(totals.activeUsers, 1);
  assert.ok(totals.inputTokens > 0 && totals.outputTokens > 0);
  assert.equal(
    totals.costMicroUsd,
    totals.inputTokens + 2 * totals.outputTokens,
  );
  assert.equal(totals.ttftMs.n, 3);
  assert.ok(totals.totalMs.p99! >= totals.totalMs.p50!);
  assert.equal(totals.overheadMs.n, 3);
  assert.deepEqual(usage.groups.map(({ key, label }) => [key, label]), [
    [MODEL, MODEL],
  ]);
  const inSeries = usage.series.reduce(
    (sum, { requests }) => sum + requests,
    0,
  );
  assert.equal(inSeries, 3);
  assert.equal(usage.series[0].key, MODEL);
});

Deno.test("GET /api/usage: filters choose, and what nobody used is empty", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  await ask(rig.app, 2);
  const mine = await usageOf(rig.app, `?model=${MODEL}&model=other&source=v1`);
  assert.equal(mine.totals.requests, 2);
  assert.equal(mine.totals.unpricedRequests, 2);
  const none = await usageOf(rig.app, "?model=other");
  assert.equal(none.totals.requests, 0);
  assert.deepEqual(none.series, []);
  assert.deepEqual(none.totals.ttftMs, {
    n: 0,
    p50: null,
    p95: null,
    p99: null,
  });
});

Deno.test("GET /api/usage: a span, bucket, zone or dimension that is none is named", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const wrong = {
    from: "?from=yesterday",
    to: "?to=12",
    bucket: "?bucket=week",
    timeZone: "?timeZone=Mars/Olympus",
    groupBy: "?groupBy=colour",
    series: "?series=many",
    rankBy: "?rankBy=beauty",
    times: "?times=none",
    model: `?model=${"m".repeat(300)}`,
  };
  for (const [path, query] of Object.entries(wrong)) {
    const answer = await rig.app.fetch(`/api/usage${query}`);
    const problem = await answer.json();
    assert.equal(answer.status, 400, query);
    assert.equal(problem.errors[0].path, path);
  }
  const turned = "?from=2026-02-01&to=2026-01-01";
  assert.equal((await rig.app.fetch(`/api/usage${turned}`)).status, 400);
  const tooMany = "?from=2026-01-01&to=2026-02-01&bucket=minute";
  assert.equal((await rig.app.fetch(`/api/usage${tooMany}`)).status, 400);
});

Deno.test("GET /api/usage.csv: a line for each bucket and group, with a head", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  await ask(rig.app, 2);
  const answer = await rig.app.fetch("/api/usage.csv?groupBy=model");
  assert.match(answer.headers.get("content-type")!, /^text\/csv/);
  const lines = (await answer.text()).trimEnd().split("\r\n");
  assert.match(lines[0], /^start,model,label,requests,errors,inputTokens,/);
  const requests = lines.slice(1).map((line) => Number(line.split(",")[3]));
  assert.equal(requests.reduce((sum, each) => sum + each, 0), 2);
  assert.match(lines[1], new RegExp(`^\\d{4}-[^,]+Z,${MODEL},`));
});

Deno.test("GET /api/usage: members are told of themselves alone, whomever they ask about", async () => {
  await using rig = await startChat({ behaviour: SAYS }, {
    env: PASSWORD_MODE,
  });
  const { app } = rig;
  const owner = await signedIn(app, OWNER);
  const account = {
    email: "member@example.org",
    password: "a password of theirs",
    role: "member",
  };
  assert.equal((await owner.send("POST", "/api/users", account)).status, 201);
  const member = await signedIn(app, account);
  for (const person of [owner, owner, member]) {
    const answer = await person.send("POST", "/api/stream", {
      query: "How high is the river?",
      model: MODEL,
    });
    await answer.text();
  }
  const all: UsageAnswer = await waitFor("usage of both", async () => {
    const answer = await owner.fetch("/api/usage?groupBy=user");
    const usage: UsageAnswer = await answer.json();
    return usage.totals.requests === 3 && usage;
  });
  assert.equal(all.totals.activeUsers, 2);
  const [{ key: first }, { key: second, label }] = all.groups;
  assert.equal(label, "member");
  for (const query of [`user=${first}`, `user=${first}&user=${second}`, ""]) {
    const path = `groupBy=user&${query}`;
    const own: UsageAnswer = await (await member.fetch(`/api/usage?${path}`))
      .json();
    assert.equal(own.totals.requests, 1, query);
    assert.deepEqual(own.groups.map(({ key }) => key), [second], query);
    const file = await (await member.fetch(`/api/usage.csv?${path}`)).text();
    assert.ok(file.includes(second) && !file.includes(first), query);
  }
});

Deno.test("usage.check and usage.rebuild: say that sums and ledger agree, and leave them so", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const before = await ask(rig.app, 2);
  const done = async (kind: string) => {
    const asked = await rig.app.post("/api/jobs", { kind, input: {} });
    const { id }: Job = await asked.json();
    return await waitFor(`the end of ${kind}`, async () => {
      const job: Job = await (await rig.app.fetch(`/api/jobs/${id}`)).json();
      return job.finishedAt !== null && job;
    });
  };
  const checked = await done("usage.check");
  assert.equal(checked.error, null);
  assert.match(
    (checked.result as { text: string }).text,
    /^Sums and ledger agree: 2 requests of [12] days?\.$/,
  );
  const rebuilt = await done("usage.rebuild");
  assert.match(
    (rebuilt.result as { text: string }).text,
    /^Added up [12] days? of usage from the ledger\.$/,
  );
  const { totals } = await usageOf(rig.app, "?groupBy=model");
  assert.deepEqual(totals, before.totals);
});
