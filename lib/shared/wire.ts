/**
 * What goes over the wire between browser and server under `/api`: camelCase, RFC 3339 UTC times.
 * Types only; islands and services share them.
 */

export type MessageStatus =
  | "complete"
  | "streaming"
  | "stopped"
  | "failed"
  | "interrupted";
export type RunStatus =
  | "queued"
  | "running"
  | "completed"
  | "cancelled"
  | "failed"
  | "interrupted";

export interface Usage {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  /** True when the provider sent no usage and the counts are our estimate. */
  estimated: boolean;
}

/** Why an answer failed, in words for a person. */
export interface RunError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface Thread {
  id: string;
  title: string;
  titleSource: "auto" | "user";
  model: string | null;
  projectId: string | null;
  tags: string[];
  pinned: boolean;
  archived: boolean;
  temporary: boolean;
  activeRunId: string | null;
  headMessageId: string | null;
  unread: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface Message {
  id: string;
  threadId: string;
  parentId: string | null;
  role: "user" | "assistant" | "system";
  content: string;
  status: MessageStatus;
  runId: string | null;
  model: string | null;
  usage: Usage | null;
  error: RunError | null;
  /** Ids of the messages with the same parent, this one included, oldest first: at most the 200 nearest. */
  siblings: string[];
  createdAt: string;
}

export interface Run {
  id: string;
  threadId: string;
  messageId: string;
  status: RunStatus;
  epoch: number;
  model: string;
  provider: string | null;
  outputText: string;
  finishReason: string | null;
  usage: Usage | null;
  costMicroUsd: number | null;
  cache: string | null;
  error: RunError | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface Model {
  id: string;
  label: string;
  provider: string;
}

/** A list page: `?limit` and `?cursor` ask for it. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** `application/problem+json`, RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  requestId: string;
  errors: { path: string; message: string }[];
  [member: string]: unknown;
}

/** Server-sent events of a run; each carries `id: epoch.seq`. */
export type RunEvent =
  | {
    event: "start";
    data: {
      runId: string;
      threadId: string;
      messageId: string;
      model: string;
      cache: string | null;
    };
  }
  | { event: "chunk"; data: { content: string } }
  | { event: "reasoning"; data: { content: string } }
  | { event: "tool"; data: Record<string, unknown> }
  | { event: "reset"; data: { epoch: number; reason: string } }
  | { event: "error"; data: RunError }
  | {
    event: "done";
    data: {
      status: RunStatus;
      finishReason: string | null;
      usage: Usage | null;
      costMicroUsd: number | null;
    };
  };

export type RunEventName = RunEvent["event"];

/** Threads and tasks of one concern, with what its new threads begin with. */
export interface Project {
  id: string;
  name: string;
  /** A name of `PROJECT_COLORS` or `#rrggbb`. */
  color: string;
  systemPrompt: string;
  defaultModel: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export type TaskStatus = "todo" | "doing" | "done";

export interface Task {
  id: string;
  /** Null also when the project was deleted. */
  projectId: string | null;
  title: string;
  notes: string;
  tags: string[];
  status: TaskStatus;
  dueAt: string | null;
  /** Null also when the thread was deleted. */
  threadId: string | null;
  jobId: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface Tag {
  name: string;
  createdAt: string;
}
