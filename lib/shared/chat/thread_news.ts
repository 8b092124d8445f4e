/**
 * What became known about threads since the page was made, from this page's own requests or from the
 * server's live channel. The islands of a page hear of it from here, so that all show the same.
 */
import type { LiveThread } from "@/lib/shared/live/live_wire.ts";

export type ThreadNews =
  | { kind: "changed"; thread: LiveThread }
  | { kind: "deleted"; threadId: string };

type Listener = (news: ThreadNews) => void;

const listeners = new Set<Listener>();

/** Tells everyone on this page. */
export function tellNews(news: ThreadNews): void {
  for (const listener of [...listeners]) listener(news);
}

/** Listens until the returned function is called. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
