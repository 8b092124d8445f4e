/**
 * When a provider is asked again that failed before its first delta: exponential backoff with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), never sooner than
 * `Retry-After` asks.
 */
import { ProviderError } from "@/lib/errors.ts";

const BASE_WAIT_MS = 500;
const MAX_WAIT_MS = 8000;
/** Somebody is waiting: when the provider wants a longer pause they had better hear of it. */
export const MAX_RETRY_AFTER_MS = 20_000;

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
