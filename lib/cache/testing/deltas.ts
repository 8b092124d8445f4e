/** Deltas of answers, and an upstream whose deltas come when the test says so. */
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";
import type { ServedBy } from "../answer.ts";
import type { OpenUpstream } from "../flights.ts";

export const USAGE: TokenUsage = {
  inputTokens: 10,
  cachedInputTokens: 4,
  outputTokens: 7,
};

export const SERVED: ServedBy = { provider: "a", model: "m1" };

export const text = (content: string): Delta => ({
  type: "text",
  text: content,
});
export const finish = (reason = "stop"): Delta => ({ type: "finish", reason });
export const usage = (reported = USAGE): Delta => ({
  type: "usage",
  usage: reported,
});

/** A whole answer of these pieces. */
export function answer(...pieces: string[]): Delta[] {
  return [...pieces.map(text), finish(), usage()];
}

/** The text of deltas. */
export function textOf(deltas: readonly Delta[]): string {
  return deltas.map((delta) => delta.type === "text" ? delta.text : "")
    .join("");
}

/** Reads a stream to its end. */
export async function readAll(
  deltas: AsyncIterator<Delta>,
): Promise<Delta[]> {
  const all: Delta[] = [];
  for (;;) {
    const result = await deltas.next();
    if (result.done) return all;
    all.push(result.value);
  }
}

type Step = { delta: Delta } | { error: unknown } | { end: true };

/** One upstream call, fed by hand. */
export class FakeCall {
  signal: AbortSignal;
  /** Whether whoever read it has said that no more is wanted. */
  isReturned = false;
  /** Deltas asked for so far. */
  asked = 0;
  #steps: Step[] = [];
  #waiting: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  give(...deltas: Delta[]): void {
    this.#push(...deltas.map((delta) => ({ delta })));
  }

  end(): void {
    this.#push({ end: true });
  }

  break(error: unknown): void {
    this.#push({ error });
  }

  #push(...steps: Step[]): void {
    this.#steps.push(...steps);
    this.#waiting?.();
  }

  async next(): Promise<IteratorResult<Delta>> {
    this.asked += 1;
    while (this.#steps.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      await promise;
    }
    const step = this.#steps.shift()!;
    if ("error" in step) throw step.error;
    return "delta" in step
      ? { done: false, value: step.delta }
      : { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<Delta>> {
    this.isReturned = true;
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** All upstream calls of a test. */
export class FakeUpstream {
  readonly calls: FakeCall[] = [];
  readonly open: OpenUpstream = (signal, tell) => {
    tell(SERVED);
    const call = new FakeCall(signal);
    this.calls.push(call);
    return call;
  };

  /** An upstream call that answers at once. */
  answering(deltas: readonly Delta[]): OpenUpstream {
    return (signal, tell) => {
      const call = this.open(signal, tell) as FakeCall;
      call.give(...deltas);
      call.end();
      return call;
    };
  }
}
