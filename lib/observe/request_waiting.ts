/** Requests whose records wait to be written, among those that a search has found. */
import type { RequestLook } from "./request_search_store.ts";
import type { RequestSummary } from "./request_summary.ts";
import { timeOf } from "./request_time.ts";

/** What a look has found, with those of the waiting that are wanted and belong to its page. */
export function withWaiting(
  look: RequestLook,
  wanted: readonly RequestSummary[],
  limit: number,
): RequestLook {
  if (wanted.length === 0) return look;
  // Those before the place where the look has stopped come with the next page.
  const { next } = look;
  const added = wanted.filter(({ id }) => next === null || id >= next);
  const all = new Map([...look.items, ...added].map((each) => [each.id, each]));
  const items = [...all.values()].sort((one, two) => one.id < two.id ? 1 : -1);
  if (items.length <= limit) return { ...look, items };
  const shown = items.slice(0, limit);
  const last = shown[limit - 1].id;
  return { ...look, items: shown, next: last, backToMs: timeOf(last) };
}
