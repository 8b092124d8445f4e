import type { ThreadFacts } from "@/lib/shared/chat/thread_changes.ts";

/** A thread and where it is on the page. */
export interface ThreadPlace {
  thread: ThreadFacts;
  /** Element that shows its title; a field takes its place to rename it. */
  title: HTMLElement;
  /** Whether the page is that of the thread. */
  isOnView: boolean;
}
