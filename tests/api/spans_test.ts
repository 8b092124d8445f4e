/** Spans of OpenTelemetry, as a collector receives them from a server of its own process. */
import assert from "node:assert/strict";
import {
  type FakeUpstream,
  startFakeUpstream,
} from "../support/fake_upstream.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { postChat, question } from "./v1_rig.ts";

/** A span as OTLP's JSON has it (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  status?: { code?: number };
}

interface Collector extends AsyncDisposable {
  url: string;
  spans: Span[];
}

/** A collector that takes whatever is sent and keeps the spans. */
function startCollector(): Collector {
  const spans: Span[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const body = await request.json();
      for (const { scopeSpans } of body.resourceSpans ?? []) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    spans,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface Rig extends AsyncDisposable {
  server: ServerProcess;
  upstream: FakeUpstream;
  dataDir: string;
}

async function startRig(env: Record<string, string>): Promise<Rig> {
  const upstream = await startFakeUpstream({ models: ["fake-1"] });
  const dataDir = await Deno.makeTempDir();
  const server = await startProcess(dataDir, {
    env: {
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: upstream.url,
      ...env,
    },
  });
  return {
    server,
    upstream,
    dataDir,
    async [Symbol.asyncDispose]() {
      upstream.release();
      await server[Symbol.asyncDispose]();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

function attributeOf({ attributes }: Span, name: string): unknown {
  const value = attributes.find(({ key }) => key === name)?.value ?? {};
  return Object.values(value)[0];
}

function msOf(nano: string): number {
  return Number(BigInt(nano) / 1_000_000n);
}

const ROUTE = "POST /v1/chat/completions";

Deno.test("spans: one of the request that ends with its stream, and one of each stage", async () => {
  await using collector = startCollector();
  await using rig = await startRig({
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  const { server, upstream } = rig;
  upstream.hold();
  const asking = postChat(server, question({ stream: true }));
  await waitFor("the provider is asked", () => upstream.chats().length > 0);
  upstream.release(2);
  const response = await asking;
  const requestId = response.headers.get("x-request-id")!;
  const own = () =>
    collector.spans.find((span) =>
      attributeOf(span, "freshet.request") === requestId
    );
  const releasedAtMs = Date.now();
  upstream.release();
  await response.text();

  const span = await waitFor("the span of the request", own);
  assert.equal(span.name, ROUTE);
  assert.equal(attributeOf(span, "http.route"), "/v1/chat/completions");
  assert.equal(Number(attributeOf(span, "http.response.status_code")), 200);
  assert.ok(msOf(span.endTimeUnixNano) >= releasedAtMs);
  const outer = await waitFor(
    "Deno's own span",
    () => collector.spans.find(({ spanId }) => spanId === span.parentSpanId),
  );
  assert.equal(attributeOf(outer, "http.route"), "/v1/chat/completions");
  const stages = await waitFor("the spans of the stages", () => {
    const found = collector.spans.filter(({ parentSpanId }) =>
      parentSpanId === span.spanId
    );
    return found.some(({ name }) => name === "commit") && found;
  });
  const names = stages.map(({ name }) => name);
  for (
    const name of [
      "auth",
      "limits",
      "provider.connect",
      "provider.first_token",
      "stream",
      "commit",
    ]
  ) assert.ok(names.includes(name), `${name} is not in ${names}`);
  for (const stage of stages) {
    assert.equal(stage.traceId, span.traceId);
    assert.ok(stage.startTimeUnixNano >= span.startTimeUnixNano, stage.name);
    assert.ok(stage.endTimeUnixNano >= stage.startTimeUnixNano, stage.name);
  }
  const stream = stages.find(({ name }) => name === "stream")!;
  assert.ok(msOf(stream.endTimeUnixNano) >= releasedAtMs);
  assert.equal(
    attributeOf(stream, "freshet.run"),
    response.headers.get("x-freshet-run"),
  );
});

Deno.test("spans: none while Deno's exporter is off", async () => {
  await using collector = startCollector();
  await using rig = await startRig({
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  const response = await postChat(rig.server, question());
  await response.text();
  await rig.server.kill("SIGTERM");
  assert.deepEqual(collector.spans, []);
});
