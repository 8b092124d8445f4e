/** What an error says: about the target, and about whether somebody else may do better. */
import { ProviderError } from "@/lib/errors.ts";

/**
 * failed: the target is in trouble (no connection, a deadline, a status of 500 or more, nonsense) ·
 * limited: it limits the rate · refused: it is well and will not answer this request, or not with our
 * key · none: nothing can be said (the caller went away, or the time for the whole answer ran out).
 */
export type Verdict = "failed" | "limited" | "refused" | "none";

/** What an error says about the target that it came from. */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof ProviderError)) return "none";
  if (error.extra.deadline === "total") return "none";
  if (error.status === 429) return "limited";
  return error.status >= 500 && error.code !== "provider_auth_failed"
    ? "failed"
    : "refused";
}

/**
 * Whether another target may answer what this one did not: always, unless the request itself is at fault
 * or there is no time left.
 */
export function mayFailOver(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError)) return false;
  if (error.extra.deadline === "total") return false;
  const isOfRequest = error.status === 400 || error.status === 413;
  // With 404 the settings are at fault: the address, or the model's name.
  return !isOfRequest || error.providerStatus === 404;
}
