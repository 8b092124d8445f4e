/**
 * What the rest of the program tells of requests and runs, for all who want to know: metrics, the request
 * log, spans.
 *
 * ```ts
 * const trace = observer.begin({ id: requestId, … });        // the middleware, once a request
 * await trace.stages.run("commit", () => store.start(run));   // whoever does the work of a stage
 * trace.runBegan(run.id);                                     // a run, which may outlive the response
 * observer.leave(trace, response.status);                     // the middleware: the headers leave
 * observer.runEnded(facts, trace);                            // the run has ended
 * ```
 */
import type { Metrics } from "./metrics.ts";
import type { RequestLog } from "./request_log.ts";
import { RequestMetrics } from "./request_metrics.ts";
import { fromFacts, fromTrace } from "./record_of.ts";
import type { RunFacts } from "./request_record.ts";
import {
  type Answered,
  RequestTrace,
  type TraceStart,
} from "./request_trace.ts";
import type { Tracing } from "./tracing.ts";

/** Whoever is told of runs that have ended. */
export interface RunObserver {
  /**
   * A run has ended, or its process hands it over; called once for each execution of a run.
   * @param trace of the request that began it; null when it was begun again without one
   */
  runEnded(facts: RunFacts, trace: RequestTrace | null): void;
}

export interface ObserverParts {
  metrics: Metrics;
  requestLog: Pick<RequestLog, "add">;
  /** Null while no spans are wanted. */
  tracing: Tracing | null;
  /** Wall clock, milliseconds since 1970 UTC. */
  now: () => number;
  /** Told of each request that is over, its run included. */
  onOver?: (trace: RequestTrace) => void;
  /** Told of each run that has ended. */
  onRun?: (facts: RunFacts) => void;
}

export class Observer implements RunObserver {
  readonly #parts: ObserverParts;
  readonly #metrics: RequestMetrics;
  readonly #open = new Set<RequestTrace>();
  #followers = 0;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#metrics = new RequestMetrics(parts.metrics);
  }

  /** Spans of requests; null while none are wanted. */
  get tracing(): Tracing | null {
    return this.#parts.tracing;
  }

  /** Requests that are not over: their response, or a run that they began. */
  get open(): ReadonlySet<RequestTrace> {
    return this.#open;
  }

  /** Event streams that clients read. */
  get followers(): number {
    return this.#followers;
  }

  /** A request has come in. */
  begin(start: Omit<TraceStart, "startedAtMs">): RequestTrace {
    const trace = new RequestTrace(
      { ...start, startedAtMs: this.#parts.now() },
      (over) => this.#over(over),
    );
    this.#open.add(trace);
    return trace;
  }

  /** The headers of a response leave. */
  leave(trace: RequestTrace, status: number): Answered {
    const answered = trace.leave(status);
    this.#metrics.answered(trace);
    return answered;
  }

  /** The response has gone, or its caller has: this settles. */
  countRequest(
    trace: RequestTrace,
    status: number,
    completed: Promise<void>,
  ): void {
    const end = () => this.#metrics.ended(trace, status);
    completed.then(end, end);
  }

  /** A client reads an event stream until this settles. */
  countFollower(completed: Promise<void>): void {
    this.#followers += 1;
    const end = () => void (this.#followers -= 1);
    completed.then(end, end);
  }

  runEnded(facts: RunFacts, trace: RequestTrace | null): void {
    this.#metrics.runEnded(facts);
    this.#parts.onRun?.(facts);
    if (trace !== null) return trace.runEnded(facts);
    const record = fromFacts(facts, this.#parts.now());
    if (record !== null) {
      this.#parts.requestLog.add(facts.workspace, record, facts.bodies);
    }
  }

  #over(trace: RequestTrace): void {
    const { requestLog, tracing, now, onOver } = this.#parts;
    this.#open.delete(trace);
    tracing?.over(trace);
    onOver?.(trace);
    const record = fromTrace(trace, now());
    if (record !== null) {
      requestLog.add(trace.workspace, record, trace.ended?.bodies);
    }
  }
}
