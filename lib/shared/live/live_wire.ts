/** What `/api/live` sends; types only. */

/** A thread as a row of a list, as it is when the event is sent. */
export interface LiveThread {
  id: string;
  title: string;
  updatedAt: string;
  pinned: boolean;
  archived: boolean;
  unread: boolean;
  activeRunId: string | null;
  temporary: boolean;
  projectId: string | null;
  version: number;
}

/** Something that happened to a thread, a run of it or, on the thread's own channel, a message of it. */
export interface LiveEvent {
  /** `generation.versionstamp.index`; a later connection goes on behind it. */
  id: string;
  /** Noun and verb: `thread.created`, `run.completed`, … */
  type: string;
  /** The channel it was asked for on: `threads` or `thread:ID`. */
  channel: string;
  /** When it happened, RFC 3339. */
  at: string;
  data: {
    threadId: string;
    runId?: string;
    messageId?: string;
    status?: string;
    /** The row of the thread, for events that change it; null when the thread is gone. */
    thread?: LiveThread | null;
    [field: string]: unknown;
  };
}

/** The last of a connection whose listener may be here no longer; it says nothing of a place. */
export interface LiveEnd {
  type: "ended";
  data: { code: string; message: string };
}

export type LiveMessage =
  /** The first of each connection; `cursor` is where it begins. */
  | { type: "hello"; cursor: string }
  /** What happened between the two places cannot be told any more: read everything again. */
  | { type: "events.lost"; id: string; data: { from: string; to: string } }
  | LiveEvent;
