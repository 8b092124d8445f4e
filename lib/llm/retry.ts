/**
 * Tries a provider again when an attempt fails before its first delta: exponential backoff with full
 * jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), never sooner than
 * `Retry-After` asks.
 */
import { ProviderError } from "@/lib/errors.ts";
import type { ChatRequest, Delta, Provider } from "@/lib/llm/types.ts";

export interface RetryOptions {
  /** Attempts after the first; 2 by default. */
  retries?: number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 (included) to 1 (excluded). */
  random?: () => number;
}

const DEFAULT_RETRIES = 2;
const BASE_WAIT_MS = 500;
const MAX_WAIT_MS = 8000;
/** Somebody is waiting: when the provider wants a longer pause they had better hear of it. */
const MAX_RETRY_AFTER_MS = 20_000;

/** Waits for a time that a signal can cut short. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Whether another attempt may help. Whoever waited for a first token that never came has waited long
 * enough, so only a connect that took too long is tried again among our own deadlines.
 */
export function isWorthRetrying(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError) || !error.retryable) return false;
  const deadline = error.extra.deadline;
  return deadline === undefined || deadline === "connect";
}

/** How long to wait before attempt `retry` (1 is the first retry), or null to give up. */
export function waitBefore(
  retry: number,
  error: ProviderError,
  random: () => number,
): number | null {
  const jitterMs = random() *
    Math.min(MAX_WAIT_MS, BASE_WAIT_MS * 2 ** (retry - 1));
  const askedMs = error.retryAfterMs ?? 0;
  return askedMs > MAX_RETRY_AFTER_MS ? null : Math.max(askedMs, 0) + jitterMs;
}

type Result = IteratorResult<Delta, undefined>;

class RetryingStream implements AsyncIterableIterator<Delta> {
  private attempt: AsyncIterator<Delta, undefined>;
  private begun = false;
  private readonly closed = new AbortController();

  constructor(
    private readonly open: () => AsyncIterator<Delta, undefined>,
    private readonly signal: AbortSignal,
    private readonly options: Required<RetryOptions>,
  ) {
    this.attempt = open();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    return this.begun ? this.attempt.next() : this.first();
  }

  async return(): Promise<Result> {
    this.begun = true;
    this.closed.abort();
    await this.attempt.return?.();
    return { done: true, value: undefined };
  }

  private async first(): Promise<Result> {
    for (let retry = 1;; retry++) {
      try {
        const result = await this.attempt.next();
        this.begun = true;
        return result;
      } catch (error) {
        const waitMs = retry <= this.options.retries && isWorthRetrying(error)
          ? waitBefore(retry, error, this.options.random)
          : null;
        if (waitMs === null) {
          this.begun = true;
          throw error;
        }
        const signal = AbortSignal.any([this.signal, this.closed.signal]);
        await this.options.sleep(waitMs, signal).catch((reason) => {
          this.begun = true;
          if (!this.closed.signal.aborted) throw reason;
        });
        if (this.closed.signal.aborted) return { done: true, value: undefined };
        this.attempt = this.open();
      }
    }
  }
}

/** The same provider, with streams that are tried again. */
export function withRetry(
  provider: Provider,
  options: RetryOptions = {},
): Provider {
  const settings: Required<RetryOptions> = {
    retries: options.retries ?? DEFAULT_RETRIES,
    sleep: options.sleep ?? sleep,
    random: options.random ?? Math.random,
  };
  return {
    id: provider.id,
    listModels: (signal) => provider.listModels(signal),
    stream: (request: ChatRequest, signal: AbortSignal) =>
      new RetryingStream(
        () => provider.stream(request, signal)[Symbol.asyncIterator](),
        signal,
        {
          ...settings,
          retries: Math.min(request.retries ?? Infinity, settings.retries),
        },
      ),
  };
}
