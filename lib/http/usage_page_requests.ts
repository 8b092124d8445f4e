/** From the figures of usage to the requests that they are of. */
import {
  REQUEST_CACHES,
  REQUEST_FILTERS,
  REQUEST_RESULTS,
  REQUEST_SOURCES,
  REQUEST_STATUSES,
} from "@/lib/shared/requests/request_filter.ts";
import { NONE, type UsageChoice } from "@/lib/shared/usage/usage_choice.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";

/** What lists of requests know of these; whatever stands elsewhere is a name. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  source: REQUEST_SOURCES,
  status: REQUEST_STATUSES,
  cache: REQUEST_CACHES,
};

/**
 * Addresses of the failed and of the slow requests of a span.
 * @returns null for who reads their own usage alone, and where a list of requests cannot be narrowed so
 */
export function requestsOf(
  { path, filters }: UsageChoice,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  nowMs: number,
): UsagePageView["requests"] {
  if (path !== "/admin/usage") return null;
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(filters)) {
    const [value, ...more] = values;
    const isKnown = (REQUEST_FILTERS as readonly string[]).includes(name) &&
      value !== NONE && (KNOWN[name]?.includes(value) ?? true);
    if (!isKnown || more.length > 0) return null;
    query.set(name, value);
  }
  query.set("from", new Date(fromMs).toISOString());
  // A list that has no end is followed as new ones come.
  if (toMs < nowMs) query.set("to", new Date(toMs).toISOString());
  const [failed, slow] = REQUEST_RESULTS.map((result) =>
    `/admin/requests?result=${result}&${query}`
  );
  return { failed, slow };
}
