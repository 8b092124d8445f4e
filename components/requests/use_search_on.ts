import { useEffect, useRef, useState } from "preact/hooks";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";
import {
  isOpenFilter,
  requestQuery,
} from "@/lib/shared/requests/request_filter.ts";
import {
  FULL_PAGE,
  type RequestsView,
} from "@/lib/shared/requests/request_view.ts";

/** Answers that are asked for without anybody's doing. */
const MOST_ANSWERS = 100;

export interface SearchOn {
  /** Whether older requests are looked through now. */
  isLooking: boolean;
  stop(): void;
}

/**
 * Goes on with a search that one answer could not end: each looks through so many requests only, and the
 * next one begins where it stopped. Rows are added below, as they are found.
 */
export function useSearchOn(
  view: RequestsView,
  onFound: (more: RequestsView) => void,
): SearchOn {
  const [isLooking, setLooking] = useState(false);
  const isStopped = useRef(false);
  useEffect(() => {
    const wants = ({ rows, nextCursor, filter, errors }: RequestsView) =>
      nextCursor !== null && rows.length < FULL_PAGE &&
      !isOpenFilter(filter) && Object.keys(errors).length === 0;
    if (!wants(view)) return;
    setLooking(true);
    const lookOn = async () => {
      let { rows: { length: found }, nextCursor } = view;
      for (let count = 0; count < MOST_ANSWERS; count += 1) {
        const query = requestQuery(view.filter, { cursor: nextCursor });
        const more = await readPage<RequestsView>(`/admin/requests${query}`);
        if (isStopped.current) return;
        onFound(more);
        found += more.rows.length;
        nextCursor = more.nextCursor;
        if (nextCursor === null || found >= FULL_PAGE) return;
      }
    };
    // What was found stays, and “Go on” leads further.
    lookOn().catch(() => {}).finally(() => setLooking(false));
    return () => {
      isStopped.current = true;
    };
  }, []);
  return {
    isLooking,
    stop: () => {
      isStopped.current = true;
      setLooking(false);
    },
  };
}
