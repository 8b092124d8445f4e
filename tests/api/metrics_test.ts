/** Stages in headers, and `GET /metrics`. */
import assert from "node:assert/strict";
import type { TestApp } from "@/tests/support/app.ts";
import {
  askStream,
  askWhole,
  newThread,
  startChat,
} from "@/tests/support/chat_client.ts";
import { collectEvents } from "@/tests/support/sse.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { postChat, question } from "./v1_rig.ts";

async function scrape(app: TestApp): Promise<string> {
  const response = await app.fetch("/metrics");
  assert.equal(response.status, 200);
  assert.equal(
    response.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  return await response.text();
}

/** The value of a series; null when it is not there. */
function valueOf(text: string, series: string): number | null {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

/** Names of the stages in `Server-Timing`. */
function stagesOf({ headers }: Response): string[] {
  const timing = headers.get("server-timing") ?? "";
  for (const part of timing.split(", ")) {
    assert.match(part, /^[a-z0-9._]+;dur=\d+(\.\d+)?$/, timing);
  }
  return timing.split(", ").map((part) => part.split(";")[0]);
}

Deno.test("GET /metrics: every line is of Prometheus's text format, with help and type for each metric", async () => {
  await using rig = await startChat();
  await askWhole(rig.app, "Hello");
  const text = await scrape(rig.app);
  assert.ok(text.endsWith("\n"));
  const described = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (line.startsWith("#")) {
      assert.match(line, /^# (HELP|TYPE) [a-z][a-z0-9_]+ .+$/);
      described.add(line.split(" ")[2]);
      continue;
    }
    assert.match(
      line,
      /^[a-z][a-z0-9_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)+\})? -?[0-9.e+-]+$/,
    );
    const name = line.split(/[{ ]/)[0];
    assert.ok(
      described.has(name) ||
        described.has(name.replace(/_(bucket|sum|count)$/, "")),
      `${name} has no type`,
    );
  }
});

Deno.test("GET /metrics: runs, tokens, pieces and what the rest of the process does", async () => {
  await using rig = await startChat({ behaviour: { usage: "own" } });
  const { events } = await askWhole(rig.app, "Hello");
  const answer = await postChat(rig.app, question());
  await answer.body?.cancel();
  const text = await waitFor("both runs in the metrics", async () => {
    const text = await scrape(rig.app);
    const ended = 'freshet_runs_total{source="v1",status="completed"}';
    return valueOf(text, ended) === 1 && text;
  });
  const series = (name: string) => valueOf(text, name);
  assert.equal(
    series('freshet_runs_total{source="chat",status="completed"}'),
    1,
  );
  assert.equal(series('freshet_chunks_total{source="chat"}'), events.length);
  assert.equal(series('llm_time_to_first_token_seconds_count{source="v1"}'), 1);
  assert.equal(series('freshet_overhead_seconds_count{source="v1"}'), 1);
  const target = 'provider="openai",model="fake-1"';
  assert.ok(series(`llm_tokens_total{kind="output",${target}}`)! > 0);
  assert.equal(
    series('freshet_attempts_total{provider="openai",outcome="completed"}'),
    2,
  );
  assert.equal(series(`breaker_state{${target}}`), 0);
  assert.equal(
    series(
      'http_request_duration_seconds_count{method="POST",route="/v1/chat/completions",status="200"}',
    ),
    1,
  );
  assert.equal(series('cache_requests_total{outcome="bypass"}'), 2);
  for (
    const positive of [
      "process_resident_memory_bytes",
      "freshet_upstream_sockets",
      "freshet_lane_bytes_total",
      "freshet_lane_batch_seconds_count",
      "process_cpu_seconds_total",
      "event_loop_lag_seconds_count",
      'kv_operation_duration_seconds_count{operation="commit"}',
    ]
  ) assert.ok(series(positive)! > 0, positive);
  for (
    const there of [
      "streams_active",
      "freshet_followers",
      "http_requests_in_flight",
      "jobs_waiting",
      "worker_busy_ratio",
      'live_connections{transport="socket"}',
      'live_dropped_total{reason="too_slow"}',
      'upstream_connections{provider="openai",state="in_use"}',
      'upstream_connections{provider="openai",state="waiting"}',
      "freshet_lane_halts_total",
      'event_lag{subscriber="live"}',
      'event_lag{subscriber="titles"}',
      'freshet_request_records_total{outcome="dropped"}',
    ]
  ) assert.notEqual(series(there), null, there);
});

Deno.test("GET /metrics: a running answer is an active stream with a follower", async () => {
  await using rig = await startChat();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "Hello" },
    model: "fake-1",
  });
  const during = await scrape(rig.app);
  assert.equal(valueOf(during, "streams_active"), 1);
  assert.equal(valueOf(during, "freshet_followers"), 1);
  rig.upstream.release();
  await collectEvents(response);
  await waitFor("both are gone", async () => {
    const after = await scrape(rig.app);
    return valueOf(after, "streams_active") === 0 &&
      valueOf(after, "freshet_followers") === 0;
  });
});

Deno.test("Server-Timing: names the stages known when the headers leave", async () => {
  await using rig = await startChat();
  const models = await rig.app.fetch("/api/models");
  await models.body?.cancel();
  assert.deepEqual(stagesOf(models), ["auth", "limits"]);
  const thread = await newThread(rig.app);
  const chat = await askStream(rig.app, thread.id, {
    message: { content: "Hello" },
    model: "fake-1",
  });
  await collectEvents(chat);
  const started = stagesOf(chat);
  assert.ok(started.includes("commit"), started.join());
  const whole = await postChat(rig.app, question());
  await whole.body?.cancel();
  assert.deepEqual(stagesOf(whole), [
    "auth",
    "limits",
    "provider.connect",
    "provider.first_token",
    "stream",
    "commit",
  ]);
});

Deno.test("Server-Timing: an answer that was kept shows the cache and no provider", async () => {
  await using rig = await startChat();
  const ask = () => postChat(rig.app, question({ temperature: 0 }));
  await (await ask()).text();
  const kept = await waitFor("the answer is kept", async () => {
    const again = await ask();
    await again.text();
    return again.headers.get("x-freshet-cache") === "hit-l1" && again;
  });
  assert.deepEqual(stagesOf(kept), ["auth", "limits", "cache.l1"]);
});

Deno.test("x-freshet-overhead-ms: does not count the time of the provider", async () => {
  const providerMs = 400;
  await using rig = await startChat({
    behaviour: { firstTokenDelayMs: providerMs },
  });
  // The first request waits for the list of models too.
  await (await rig.app.fetch("/api/models")).body?.cancel();
  for (const stream of [true, false]) {
    const startedAtMs = performance.now();
    const response = await postChat(rig.app, question({ stream }));
    const takenMs = performance.now() - startedAtMs;
    const { headers } = response;
    await response.text();
    const overheadMs = Number(headers.get("x-freshet-overhead-ms"));
    const timing = headers.get("server-timing")!;
    const waitedMs = Number(
      /provider\.first_token;dur=([\d.]+)/.exec(timing)![1],
    );
    assert.ok(waitedMs >= providerMs * 0.9, timing);
    assert.ok(
      overheadMs > 0 && overheadMs <= takenMs - waitedMs,
      `${overheadMs} ms of ${takenMs} ms`,
    );
  }
});
