/** `/api/anomalies`: what programs find in points of their own, and what they may not send. */
import assert from "node:assert/strict";
import {
  countAround,
  HOUR_MS,
  MONDAY_MS,
  randomOf,
  workload,
} from "@/lib/anomalies/testing/series.ts";
import type { AnomalyRecord } from "@/lib/anomalies/anomaly_record.ts";
import { detectedEvent } from "@/lib/anomalies/anomaly_event.ts";
import { AnomalyStore } from "@/lib/anomalies/anomaly_store.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type {
  AnomalyList,
  FoundAnomalies,
  Job,
  Notification,
  Page,
} from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { waitFor } from "../support/wait.ts";

const PLANTED = [1_234, 5_000, 7_777];

/** Hourly counts of an office, with three spikes. */
function points(count: number) {
  const random = randomOf(1);
  return Array.from({ length: count }, (_, hour) => ({
    t: new Date(MONDAY_MS + hour * HOUR_MS).toISOString(),
    v: countAround(100 * workload(hour), random) +
      (PLANTED.includes(hour) ? 500 : 0),
    group: "office",
  }));
}

async function problem(response: Response, status: number, code: string) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(JSON.parse(text).code, code, text);
  return JSON.parse(text);
}

async function find(app: TestApp, body: unknown): Promise<FoundAnomalies> {
  const answer = await app.post("/api/anomalies", body);
  assert.equal(answer.status, 200, await answer.clone().text());
  return await answer.json();
}

Deno.test("POST /api/anomalies: 10,000 points are answered at once, with what was planted and why", async () => {
  await using app = await startApp();
  const given = points(10_000);
  const { anomalies } = await find(app, { points: given });
  assert.deepEqual(anomalies.map(({ t }) => t), PLANTED.map((i) => given[i].t));
  for (const { v, group, expected, score, reason } of anomalies) {
    assert.equal(group, "office");
    assert.ok(v >= 500 && expected < 150 && score > 5);
    assert.match(reason, /^\d+ where .+ is usual .+ UTC/);
  }
});

Deno.test("POST /api/anomalies: more points are looked at by a job, which ends with the same", async () => {
  await using app = await startApp();
  const given = points(10_001);
  const answer = await app.post("/api/anomalies", { points: given });
  const job: Job = await answer.json();
  assert.equal(answer.status, 202, JSON.stringify(job));
  assert.equal(answer.headers.get("location"), `/api/jobs/${job.id}`);
  const done = await waitFor("the job to end", async () => {
    const now: Job = await (await app.fetch(`/api/jobs/${job.id}`)).json();
    assert.notEqual(now.status, "dead", JSON.stringify(now));
    return now.status === "completed" ? now : null;
  });
  const { anomalies, text } = done.result as FoundAnomalies & { text: string };
  assert.deepEqual(anomalies.map(({ t }) => t), PLANTED.map((i) => given[i].t));
  assert.equal(text, "3 anomalies in 10,001 points.");
});

Deno.test("POST /api/anomalies: nothing to look at is no anomaly", async () => {
  await using app = await startApp();
  assert.deepEqual(await find(app, { points: [] }), { anomalies: [] });
  assert.deepEqual(
    await find(app, { points: [{ t: "2026-11-21T00:00:00Z", v: 5 }] }),
    { anomalies: [] },
  );
});

Deno.test("POST /api/anomalies: refuses what is no point and says which, and too many of them", async () => {
  await using app = await startApp();
  const { errors } = await problem(
    await app.post("/api/anomalies", {
      points: [{ t: 1, v: 1 }, { t: 2, v: "x" }],
    }),
    400,
    "invalid_request",
  );
  assert.equal(errors[0].path, "points.1.v");
  for (
    const body of [{}, { points: 5 }, { points: [], missing: "?" }, {
      points: [],
      more: 1,
    }]
  ) {
    await problem(
      await app.post("/api/anomalies", body),
      400,
      "invalid_request",
    );
  }
  const headers = { "content-type": "application/json" };
  const nan = '{"points":[{"t":1,"v":NaN}]}';
  await problem(
    await app.fetch("/api/anomalies", { method: "POST", headers, body: nan }),
    400,
    "invalid_json",
  );
  const many = new Array(100_001).fill({ t: 1, v: 1 });
  await problem(
    await app.post("/api/anomalies", { points: many }),
    413,
    "too_many_points",
  );
});

Deno.test("POST /api/anomalies: others are served while many points are looked at", async () => {
  await using app = await startApp();
  const body = { points: points(10_000) };
  let isOver = false;
  const looked = Promise.all([1, 2, 3].map(() => find(app, body)))
    .finally(() => isOver = true);
  let served = 0;
  while (!isOver) {
    await (await app.fetch("/healthz")).body?.cancel();
    served += 1;
  }
  await looked;
  assert.ok(served > 2, `${served} were served`);
});

const NEVER = new AbortController().signal;

/** Anomalies that were found, the newest last; the newest goes on. */
async function keep(app: TestApp, count: number): Promise<AnomalyRecord[]> {
  const store = new AnomalyStore(app.services.store);
  const records = Array.from({ length: count }, (_, i): AnomalyRecord => ({
    v: 1,
    id: `anm_${String(i).padStart(22, "0")}`,
    dimension: "model",
    key: "m1 <b>",
    metric: "requests",
    direction: "above",
    startMs: MONDAY_MS + i * HOUR_MS,
    lastMs: MONDAY_MS + i * HOUR_MS,
    worstMs: MONDAY_MS + i * HOUR_MS,
    value: 900,
    expected: 30,
    score: 40,
    reason: "900 requests where about 30 are usual: 30 times as much",
    also: ["all:"],
    baseline: 3,
    endedMs: i === count - 1 ? null : MONDAY_MS + (i + 1) * HOUR_MS,
    foundMs: MONDAY_MS + (i + 1) * HOUR_MS,
  }));
  const loaded = await store.state(FIRST_WORKSPACE);
  const baseline = {
    version: 3,
    fittedMs: MONDAY_MS,
    fromMs: MONDAY_MS - 42 * 24 * HOUR_MS,
    toMs: MONDAY_MS,
    series: 7,
  };
  await store.setState(
    FIRST_WORKSPACE,
    { ...loaded, state: { ...loaded.state, baseline } },
    records,
    [detectedEvent(records.at(-1)!, Date.now())],
    NEVER,
  );
  return records;
}

Deno.test("GET /api/anomalies: the latest first, page by page, with what they were judged by", async () => {
  await using app = await startApp();
  const empty: AnomalyList = await (await app.fetch("/api/anomalies")).json();
  assert.deepEqual(empty, { items: [], nextCursor: null, baseline: null });
  const kept = await keep(app, 5);
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const answer = await app.fetch(
      `/api/anomalies?limit=2${cursor && `&cursor=${cursor}`}`,
    );
    const { items, nextCursor, baseline }: AnomalyList = await answer.json();
    assert.equal(baseline?.version, 3);
    seen.push(...items.map(({ id }) => id));
    cursor = nextCursor;
  }
  assert.deepEqual(seen, kept.map(({ id }) => id).reverse());
  await problem(
    await app.fetch("/api/anomalies?cursor=x"),
    400,
    "invalid_request",
  );
});

Deno.test("/admin/alerts: shows anomalies with reason and link, and those who run the workspace are told", async () => {
  await using app = await startApp();
  const before = await (await app.fetch("/admin/alerts")).text();
  assert.match(before, /Nothing out of the ordinary/);
  await keep(app, 2);
  const html = await (await app.fetch("/admin/alerts")).text();
  assert.match(html, /More than usual:\s*model m1 &lt;b>/);
  assert.match(html, /900 requests where about 30 are usual/);
  assert.match(html, /href="\/admin\/usage\?[^"]*model=m1/);
  assert.match(html, /version 3/);
  assert.match(html, /goes on/);
  const { href, text, title } = await waitFor("the notification", async () => {
    const answer = await app.fetch("/api/notifications");
    const { items }: Page<Notification> = await answer.json();
    return items.find(({ event }) => event === "anomaly.detected") ?? null;
  });
  assert.match(title, /^Unusual usage of /);
  assert.match(String(text), /30 times as much\.$/);
  assert.match(String(href), /^\/admin\/usage\?/);
});

Deno.test("anomaly.fit and anomaly.scan: where little was used they say that too little is known yet", async () => {
  await using app = await startApp();
  const begun = await app.post("/api/jobs", { kind: "anomaly.fit", input: {} });
  const { id }: Job = await begun.json();
  const fit = await waitFor("the job to end", async () => {
    const now: Job = await (await app.fetch(`/api/jobs/${id}`)).json();
    return now.status === "completed" ? now : null;
  });
  assert.match((fit.result as { text: string }).text, /it takes a week/);
  // As its schedule begins it.
  const { jobs } = app.services;
  const { job } = await jobs.enqueue(FIRST_WORKSPACE, {
    kind: "anomaly.scan",
    input: {},
  });
  const scan = await waitFor("the look to end", async () => {
    const now = await jobs.get(FIRST_WORKSPACE, job.id);
    return now.status === "completed" ? now : null;
  });
  assert.match((scan.result as { text: string }).text, /that takes a week/);
});
