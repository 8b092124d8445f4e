/** What the chat keeps in the store, and how it becomes what the browser sees. */
import type { BlobManifest } from "@/lib/kv/blobs.ts";
import type {
  Message,
  MessageStatus,
  Run,
  RunError,
  RunStatus,
  Thread,
  Usage,
} from "@/lib/shared/wire.ts";

/** What the owner of a thread edits; its versionstamp-independent `version` is the thread's ETag. */
export interface ThreadRecord {
  v: 1;
  id: string;
  title: string;
  titleSource: "auto" | "user";
  model: string | null;
  createdAt: string;
  version: number;
}

/** What runs write about a thread, apart from it so that they never undo an edit. */
export interface ThreadActivityRecord {
  v: 1;
  updatedAt: string;
  /** Run that is answering now, or null. */
  activeRunId: string | null;
  /** Newest message of the branch on view. */
  headMessageId: string | null;
}

/** A text in the value itself, or in blob parts when it is too long for one value. */
export type StoredText = { inline: string } | { blob: BlobManifest };

export interface MessageRecord {
  v: 1;
  id: string;
  threadId: string;
  parentId: string | null;
  role: "user" | "assistant";
  text: StoredText;
  status: MessageStatus;
  runId: string | null;
  model: string | null;
  usage: Usage | null;
  error: RunError | null;
  createdAt: string;
}

export interface RunRecord {
  v: 1;
  id: string;
  threadId: string;
  /** Message that is being answered. */
  questionId: string;
  /** Message that holds the answer. */
  messageId: string;
  status: RunStatus;
  /** Number of this attempt; the first is 1. */
  epoch: number;
  /** Incarnation that executes it, or executed it last. */
  owner: string;
  model: string;
  provider: string | null;
  finishReason: string | null;
  usage: Usage | null;
  error: RunError | null;
  /** Sequence number of the last event, once the run has ended. */
  endSeq: number | null;
  createdAt: string;
  startedAt: string;
  finishedAt: string | null;
}

/** States that a run does not leave again by itself. */
export function isEnded(status: RunStatus): boolean {
  return status !== "queued" && status !== "running";
}

/** How the end of a run shows on its message. */
export const MESSAGE_STATUS: Record<RunStatus, MessageStatus> = {
  queued: "streaming",
  running: "streaming",
  completed: "complete",
  cancelled: "stopped",
  failed: "failed",
  interrupted: "interrupted",
};

export function toThread(
  record: ThreadRecord,
  activity: ThreadActivityRecord,
): Thread {
  return {
    id: record.id,
    title: record.title,
    titleSource: record.titleSource,
    model: record.model,
    projectId: null,
    tags: [],
    pinned: false,
    archived: false,
    temporary: false,
    activeRunId: activity.activeRunId,
    headMessageId: activity.headMessageId,
    unread: false,
    createdAt: record.createdAt,
    updatedAt: activity.updatedAt,
    version: record.version,
  };
}

export function toMessage(
  record: MessageRecord,
  content: string,
  siblings: string[],
): Message {
  return {
    id: record.id,
    threadId: record.threadId,
    parentId: record.parentId,
    role: record.role,
    content,
    status: record.status,
    runId: record.runId,
    model: record.model,
    usage: record.usage,
    error: record.error,
    siblings,
    createdAt: record.createdAt,
  };
}

export function toRun(record: RunRecord, outputText: string): Run {
  return {
    id: record.id,
    threadId: record.threadId,
    messageId: record.messageId,
    status: record.status,
    epoch: record.epoch,
    model: record.model,
    provider: record.provider,
    outputText,
    finishReason: record.finishReason,
    usage: record.usage,
    costMicroUsd: null,
    cache: null,
    error: record.error,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
  };
}
