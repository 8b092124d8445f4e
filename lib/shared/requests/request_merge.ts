/** Pages of requests put together as they are read. */
import { FULL_PAGE, type RequestsView } from "./request_view.ts";

/** A page with the one that follows it below. */
export function withOlder(
  view: RequestsView,
  older: RequestsView,
): RequestsView {
  const there = new Set(view.rows.map(({ id }) => id));
  return {
    ...view,
    labels: { ...older.labels, ...view.labels },
    rows: [...view.rows, ...older.rows.filter(({ id }) => !there.has(id))],
    nextCursor: older.nextCursor,
    reach: {
      looked: view.reach.looked + older.reach.looked,
      backTo: older.reach.backTo,
    },
  };
}

/**
 * The first page read again, above what was shown of older ones: a list that has grown by those below it
 * keeps them, and says how far it has looked before.
 */
export function withFresh(
  view: RequestsView,
  fresh: RequestsView,
): RequestsView {
  // A full page needs none below it.
  if (fresh.rows.length >= FULL_PAGE || !isFurther(view, fresh)) return fresh;
  const last = fresh.rows.at(-1)?.id;
  const there = new Set(fresh.rows.map(({ id }) => id));
  const grown = view.rows.filter(({ id, status }) =>
    !there.has(id) && status !== "running" && (last === undefined || id < last)
  );
  return {
    ...fresh,
    rows: [...fresh.rows, ...grown],
    nextCursor: view.nextCursor,
    reach: view.reach,
  };
}

/** Whether a page has looked further back than another. */
function isFurther(view: RequestsView, other: RequestsView): boolean {
  const [own, its] = [view.reach.backTo, other.reach.backTo];
  if (its === null) return false;
  return own === null || own < its;
}

/** Requests on top that the list does not show yet. */
export function countNewer(shown: RequestsView, fresh: RequestsView): number {
  const there = new Set(shown.rows.map(({ id }) => id));
  const first = fresh.rows.findIndex(({ id }) => there.has(id));
  return first === -1 ? fresh.rows.length : first;
}
