import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import { listThreads } from "@/lib/shared/chat/thread_changes.ts";
import { onNews } from "@/lib/shared/chat/thread_news.ts";
import { type ThreadRow, toThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import { ThreadLink } from "./ThreadLink.tsx";

const PAGE = 50;

/** Threads in the archive, newest activity first; they load when they are looked at. */
export function ArchivedThreads(
  { current }: { current: Signal<string | null> },
): VNode {
  const rows = useSignal<ThreadRow[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const trouble = useSignal<string | null>(null);

  const load = async () => {
    try {
      const page = await listThreads(new ChatRequests(browserFetch), {
        limit: PAGE,
        cursor: cursor.peek(),
        archived: true,
      });
      rows.value = [...rows.peek() ?? [], ...page.items.map(toThreadRow)];
      cursor.value = page.nextCursor;
      trouble.value = null;
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      trouble.value = error.refusal.message;
    }
  };
  useEffect(() => {
    void load();
    return onNews((news) => {
      if (rows.peek() === null) return;
      const id = news.kind === "deleted" ? news.threadId : news.thread.id;
      const others = rows.peek()!.filter((row) => row.id !== id);
      const isHere = news.kind === "changed" && news.thread.archived;
      rows.value = isHere ? [toThreadRow(news.thread), ...others] : others;
    });
  }, []);

  if (trouble.value !== null) {
    return <p class="hint side-hint" role="alert">{trouble.value}</p>;
  }
  if (rows.value === null) {
    return <p class="hint side-hint" aria-busy="true">Loading</p>;
  }
  if (rows.value.length === 0) {
    return <p class="hint side-hint">No thread is archived.</p>;
  }
  return (
    <>
      {rows.value.map((row) => (
        <ThreadLink
          key={row.id}
          row={row}
          isCurrent={row.id === current.value}
          isArchived
        />
      ))}
      {cursor.value !== null && (
        <button
          class="btn btn-quiet btn-small side-more"
          type="button"
          onClick={() => void load()}
        >
          Show more
        </button>
      )}
    </>
  );
}
