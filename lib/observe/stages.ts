/**
 * What a request is at: each step on the way to its answer, with when it began, how long it took and what
 * came of it. A handful of small objects a request, none for a chunk.
 */

/** The steps, in the order in which most requests take them. */
export type StageName =
  | "auth"
  | "limits"
  | "cache.l1"
  | "cache.l2"
  | "provider.connect"
  | "provider.first_token"
  | "stream"
  | "commit";

/** What came of a stage; `hit`, `miss` and `joined` are words of the cache. */
export type StageOutcome =
  | "running"
  | "ok"
  | "hit"
  | "miss"
  | "joined"
  | "failed"
  | "cancelled";

export interface Stage {
  /** Number within its request, from 1 on. */
  readonly id: number;
  readonly name: StageName;
  /** Since the request came in, in milliseconds. */
  readonly startMs: number;
  /** Milliseconds; null while it runs. */
  readonly durationMs: number | null;
  readonly outcome: StageOutcome;
  /** Code of the error that ended it, or null. */
  readonly error: string | null;
}

type Writable = { -readonly [Name in keyof Stage]: Stage[Name] };

/** While one of these runs and nothing else does, the provider is what the request waits for. */
const WAITS_FOR_PROVIDER: ReadonlySet<StageName> = new Set([
  "provider.connect",
  "provider.first_token",
  "stream",
]);

/** Stages that a request keeps; a route that is tried again and again has more. */
const MAX_STAGES = 64;

export class Stages {
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #stages: Writable[] = [];
  #newest: Writable | null = null;
  /** Stages that were gone on with: since when, and how long they had taken before. */
  readonly #resumed = new Map<Stage, { sinceMs: number; before: number }>();

  /** @param now milliseconds that only grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** In the order in which they began. */
  get all(): readonly Stage[] {
    return this.#stages;
  }

  /** The stage that began last and still runs, else the one that began last; null before the first. */
  get current(): Stage | null {
    return this.#stages.findLast(({ outcome }) => outcome === "running") ??
      this.#newest;
  }

  /** Milliseconds since the request came in. */
  get elapsedMs(): number {
    return this.#now() - this.#startedAtMs;
  }

  /** Begins a stage; `end` takes what this gives. */
  begin(name: StageName): Stage {
    const stage: Writable = {
      id: this.#stages.length + 1,
      name,
      startMs: this.elapsedMs,
      durationMs: null,
      outcome: "running",
      error: null,
    };
    if (this.#stages.length < MAX_STAGES) this.#stages.push(stage);
    this.#newest = stage;
    return stage;
  }

  /**
   * Goes on with the stage that ended last, where that has this name and went well; else begins one. What
   * came in between does not count in its duration.
   */
  resume(name: StageName): Stage {
    const last = this.#newest;
    if (last === null || last.name !== name || last.outcome !== "ok") {
      return this.begin(name);
    }
    const own = last as Writable;
    this.#resumed.set(own, {
      sinceMs: this.elapsedMs,
      before: own.durationMs ?? 0,
    });
    own.durationMs = null;
    own.outcome = "running";
    return own;
  }

  /** Ends a stage; only the first end counts. @param error code of what ended it */
  end(
    stage: Stage,
    outcome: Exclude<StageOutcome, "running"> = "ok",
    error: string | null = null,
  ): void {
    if (stage.outcome !== "running") return;
    const own = stage as Writable;
    const { sinceMs, before } = this.#resumed.get(stage) ??
      { sinceMs: stage.startMs, before: 0 };
    own.durationMs = before + this.elapsedMs - sinceMs;
    own.outcome = outcome;
    own.error = error;
  }

  /** Does some work as a stage, which fails when the work does. */
  async run<T>(name: StageName, work: () => Promise<T>): Promise<T> {
    const stage = this.begin(name);
    try {
      const done = await work();
      this.end(stage);
      return done;
    } catch (error) {
      this.end(stage, "failed", codeOf(error));
      throw error;
    }
  }

  /** The same for work that waits for nothing. */
  check<T>(name: StageName, work: () => T): T {
    const stage = this.begin(name);
    try {
      const done = work();
      this.end(stage);
      return done;
    } catch (error) {
      this.end(stage, "failed", codeOf(error));
      throw error;
    }
  }

  /** Ends what still runs, when the request itself has ended. */
  endAll(outcome: Exclude<StageOutcome, "running">): void {
    for (const stage of this.#stages) this.end(stage, outcome);
  }

  /**
   * `Server-Timing` (https://www.w3.org/TR/server-timing/): the stages that have ended, milliseconds. Of
   * one that came several times the sum.
   */
  serverTiming(): string {
    const sums = new Map<StageName, number>();
    for (const { name, durationMs } of this.#stages) {
      if (durationMs === null) continue;
      sums.set(name, (sums.get(name) ?? 0) + durationMs);
    }
    return [...sums].map(([name, ms]) => `${name};dur=${rounded(ms)}`)
      .join(", ");
  }

  /**
   * Milliseconds that the request has taken so far, without those in which nothing but the provider was
   * waited for: time in which a provider's stage ran and no other did.
   */
  overheadMs(): number {
    const untilMs = this.elapsedMs;
    const bounds: { atMs: number; provider: number; own: number }[] = [];
    for (const { name, startMs, durationMs } of this.#stages) {
      const endMs = durationMs === null ? untilMs : startMs + durationMs;
      const provider = WAITS_FOR_PROVIDER.has(name) ? 1 : 0;
      const own = 1 - provider;
      bounds.push({ atMs: startMs, provider, own });
      bounds.push({ atMs: endMs, provider: -provider, own: -own });
    }
    bounds.sort((left, right) => left.atMs - right.atMs);
    let waitedMs = 0;
    let provider = 0;
    let own = 0;
    let lastMs = 0;
    for (const bound of bounds) {
      if (provider > 0 && own === 0) waitedMs += bound.atMs - lastMs;
      provider += bound.provider;
      own += bound.own;
      lastMs = bound.atMs;
    }
    return Math.max(untilMs - waitedMs, 0);
  }
}

/** The overhead of a request so far, as the ledger has it; undefined where no request waits. */
export function overheadOf(
  trace: { stages: Stages } | null | undefined,
): number | undefined {
  return trace ? rounded(trace.stages.overheadMs()) : undefined;
}

/** Milliseconds with a hundredth at most, as headers and records carry them. */
export function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** Code of an error, as stages and records carry it. */
export function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error
    ? error.code
    : null;
  return typeof code === "string" ? code : "internal_error";
}
