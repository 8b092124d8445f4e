/**
 * Spans of OpenTelemetry (https://opentelemetry.io/docs/specs/otel/trace/api/), while Deno's exporter is on
 * (`OTEL_DENO=true`). Deno's own span of a request ends when the headers leave; the span made here ends
 * when the answer does, and has a child for each stage. While the exporter is off nothing of this is there.
 */
import type { Span } from "@opentelemetry/api";
import type { RequestTrace } from "./request_trace.ts";

type Api = typeof import("@opentelemetry/api");

/** The span of a request that is not over. */
interface OpenSpan {
  span: Span;
  /** When the request came in, milliseconds since 1970 UTC with their fractions. */
  startedAtMs: number;
}

const TRACER = "freshet";

export class Tracing {
  readonly #api: Api;
  readonly #open = new WeakMap<RequestTrace, OpenSpan>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** Spans, if Deno's exporter is on, else null. */
  static async load(
    env: (name: string) => string | undefined = (name) => Deno.env.get(name),
  ): Promise<Tracing | null> {
    const isOn = /^(true|1)$/.test(env("OTEL_DENO") ?? "");
    return isOn ? new Tracing(await import("@opentelemetry/api")) : null;
  }

  /**
   * Does the work of a request inside its span.
   * @param completed settles when the response has left whole, or its caller has: the span ends then
   */
  async request(
    trace: RequestTrace,
    completed: Promise<void>,
    work: () => Promise<Response>,
  ): Promise<Response> {
    const { context, SpanKind, SpanStatusCode, trace: traces } = this.#api;
    const name = `${trace.method} ${trace.route}`;
    // Deno's own span of the request, which does not know the route.
    const outer = traces.getActiveSpan();
    outer?.updateName(name);
    outer?.setAttribute("http.route", trace.route);
    const startedAtMs = performance.timeOrigin + performance.now() -
      trace.stages.elapsedMs;
    const span = traces.getTracer(TRACER).startSpan(
      name,
      {
        startTime: startedAtMs,
        kind: SpanKind.INTERNAL,
        attributes: {
          "http.request.method": trace.method,
          "http.route": trace.route,
          "freshet.request": trace.id,
          "freshet.workspace": trace.workspace,
        },
      },
    );
    this.#open.set(trace, { span, startedAtMs });
    const end = () => span.end();
    completed.then(end, end);
    const response = await context.with(
      traces.setSpan(context.active(), span),
      work,
    );
    span.setAttribute("http.response.status_code", response.status);
    if (response.status >= 500) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return response;
  }

  /** The request and what it began are over: one span for each stage, with its own times. */
  over(trace: RequestTrace): void {
    const open = this.#open.get(trace);
    if (open === undefined) return;
    const { context, SpanKind, SpanStatusCode, trace: traces } = this.#api;
    const tracer = traces.getTracer(TRACER);
    const within = traces.setSpan(context.active(), open.span);
    const { ended } = trace;
    const about = ended === null ? {} : {
      "freshet.run": ended.run,
      "gen_ai.request.model": ended.model,
      ...(ended.servedModel === null
        ? {}
        : { "gen_ai.response.model": ended.servedModel }),
      ...(ended.provider === null
        ? {}
        : { "freshet.provider": ended.provider }),
      "gen_ai.usage.input_tokens": ended.inputTokens,
      "gen_ai.usage.output_tokens": ended.outputTokens,
    };
    for (
      const { name, startMs, durationMs, outcome, error } of trace.stages.all
    ) {
      const startTime = open.startedAtMs + startMs;
      const isCall = name.startsWith("provider.");
      const span = tracer.startSpan(name, {
        kind: isCall ? SpanKind.CLIENT : SpanKind.INTERNAL,
        startTime,
        attributes: {
          ...about,
          "freshet.outcome": outcome,
          ...(error === null ? {} : { "error.type": error }),
        },
      }, within);
      if (outcome === "failed") span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(startTime + (durationMs ?? 0));
    }
  }
}
