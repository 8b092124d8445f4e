/** The list of threads in the navigation. */
import { daysBetween } from "@/lib/shared/format.ts";
import type { Thread } from "@/lib/shared/wire.ts";

export interface ThreadRow {
  id: string;
  title: string;
  updatedAt: string;
  /** Whether an answer is being written in it. */
  isRunning: boolean;
}

export function toThreadRow(thread: Thread): ThreadRow {
  const { id, title, updatedAt, activeRunId } = thread;
  return { id, title, updatedAt, isRunning: activeRunId !== null };
}

/** The rows with one of them changed, or added on top when it is new. */
export function withRow(rows: ThreadRow[], row: ThreadRow): ThreadRow[] {
  return rows.some(({ id }) => id === row.id)
    ? rows.map((each) => each.id === row.id ? row : each)
    : [row, ...rows];
}

export interface ThreadGroup {
  title: "Today" | "Last 7 days" | "Older";
  rows: ThreadRow[];
}

/** Rows by the age of their newest activity, newest first; groups without rows are left out. */
export function groupByAge(
  rows: ThreadRow[],
  now: Date,
  timeZone: string,
): ThreadGroup[] {
  const groups: ThreadGroup[] = [
    { title: "Today", rows: [] },
    { title: "Last 7 days", rows: [] },
    { title: "Older", rows: [] },
  ];
  const newestFirst = [...rows].sort((one, other) =>
    Date.parse(other.updatedAt) - Date.parse(one.updatedAt)
  );
  for (const row of newestFirst) {
    const days = daysBetween(new Date(row.updatedAt), now, timeZone);
    groups[days <= 0 ? 0 : days <= 7 ? 1 : 2].rows.push(row);
  }
  return groups.filter((group) => group.rows.length > 0);
}
