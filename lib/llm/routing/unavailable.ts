import { ProviderError } from "@/lib/errors.ts";
import type { Target } from "./target.ts";

/** Nobody can be asked now: all targets fail, or limit the rate. */
export function unavailable(targets: readonly Target[]): ProviderError {
  const isLimited = targets.some(({ breaker }) => breaker.isPassable);
  const waitMs = Math.min(
    ...targets.map(({ breaker, coolingMs }) =>
      Math.max(breaker.waitMs(), coolingMs)
    ),
  );
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const names = [...new Set(targets.map(({ name }) => `"${name.provider}"`))];
  const who = names.length === 1
    ? `The provider ${names[0]}`
    : `Each of the providers ${names.join(", ")}`;
  return new ProviderError({
    status: isLimited ? 429 : 502,
    code: isLimited ? "provider_rate_limited" : "provider_unavailable",
    message: isLimited
      ? `${who} is rate limiting. Try again in ${seconds} s, or choose another model.`
      : `${who} failed several times and is left alone for a moment. Try again in ${seconds} s, or choose another model.`,
    retryable: true,
    headers: { "Retry-After": String(seconds) },
    retryAfterMs: waitMs,
  });
}
