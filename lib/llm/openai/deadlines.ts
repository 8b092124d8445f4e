/** The deadlines of one answer, on one timer, cheap enough to be moved with every token. */

/**
 * connect: until the socket is up · firstToken: from the start to the first token · tokenGap: between
 * tokens, counted only while somebody reads · tail: from the finish reason to the end of the stream ·
 * total: from the start to the end.
 */
export type DeadlineName =
  | "connect"
  | "firstToken"
  | "tokenGap"
  | "tail"
  | "total";

/** Limits in milliseconds. */
export interface TimeoutsMs {
  connect: number;
  firstToken: number;
  tokenGap: number;
  total: number;
}

/** The defaults of `routes[].timeoutsMs` in FRESHET_CONFIG. */
export const DEFAULT_TIMEOUTS_MS: TimeoutsMs = {
  connect: 5000,
  firstToken: 30_000,
  tokenGap: 20_000,
  total: 600_000,
};

/** An answer is whole once it has a finish reason; the end of its stream is not worth a long wait. */
const MAX_TAIL_MS = 5000;

/** Calls `onPassed` for the first deadline that passes, then stands still. */
export class Deadlines {
  private readonly dueAt = new Map<DeadlineName, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerDueAt = Infinity;

  /** @param now milliseconds that never go back */
  constructor(
    private readonly limits: TimeoutsMs,
    private readonly onPassed: (name: DeadlineName, limitMs: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  limitMs(name: DeadlineName): number {
    return name === "tail"
      ? Math.min(this.limits.tokenGap, MAX_TAIL_MS)
      : this.limits[name];
  }

  /** Starts a deadline, or starts it anew. */
  start(name: DeadlineName): void {
    const due = this.now() + this.limitMs(name);
    this.dueAt.set(name, due);
    if (due < this.timerDueAt) this.schedule(due);
  }

  /** Lifts a deadline. The timer stays: when it fires it looks at what is due then. */
  stop(name: DeadlineName): void {
    this.dueAt.delete(name);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerDueAt = Infinity;
    this.dueAt.clear();
  }

  private schedule(due: number): void {
    clearTimeout(this.timer);
    this.timerDueAt = due;
    const waitMs = Math.ceil(due - this.now());
    this.timer = setTimeout(() => this.check(), Math.max(waitMs, 0));
  }

  private check(): void {
    const now = this.now();
    let next = Infinity;
    for (const [name, due] of this.dueAt) {
      if (due <= now) {
        this.clear();
        this.onPassed(name, this.limitMs(name));
        return;
      }
      next = Math.min(next, due);
    }
    this.timerDueAt = Infinity;
    if (next < Infinity) this.schedule(next);
  }
}
