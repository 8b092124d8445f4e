import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { useClock } from "@/components/chat/use_clock.ts";
import { ThreadLink } from "@/components/ThreadLink.tsx";
import { onNews } from "@/lib/shared/chat/thread_news.ts";
import {
  groupByAge,
  LISTED_THREADS,
  type ThreadRow,
  withNews,
} from "@/lib/shared/chat/thread_rows.ts";
import { takeUndo } from "@/lib/shared/chat/undo_note.ts";
import type { Clock } from "@/lib/shared/clock.ts";

export interface ThreadListProps {
  rows: Signal<ThreadRow[]>;
  current: Signal<string | null>;
  clock: Clock;
}

/** Hears what happens to threads, here and elsewhere, and says what was just done on the page before. */
function useNews(
  rows: Signal<ThreadRow[]>,
  current: Signal<string | null>,
): void {
  useEffect(() => {
    const stopNews = onNews((news) => {
      rows.value = withNews(rows.peek(), news);
    });
    const note = takeUndo(Date.now());
    if (note !== null) {
      void import("@/components/thread_menu/undo.ts")
        .then(({ offerUndo }) => offerUndo(note));
    }
    let isGone = false;
    let stopLive = () => {};
    void import("@/components/side/follow_live.tsx").then(({ followLive }) => {
      if (!isGone) stopLive = followLive();
    });
    void import("@/components/thread_menu/archive.ts")
      .then(({ fillArchive }) => fillArchive(current));
    return () => {
      isGone = true;
      stopNews();
      stopLive();
    };
  }, []);
}

/** Threads in the navigation: the pinned ones, then by age; a running one has the waterline. */
export default function ThreadList(props: ThreadListProps): VNode {
  const { rows, current } = props;
  const { nowMs, timeZone } = useClock(props.clock);
  useNews(rows, current);
  const groups = groupByAge(rows.value, new Date(nowMs), timeZone);
  return (
    <>
      {groups.length === 0 && (
        <>
          <h2 class="side-title">Threads</h2>
          <p class="hint side-hint">Your threads will be listed here.</p>
        </>
      )}
      {groups.map(({ title, rows }) => (
        <section key={title} aria-label={title}>
          <h2 class="side-title">{title}</h2>
          {rows.map((row) => (
            <ThreadLink
              key={row.id}
              row={row}
              isCurrent={row.id === current.value}
            />
          ))}
        </section>
      ))}
      <MoreThreads rows={rows} />
    </>
  );
}

/** The way to threads older than those a page begins with. */
function MoreThreads({ rows }: { rows: Signal<ThreadRow[]> }): VNode | null {
  // Undefined until a page of the list has told where the next begins.
  const cursor = useSignal<string | null | undefined>(undefined);
  const isBusy = useSignal(false);
  if (cursor.value === null || rows.value.length < LISTED_THREADS) return null;
  const load = async () => {
    isBusy.value = true;
    const { loadMore } = await import("@/components/thread_menu/more.ts");
    cursor.value = await loadMore(rows, cursor.peek());
    isBusy.value = false;
  };
  return (
    <button
      class="btn btn-quiet btn-small side-more"
      type="button"
      aria-busy={isBusy.value ? "true" : undefined}
      onClick={() => void load()}
    >
      Show more
    </button>
  );
}
