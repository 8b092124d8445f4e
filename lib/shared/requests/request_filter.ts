/** What a list of requests is narrowed to, as the address of a page has it. */

/** The members of a filter, in the order of the address; each is a text, empty where nothing is wanted. */
export const REQUEST_FILTERS = [
  "q",
  "result",
  "model",
  "user",
  "key",
  "provider",
  "source",
  "status",
  "cache",
  "error",
  "seconds",
  "from",
  "to",
] as const;

export type RequestFilterName = typeof REQUEST_FILTERS[number];

export type RequestFilter = Record<RequestFilterName, string>;

export const REQUEST_RESULTS = ["failed", "slow"] as const;

/** How a request may have ended. */
export const REQUEST_STATUSES = [
  "completed",
  "cancelled",
  "failed",
  "interrupted",
  "refused",
  "attached",
] as const;

export const REQUEST_SOURCES = ["chat", "v1"] as const;

export const REQUEST_CACHES = [
  "hit-l1",
  "hit-l2",
  "joined",
  "miss",
  "bypass",
] as const;

/** What an address asks for. */
export function readFilterTexts({ searchParams }: URL): RequestFilter {
  return Object.fromEntries(
    REQUEST_FILTERS.map((name) => [name, searchParams.get(name)?.trim() ?? ""]),
  ) as RequestFilter;
}

/** A filter, and more, as a query with its question mark; empty for nothing. */
export function requestQuery(
  filter: RequestFilter,
  more: Partial<RequestFilter> & { cursor?: string | null } = {},
): string {
  const query = new URLSearchParams();
  for (const [name, text] of Object.entries({ ...filter, ...more })) {
    if (text) query.set(name, text);
  }
  const text = String(query);
  return text === "" ? "" : `?${text}`;
}

/** Whether nothing is narrowed. */
export function isOpenFilter(filter: RequestFilter): boolean {
  return REQUEST_FILTERS.every((name) => filter[name] === "");
}
