/** One request from its first byte to the end of all that it began; found in `ctx.state.trace`. */
import type { KeptHeaders, RequestSource, RunFacts } from "./request_record.ts";
import { Stages } from "./stages.ts";

export interface TraceStart {
  id: string;
  workspace: string;
  method: string;
  /** Pattern of the route, or `none`. */
  route: string;
  /** Whether it asks a model; only such requests are recorded. Null: it does not. */
  source: RequestSource | null;
  /** Wall clock, milliseconds since 1970 UTC. */
  startedAtMs: number;
}

/** The response as its headers left. */
export interface Answered {
  status: number;
  overheadMs: number;
  totalMs: number;
}

export class RequestTrace implements TraceStart {
  readonly id: string;
  /** Workspace that the caller acts in, once that is known. */
  workspace: string;
  readonly method: string;
  readonly route: string;
  readonly source: RequestSource | null;
  readonly startedAtMs: number;
  readonly stages: Stages;
  /** Who asked; set by whoever finds out. */
  user: string | null = null;
  key: string | null = null;
  /** What was asked for and where it led, as far as that is known before a run has begun. */
  model: string | null = null;
  /** Run that the request began, or was attached to. */
  run: string | null = null;
  /** `x-ratelimit-…` as its limits stand after it. */
  rateHeaders: Readonly<Record<string, string>> = {};
  /** What is kept of the headers, both ways; null for what asks no model. */
  headers: KeptHeaders | null = null;
  /** The job that asks, or null. */
  job: string | null = null;
  /** What it was refused with, or null. */
  error: { code: string; message: string } | null = null;
  /** The headers have left. */
  answered: Answered | null = null;
  /** The run that it began, which has ended. */
  ended: RunFacts | null = null;
  /** The run that it began has become another process's. */
  isLeft = false;
  #isRunning = false;
  #isOver = false;
  readonly #onOver: (trace: RequestTrace) => void;

  /** @param onOver called once, when the response has left and the run that it began has ended */
  constructor(
    start: TraceStart,
    onOver: (trace: RequestTrace) => void,
    stages = new Stages(),
  ) {
    this.id = start.id;
    this.workspace = start.workspace;
    this.method = start.method;
    this.route = start.route;
    this.source = start.source;
    this.startedAtMs = start.startedAtMs;
    this.stages = stages;
    this.#onOver = onOver;
  }

  /** The request has begun a run, which may outlive its response. */
  runBegan(run: string): void {
    this.run = run;
    this.#isRunning = true;
  }

  /** The run that it began has ended; called by `Observer.runEnded`. */
  runEnded(facts: RunFacts): void {
    this.ended = facts;
    this.#isRunning = false;
    this.#end();
  }

  /** Another process goes on with the run that it began, and tells of its end. */
  runLeft(): void {
    this.isLeft = true;
    this.#isRunning = false;
    this.#end();
  }

  /** The headers leave; called by `Observer.leave`. */
  leave(status: number): Answered {
    this.answered ??= {
      status,
      overheadMs: this.stages.overheadMs(),
      totalMs: this.stages.elapsedMs,
    };
    this.#end();
    return this.answered;
  }

  #end(): void {
    if (this.#isOver || this.#isRunning || this.answered === null) return;
    this.#isOver = true;
    this.stages.endAll("cancelled");
    this.#onOver(this);
  }
}
