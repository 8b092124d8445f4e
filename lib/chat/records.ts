/** What the chat keeps in the store, and how it becomes what the browser sees. */
import type { AskedBy } from "@/lib/auth/asker.ts";
import type { CacheOutcome } from "@/lib/cache/answer.ts";
import type { BlobManifest } from "@/lib/kv/blobs.ts";
import type { RunSource } from "./run_requests.ts";
import type { BudgetNote } from "@/lib/limits/budget_reservation.ts";
import type {
  Message,
  MessageStatus,
  Run,
  RunError,
  RunStatus,
  Thread,
  Usage,
} from "@/lib/shared/wire.ts";

/** Where the receipt of a request with an `Idempotency-Key` is; see `IdempotencyStore`. */
export interface IdempotencyRef {
  scope: string;
  /** Hash of the key, as it stands in the store. */
  key: string;
}

/** What the owner of a thread edits; its versionstamp-independent `version` is the thread's ETag. */
export interface ThreadRecord {
  v: 1;
  id: string;
  title: string;
  titleSource: "auto" | "user";
  /** Run from whose answer a model made the title; null while it is a line of the question. */
  titledBy?: string | null;
  model: string | null;
  projectId?: string | null;
  /** As `refKey` gives them for `TagRef`s, so that a deleted tag is none. */
  tags?: readonly string[];
  pinned?: boolean;
  archived?: boolean;
  /** Lives under expiring keys only; in no list, search or export. */
  temporary?: boolean;
  /** Set by DELETE; whoever reads takes the thread as gone, except to restore it. */
  deletedAt?: string | null;
  /** The request that made it, so that what is remembered of that goes with the thread. */
  madeBy?: IdempotencyRef | null;
  /** Newest message of the branch on view. A change of it alone is no edit and no new version. */
  headMessageId?: string | null;
  createdAt: string;
  version: number;
}

/** What runs write about a thread, apart from it so that they never undo an edit. */
export interface ThreadActivityRecord {
  v: 1;
  updatedAt: string;
  /** Run that is answering now, or null. */
  activeRunId: string | null;
  /** An answer has ended that nobody has seen yet. */
  unread?: boolean;
  /** Where records of earlier builds keep the head; see `headOf`. */
  headMessageId?: string | null;
}

/** Newest message of the branch on view. */
export function headOf(
  record: ThreadRecord,
  activity: ThreadActivityRecord,
): string | null {
  return record.headMessageId ?? activity.headMessageId ?? null;
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
  /** How many pieces of documents the model was given; absent: none. */
  sources?: number;
  createdAt: string;
}

export interface RunRecord {
  v: 1;
  id: string;
  /**
   * `v1`: a program asks over `/v1`. Such a run is in no thread: `threadId`, `questionId` and `messageId`
   * are empty. Without it: the chat.
   */
  source?: "v1";
  /** It answers a line of a batch. */
  isBatch?: boolean;
  /** The request that began it owns it: it stops with that, and nobody begins it again. */
  isAttached?: boolean;
  /** Its events are kept as long as its record: what is read of it later is made of them. */
  keepsEvents?: boolean;
  /** What a run without a thread has answered, once it has ended. */
  text?: StoredText;
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
  /** The provider's own name of the model, where the caller has named a route. */
  servedModel?: string;
  finishReason: string | null;
  usage: Usage | null;
  /** What the usage cost, in micro-dollars; null while unknown, or unpriced. */
  costMicroUsd?: number | null;
  error: RunError | null;
  /** Sequence number of the last event, once the run has ended. */
  endSeq: number | null;
  /** Time under which its thread stands in the list while it runs; without it `startedAt`. */
  listedAt?: string;
  /** Request that began it. */
  requestId?: string | null;
  /** Who asked. */
  askedBy?: AskedBy;
  /** What the response cache had to do with it; null: nothing. */
  cache?: CacheOutcome | null;
  /** The budgets that this attempt has to keep; absent: none. */
  reserve?: BudgetNote;
  /** Further fields of the request to the provider, as the caller gave them. */
  params?: Record<string, unknown>;
  /** How often its owner died while it ran; see `restart.ts`. */
  crashes?: number;
  /** Restarts that count against the budget. */
  charged?: number;
  /** Its owner has left it to the next process, in good order and with its ledger row. */
  isHandedOver?: boolean;
  /** Planned hand-overs to another process. */
  handovers?: number;
  /** How many runs were restarted together with it the last time, or null: it was not. */
  restartGroup?: number | null;
  /** Message whose text this run goes on with, or null. */
  continues?: string | null;
  /** Lives under expiring keys only, as its thread. */
  temporary?: boolean;
  /** Pieces of documents that the model was given; absent: none. */
  sources?: readonly RunSource[];
  /** The request that made it, so that what is remembered of that goes with the thread. */
  madeBy?: IdempotencyRef | null;
  createdAt: string;
  startedAt: string;
  finishedAt: string | null;
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
    projectId: record.projectId ?? null,
    tags: [...record.tags ?? []],
    pinned: record.pinned ?? false,
    archived: record.archived ?? false,
    temporary: record.temporary ?? false,
    activeRunId: activity.activeRunId,
    headMessageId: headOf(record, activity),
    unread: activity.unread ?? false,
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
    ...(record.sources === undefined ? {} : { sources: record.sources }),
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
    costMicroUsd: record.costMicroUsd ?? null,
    cache: record.cache ?? null,
    error: record.error,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
  };
}
