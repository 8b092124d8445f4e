/** The list of threads in the navigation. */
import { daysBetween } from "@/lib/shared/format.ts";
import type { LiveThread } from "@/lib/shared/live/live_wire.ts";
import type { ThreadNews } from "./thread_news.ts";

/** How many of the newest threads a page lists at first. */
export const LISTED_THREADS = 50;

export interface ThreadRow {
  id: string;
  title: string;
  updatedAt: string;
  /** Whether an answer is being written in it. */
  isRunning: boolean;
  /** Whether an answer has ended that nobody has seen. */
  isUnread: boolean;
  isPinned: boolean;
  /** Which state of the thread this is, for changes of it. */
  version: number;
}

export function toThreadRow(thread: LiveThread): ThreadRow {
  return {
    id: thread.id,
    title: thread.title,
    updatedAt: thread.updatedAt,
    isRunning: thread.activeRunId !== null,
    isUnread: thread.unread,
    isPinned: thread.pinned,
    version: thread.version,
  };
}

/** The rows after news: a thread that is archived, temporary or deleted has none. */
export function withNews(rows: ThreadRow[], news: ThreadNews): ThreadRow[] {
  const id = news.kind === "deleted" ? news.threadId : news.thread.id;
  if (
    news.kind === "deleted" || news.thread.archived || news.thread.temporary
  ) {
    return rows.filter((row) => row.id !== id);
  }
  const known = rows.find((row) => row.id === id);
  if (known !== undefined && known.version > news.thread.version) return rows;
  return withRow(rows, toThreadRow(news.thread));
}

/** The rows with one of them changed, or added on top when it is new. */
export function withRow(rows: ThreadRow[], row: ThreadRow): ThreadRow[] {
  return rows.some(({ id }) => id === row.id)
    ? rows.map((each) => each.id === row.id ? row : each)
    : [row, ...rows];
}

export interface ThreadGroup {
  title: "Pinned" | "Today" | "Last 7 days" | "Older";
  rows: ThreadRow[];
}

/** The pinned rows, then the others by the age of their newest activity, newest first; groups without rows are left out. */
export function groupByAge(
  rows: ThreadRow[],
  now: Date,
  timeZone: string,
): ThreadGroup[] {
  const groups: ThreadGroup[] = [
    { title: "Pinned", rows: [] },
    { title: "Today", rows: [] },
    { title: "Last 7 days", rows: [] },
    { title: "Older", rows: [] },
  ];
  const newestFirst = [...rows].sort((one, other) =>
    Date.parse(other.updatedAt) - Date.parse(one.updatedAt)
  );
  for (const row of newestFirst) {
    const days = daysBetween(new Date(row.updatedAt), now, timeZone);
    const age = days <= 0 ? 1 : days <= 7 ? 2 : 3;
    groups[row.isPinned ? 0 : age].rows.push(row);
  }
  return groups.filter((group) => group.rows.length > 0);
}
