/** What `/api/live` sends and takes. docs/live.md has the protocol. */

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

/** Something that happened. */
export interface LiveEvent {
  /** A later connection goes on behind it. */
  id: string;
  /** Noun and verb: `thread.created`, `run.completed`, `job.progress`, … */
  type: string;
  /** The channel it was asked for on. */
  channel: string;
  /** Further channels of the same connection that have it; absent: none. */
  also?: string[];
  /** When it happened, RFC 3339. */
  at: string;
  /** What the event says; which fields there are depends on its type. */
  data: {
    /** Id of what it is about, for what is no thread, run or message. */
    subject?: string;
    threadId?: string;
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

/** What happened between the two places cannot be told any more: read everything again. */
export interface LiveLost {
  type: "events.lost";
  id: string;
  data: { from: string; to: string };
}

/** Something that a client asked for was refused; the connection stays, unless it is closed next. */
export interface LiveError {
  type: "error";
  data: { code: string; message: string; channels: string[] };
}

export type LiveMessage =
  /** The first of each connection; `cursor` is where it begins. */
  | { type: "hello"; cursor: string }
  /** Nothing else was to be said; everything up to the cursor has been told. */
  | { type: "heartbeat"; cursor: string }
  /** The channels are listened to from the cursor on; those before stay. */
  | { type: "subscribed"; channels: string[]; cursor: string }
  | { type: "unsubscribed"; channels: string[]; cursor: string }
  | LiveLost
  | LiveError
  | LiveEnd
  | LiveEvent;

/** What a client may say, over a WebSocket only. */
export interface LiveRequest {
  subscribe?: string[];
  unsubscribe?: string[];
}

/** The reasons of this protocol for which the server closes a WebSocket. */
export const CLOSE_CODES = {
  /** Sign in first, or again. */
  signIn: 4401,
  /** A channel is not for this listener. */
  channel: 4403,
  /** The listener takes too little; it goes on from its cursor. */
  tooSlow: 4408,
  /** The server restarts; come back at once (RFC 6455's registry: Service Restart). */
  restart: 1012,
  /** What the client says is no text (RFC 6455, 7.4.1: Unsupported Data). */
  notText: 1003,
  /** The client says too much (Policy Violation). */
  tooMany: 1008,
  /** What the client says is too long (Message Too Big). */
  tooBig: 1009,
  /** The server has failed (Internal Error). */
  failed: 1011,
} as const;
