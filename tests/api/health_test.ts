/** `/api/health` and its page: how the server does, for who runs it and for nobody else. */
import assert from "node:assert/strict";
import { HealthStore } from "@/lib/health/health_store.ts";
import { CountedKv } from "@/lib/kv/testing/counted_kv.ts";
import type { HealthNow, HealthReport } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "@/tests/support/app.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "@/tests/support/signed_in.ts";
import { readEvents } from "@/tests/support/sse.ts";
import { postChat } from "./v1_rig.ts";

const HOUR_MS = 3_600_000;
const PATHS = ["/api/health", "/api/health/events", "/admin/health"];

/** A port on which nothing listens. */
const NOWHERE = "http://127.0.0.1:1/v1";

async function reportOf(
  app: Pick<TestApp, "fetch">,
): Promise<HealthReport> {
  const answer = await app.fetch("/api/health");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return await answer.json();
}

async function statusesOf(
  { fetch }: Pick<SignedIn, "fetch">,
): Promise<number[]> {
  return await Promise.all(PATHS.map(async (path) => {
    const response = await fetch(path);
    await response.body?.cancel();
    return response.status;
  }));
}

Deno.test("/api/health: nobody but who runs the server sees it, admins of a workspace included", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  assert.deepEqual(await statusesOf(app), [401, 401, 303]);
  const owner = await signedIn(app, OWNER);
  const added = await owner.send("POST", "/api/users", {
    email: "ines@example.org",
    password: "three words and more",
    role: "member",
  });
  assert.equal(added.status, 201, await added.text());
  const member = await signedIn(app, {
    email: "ines@example.org",
    password: "three words and more",
  });
  assert.deepEqual(await statusesOf(member), [403, 403, 403]);
  assert.deepEqual(await statusesOf(owner), [200, 200, 200]);
});

Deno.test("GET /api/health: a provider that does not answer is told of with what to do, its key is not", async () => {
  const apiKey = "sk-a-key-that-nobody-may-see";
  await using app = await startApp({
    configFile: {
      providers: [{ id: "well", baseUrl: NOWHERE, apiKey, models: ["deep"] }],
      breaker: { failures: 2, windowMs: 60_000, openMs: 60_000 },
    },
  });
  const isTold = ({ findings }: HealthReport) =>
    findings.some(({ id }) => id === "provider-well");
  assert.ok(!isTold(await reportOf(app)));
  for (let asked = 0; asked < 2; asked += 1) {
    const answer = await postChat(app, {
      model: "well/deep",
      messages: [{ role: "user", content: "How high is the river?" }],
    });
    assert.equal(answer.status, 502);
    await answer.body?.cancel();
  }
  app.services.healthFeed.forget();
  const after = await reportOf(app);
  assert.equal(after.level, "critical");
  const finding = after.findings.find(({ id }) => id === "provider-well")!;
  assert.match(finding.next, /Test its connection/);
  assert.equal(finding.href, "/admin/providers");
  const [provider] = after.providers;
  assert.equal(provider.models[0].breaker, "open");
  assert.ok(provider.failures > 0 && provider.failures === provider.tries);
  assert.ok(!JSON.stringify(after).includes(apiKey));
  // The first HTML has it all, before any script.
  const page = await (await app.fetch("/admin/health")).text();
  assert.ok(!page.includes(apiKey));
  assert.match(page, /Provider well is down/);
  assert.match(page, /Open, left alone/);
  assert.match(page, /aria-label="Memory in the last 24 hours: /);
});

Deno.test("GET /api/health: every reading of this process, which takes new work", async () => {
  await using app = await startApp();
  const { readings, processes, checks, settings, versions, series } =
    await reportOf(app);
  const values = new Map(readings.map(({ id, value }) => [id, value]));
  for (
    const id of [
      "event_loop_lag_ms",
      "memory_bytes",
      "kv_read_ms",
      "jobs_running",
      "streams_active",
      "worker_busy_ratio",
      "cache_bytes",
      "upstream_sockets",
      "live_connections",
      "event_lag",
      "descriptors",
    ]
  ) {
    assert.ok(values.get(id)! >= 0, `${id} reads ${values.get(id)}`);
  }
  assert.ok(values.get("memory_bytes")! > 10_000_000);
  // The request that asks is one of them.
  assert.ok(values.get("descriptors")! >= 1);
  for (
    const id of ["cpu_ratio", "error_rate", "cache_hit_ratio", "store_bytes"]
  ) {
    assert.ok(values.has(id), id);
  }
  assert.deepEqual(processes.map(({ state, isHere }) => [state, isHere]), [
    ["up", true],
  ]);
  assert.ok(
    checks.length > 0 && checks.every(({ status }) => status === "pass"),
  );
  assert.ok(settings.some(({ name }) => name === "PORT"));
  // What was set while the server runs is what is in force.
  app.services.serverSettings.cache.ttlSeconds = 77;
  const { settings: changed } = await reportOf(app);
  const ttl = changed.find(({ name }) => name === "cache.ttlSeconds")!;
  assert.equal(ttl.value, "77");
  assert.ok(versions.some(({ name }) => name === "Deno"));
  assert.equal(
    series.points.memory_bytes.length * series.stepSeconds,
    24 * 3_600,
  );
});

Deno.test("GET /api/health: a reading is judged by the rules of alerts that are in force", async () => {
  await using app = await startApp({
    configFile: {
      alerts: [
        { id: "memory", above: 1_000 },
        { id: "event-loop-lag", enabled: false },
      ],
    },
  });
  const { readings, level } = await reportOf(app);
  const reading = (id: string) => readings.find((each) => each.id === id)!;
  assert.equal(reading("memory_bytes").limit, 1_000);
  assert.equal(reading("memory_bytes").level, "critical");
  assert.equal(level, "critical");
  assert.equal(reading("event_loop_lag_ms").limit, null);
});

Deno.test("GET /api/health: one process alone with its own lines, and 404 for one that is not known", async () => {
  await using app = await startApp();
  await seedHistory(app.services, 2);
  const all = await reportOf(app);
  const answer = await app.fetch("/api/health?process=inc_process0");
  const one: HealthReport = await answer.json();
  const line = (report: HealthReport) => report.series.points.memory_bytes;
  assert.ok(line(one).some((point) => point !== null));
  assert.ok(line(one).some((point, at) => point !== line(all)[at]));
  assert.equal(one.readings.every(({ value }) => value === null), true);
  assert.equal(one.processes.length, all.processes.length);
  const page = await app.fetch("/admin/health?process=inc_process0");
  assert.match(await page.text(), /alone, as it told them last/);
  for (const path of PATHS) {
    const unknown = await app.fetch(`${path}?process=inc_nobody`);
    await unknown.body?.cancel();
    assert.equal(unknown.status, 404, path);
  }
});

Deno.test("GET /api/health: a check that fails makes it critical, with the reason", async () => {
  await using app = await startApp();
  app.services.health.add("tide", () => "the tide is out");
  await app.services.healthRecorder.record();
  const { level, findings, checks } = await reportOf(app);
  assert.equal(level, "critical");
  assert.match(findings[0].title, /tide: the tide is out/);
  assert.equal(checks.find(({ name }) => name === "tide")!.status, "fail");
});

Deno.test("/admin/health: as many reads of the store and less than 100 KB, however much history there is", async () => {
  let counted!: CountedKv;
  await using app = await startApp({
    wrapKv: (kv) => counted = new CountedKv(kv),
  });
  const { services } = app;
  const look = async () => {
    services.healthFeed.forget();
    const before = counted.reads;
    const response = await app.fetch("/admin/health");
    const html = await response.text();
    assert.equal(response.status, 200);
    return { reads: counted.reads - before, bytes: html.length };
  };
  // What is looked up once, such as the account, has been looked up then.
  await look();
  const empty = await look();
  await seedHistory(services, 6);
  const full = await look();
  assert.ok(
    full.reads <= empty.reads + 1,
    `${empty.reads} reads without history, ${full.reads} with it`,
  );
  assert.ok(full.bytes < 100_000, `${full.bytes} bytes`);
});

/** A day of so many processes that have gone since. */
async function seedHistory(
  { store, owner, gauges }: TestApp["services"],
  processes: number,
): Promise<void> {
  const rows = new HealthStore(store, owner);
  const now = store.clock.now();
  for (let index = 0; index < processes; index += 1) {
    const minutes = Float32Array.from(
      { length: 60 },
      () => 1e6 * (index + Math.random()),
    );
    const hours = Array.from({ length: 24 }, (_, back) => ({
      hourMs: Math.floor(now / HOUR_MS - back) * HOUR_MS,
      points: Object.fromEntries(gauges.all.map(({ id }) => [id, minutes])),
    }));
    await rows.write(`inc_process${index}`, {
      v: 1,
      host: `web-${index}`,
      build: "0123456789abcdef0123456789abcdef",
      deno: "2.9.5",
      startedAt: now - 24 * HOUR_MS,
      at: now - 2 * HOUR_MS,
      endedAt: null,
      unready: [],
      gauges: {},
      targets: [],
      tries: [],
    }, hours);
  }
}

Deno.test("GET /api/health/events: told at once, and the stream ends with the process", async () => {
  const app = await startApp();
  await using _ = app;
  const response = await app.fetch("/api/health/events");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /^text\/event-stream/);
  const events = readEvents(response.body!);
  const first = await events.next();
  assert.ok(!first.done);
  assert.equal(first.value.event, "health");
  const now: HealthNow = first.value.data;
  assert.ok(now.readings.length > 10);
  assert.ok(now.processes.some(({ isHere }) => isHere));
  await app.close();
  assert.equal((await events.next()).done, true);
});
