/**
 * What goes over the wire between browser and server under `/api`: camelCase, RFC 3339 UTC times.
 * Types only; islands and services share them.
 */
import type { NotificationEvent } from "./notification_events.ts";

/** `streaming` while its run goes on. */
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
  /** How many passages of documents the model was given; absent: none. See `AnswerSource`. */
  sources?: number;
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
  /** Seconds after which the same may be asked again. */
  retryAfter?: number;
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
      /** As of `Message`. */
      sources?: number;
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

/** An API key, without its secret. */
export interface Key {
  id: string;
  /** Whose key it is. */
  userId: string;
  name: string;
  /** How every key begins. */
  prefix: string;
  /** By them its user knows the key again. */
  lastCharacters: string;
  scopes: ("v1" | "api" | "metrics" | "admin")[];
  /** Models it may ask, by the names that callers use; null: all. */
  models: string[] | null;
  /** Endpoints under `/v1` it may call; null: all. */
  endpoints: string[] | null;
  readOnly: boolean;
  expiresAt: string | null;
  /** Limits of its own, besides those of the workspace. */
  limits: {
    requestsPerMinute: number | null;
    tokensPerMinute: number | null;
    concurrentRuns: number | null;
  } | null;
  /** A budget of its own, besides those of the workspace. */
  budget: {
    period: "day" | "week" | "month" | "total";
    usd: string | null;
    tokens: number | null;
    softRatio: number;
  } | null;
  /** It was made by the setting `FRESHET_API_KEY`. */
  fromSetting: boolean;
  /** To the minute; null: never. */
  lastUsedAt: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export type UserRole = "viewer" | "member" | "admin" | "owner";

/** A user as the workspace sees them that the request acts in. */
export interface User {
  id: string;
  /** Null: the owner of local mode, who has given none. */
  email: string | null;
  name: string;
  role: UserRole;
  /** Ids of groups. */
  groups: string[];
  /** They may not sign in to this workspace. */
  disabled: boolean;
  /** To the minute, and null when no session is left. */
  lastSeenAt: string | null;
  /** Sessions that are open. */
  sessions: number;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** A workspace that the caller is in. */
export interface Workspace {
  id: string;
  name: string;
  /** What the caller is in it. */
  role: UserRole;
  /** Days after their last activity that threads are kept, but for pinned ones; null: for ever. */
  threadsDays: number | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface Group {
  id: string;
  name: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** Someone who was asked to join the workspace and has not yet. */
export interface Invitation {
  id: string;
  email: string;
  role: UserRole;
  groups: string[];
  /** Id of the user who invited them. */
  invitedBy: string;
  createdAt: string;
  expiresAt: string;
}

/** A browser in which a user is signed in. */
export interface Session {
  id: string;
  /** Such as "Firefox on Linux". */
  device: string;
  /** Address of the last sign-in or use, as far as it is known. */
  address: string;
  /** The one that asks. */
  current: boolean;
  createdAt: string;
  /** To the minute. */
  lastSeenAt: string;
  /** It ends then at the latest, and sooner when it is not used. */
  expiresAt: string;
}

/** `GET /api/session`: who asks, and where. */
export interface SessionState {
  user: { id: string; email: string | null; name: string };
  workspace: { id: string; name: string };
  role: UserRole;
  mode: "local" | "password" | "oidc";
}

/** An entry of the audit log. */
export interface AuditEntry {
  /** Place in the workspace's log, from 1. */
  seq: number;
  id: string;
  workspace: string;
  at: string;
  type: string;
  /** Null: nobody was signed in, or the server did it by itself. */
  actor: { user: string; key: string | null } | null;
  subject: string;
  /** Address of the client. */
  address: string | null;
  details: Readonly<
    Record<string, string | number | boolean | null | readonly string[]>
  >;
  /** SHA-256 of the entry before; zeros for the first. */
  prev: string;
  /** SHA-256 of this entry's canonical JSON (RFC 8785) without this member. */
  hash: string;
}

/** What a check of the audit log came to. */
export interface AuditCheck {
  ok: boolean;
  checkedAt: string;
  /** First place that is kept. */
  from: number;
  /** The log is whole up to there. */
  verifiedTo: number;
  /** Hash of the entry there. */
  hash: string;
  /** Where it is broken first, and how. */
  fault:
    | { seq: number; kind: "changed" | "missing" | "moved" | "added" }
    | null;
}

/** A mail that was sent, or is to be. What is in it is not shown. */
export interface Mail {
  id: string;
  kind: string;
  to: string;
  subject: string;
  state: "queued" | "sending" | "sent" | "dead";
  /** How often it was begun to be sent. */
  attempts: number;
  /** What went wrong last. */
  error: string | null;
  createdAt: string;
  /** When it is tried next. */
  dueAt: string | null;
  sentAt: string | null;
}

/** What can be limited of a subject; null: it is not. Windows slide. */
export interface LimitAmounts {
  requestsPerMinute: number | null;
  requestsPerHour: number | null;
  requestsPerDay: number | null;
  tokensPerMinute: number | null;
  tokensPerHour: number | null;
  tokensPerDay: number | null;
  concurrentRuns: number | null;
}

/** Limits for one subject (`key:key_…`) or for each of a kind (`key:*`). */
export interface LimitPolicy extends LimitAmounts {
  name: string;
  subject: string;
  /** The config file, or an admin. */
  source: "config" | "edited";
}

/** What `GET /api/limits` answers. */
export interface LimitPolicyList {
  items: LimitPolicy[];
  version: number;
}

/** A limit that somebody has to keep, and what is left of it. */
export interface LimitState {
  /** `kind:id` of whom it counts. */
  subject: string;
  subjectKind: "workspace" | "group" | "user" | "key" | "model" | "address";
  measure: "requests" | "tokens" | "runs";
  /** Length of the sliding window; null: what goes on at once. */
  windowSeconds: number | null;
  limit: number;
  used: number;
  remaining: number;
  /** When all of it is free again if nobody asks; null: it is, or nobody knows. */
  resetsAt: string | null;
  policy: { name: string; subject: string; source: "config" | "admin" | "key" };
  /** "Limited to … because …." */
  because: string;
}

/** A budget that somebody has to keep, and what is left of it. */
export interface BudgetState {
  /** `kind:id` of whom it counts. */
  subject: string;
  period: "day" | "week" | "month" | "total";
  /** US dollars; null: money is not bounded. */
  usd: string | null;
  tokens: number | null;
  spentUsd: string;
  spentTokens: number;
  /** Null where it is not bounded. */
  remainingUsd: string | null;
  remainingTokens: number | null;
  /** When it begins anew; null: it does not. */
  resetsAt: string | null;
  /** "Limited by … because …". */
  because: string;
}

/** What `GET /api/limits/effective` answers: what holds for somebody now. */
export interface EffectiveLimits {
  user: string;
  groups: string[];
  key: string | null;
  model: string | null;
  limits: LimitState[];
  budgets: BudgetState[];
}

/** Background work. */
export interface Job {
  id: string;
  kind: string;
  /** What people read of it. */
  title: string;
  status: "queued" | "running" | "completed" | "dead" | "cancelled";
  priority: "interactive" | "normal" | "bulk";
  /** Number of the attempt that runs or ran last; 0 before the first. */
  attempt: number;
  maxAttempts: number;
  /** `value` from 0 to 1. */
  progress: { value: number; message: string };
  input: unknown;
  result: unknown;
  /** What the last attempt ended with, in words, or null. */
  error: string | null;
  attempts: { startedAt: string; finishedAt: string; error: string | null }[];
  /** Not before then. */
  runAt: string;
  correlationId: string | null;
  dedupKey: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

/** An address that is told what happens. */
export interface Webhook {
  /** `whk_` id. */
  id: string;
  /** Whose events it is told: its owner's, or the workspace's. */
  scope: "own" | "workspace";
  url: string;
  description: string;
  /** Types of events, and patterns such as `run.*` and `*`. */
  events: string[];
  enabled: boolean;
  /** `user`: somebody switched it off; `gone`: its receiver answered 410; `failing`: for days. */
  disabledReason: "user" | "gone" | "failing" | null;
  /** Since then every attempt has failed; null: the last one has not. */
  failingSince: string | null;
  /** Until then requests are signed with the secret before, too. */
  oldSecretUntil: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** One request to a webhook's receiver. */
export interface WebhookAttempt {
  at: string;
  /** Null: it is under way, or its process died in the middle of it. */
  durationMs: number | null;
  /** HTTP status; null: there was no answer. */
  status: number | null;
  /** Why it failed, in words; null: it did not. */
  error: string | null;
  /** The beginning of the answer. */
  excerpt: string;
}

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  /** The `webhook-id` of its requests. */
  id: string;
  webhookId: string;
  eventId: string;
  type: string;
  /** When the event happened. */
  at: string;
  state: "waiting" | "sending" | "delivered" | "failed";
  jobId: string;
  /** How often it was begun to be sent. */
  tries: number;
  /** The newest of them, oldest first. */
  attempts: WebhookAttempt[];
  nextAttemptAt: string | null;
}

/** Something that has happened, as the log tells of it. */
export interface LoggedEvent {
  id: string;
  /** Noun and verb. */
  type: string;
  at: string;
  /** What it is about. */
  subject: string;
  workspaceId: string;
  /** In whose space it happened; null: in the workspace's. */
  userId: string | null;
  /** What the catalogue of events lists of it. */
  data: Record<string, unknown>;
}

/** Something that is done again and again, by cron text and time zone. */
export interface Schedule {
  id: string;
  name: string;
  cron: string;
  /** The same in words: `every Monday at 07:00`. */
  words: string;
  /** IANA name. */
  timeZone: string;
  /** What is made up for of times at which nothing could begin: nothing, or one for all of them. */
  missed: "skip" | "once";
  target:
    | {
      type: "prompt";
      prompt: string;
      model: string | null;
      thread: "new" | "same";
      projectId: string | null;
    }
    | { type: "job"; kind: string; input: unknown };
  /** Null: it goes on. */
  paused:
    | { by: "person" | "program"; reason: string; at: string }
    | null;
  nextAt: string | null;
  /** The next five, `nextAt` among them. */
  nextTimes: string[];
  /** What became of it last; null: nothing yet. */
  last: ScheduleRun | null;
  /** Thread of the answers of a prompt that has one for all; null: there is none yet. */
  threadId: string | null;
  /** One of the program itself, which can be changed but not deleted. */
  isProgram: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** What became of a due time of a schedule, or of a wish to run it at once. */
export interface ScheduleRun {
  kind: "due" | "manual" | "missed" | "crowded";
  at: string;
  /** Due times before it that passed without a job; 100 stands for more. */
  missed: number;
  jobId: string | null;
  /** State of the job; null: there is none, or it is kept no longer. */
  status: Job["status"] | null;
  /** Why the job failed last, or null. */
  error: string | null;
  /** Page that shows what came out of it, or null. */
  href: string | null;
}

/** When a cron text is due: what `GET /api/schedules/preview` answers. */
export interface SchedulePreview {
  words: string;
  timeZone: string;
  nextTimes: string[];
}

/** Something that somebody was told while they looked elsewhere. */
export interface Notification {
  id: string;
  event: NotificationEvent;
  /** One line. */
  title: string;
  /** A sentence more, or null. */
  text: string | null;
  /** Page of this app that shows it; null: it is gone. */
  href: string | null;
  /** How many things it stands for. */
  count: number;
  read: boolean;
  createdAt: string;
  /** When it was last counted up. */
  updatedAt: string;
}

/**
 * Where a document stands. `uploading`: its bytes come; `fetching`: they are got from an address;
 * `waiting`: nobody works on it yet; the others say what is done, or how that ended.
 */
export type DocumentState =
  | "uploading"
  | "fetching"
  | "waiting"
  | "profiling"
  | "indexing"
  | "ready"
  | "failed"
  | "cancelled";

/** A document that somebody has taken in. */
export interface Document {
  id: string;
  name: string;
  state: DocumentState;
  /** What it is by its content; null: nobody has looked yet. */
  format: "csv" | "jsonl" | "text" | "markdown" | "pdf" | null;
  /** From 0 to 1; it only rises while one reading of the document goes on. */
  progress: number;
  /** What is done now, or why not, in a sentence; "" for nothing to say. */
  message: string;
  /** Why it failed, or null. */
  error: string | null;
  /** Bytes in all; null: not known yet. */
  bytes: number | null;
  /** Bytes that have been uploaded. */
  uploadedBytes: number;
  /** Rows of a table; null for others. */
  rows: number | null;
  columns: number | null;
  /** Pages of a PDF; null for others. */
  pages: number | null;
  /** Pieces that can be found. */
  chunks: number;
  /** Whether more of it could be found than is indexed. */
  isCutOff: boolean;
  projectId: string | null;
  /** Where it was got from; null: it was uploaded. */
  url: string | null;
  /** The job that works on it, or did last; null: none did. */
  jobId: string | null;
  createdAt: string;
  updatedAt: string;
}

/** A piece of a document that can be found and cited. */
export interface DocumentChunk {
  /** From 1. */
  number: number;
  text: string;
  /** Where it is, in words: “page 3”, “rows 12 to 20”. */
  place: string;
  heading: string | null;
}

/** A document in which something was found. */
export interface DocumentResult {
  documentId: string;
  name: string;
  chunks: {
    number: number;
    place: string;
    snippet: string;
    /** What matches in the snippet: from and to, in UTF-16 code units. */
    ranges: [start: number, end: number][];
  }[];
}

/** A passage of a document that the model was given for an answer. */
export interface AnswerSource {
  documentId: string;
  /** What the document was called then. */
  name: string;
  /** Number of the passage in the document, from 1. */
  chunk: number;
  /** Where it is, in words: “page 3”, “rows 12 to 20”. */
  place: string;
  /** How it begins; null when the document is there no more, or says something else now. */
  beginning: string | null;
}

/** Percentiles out of a histogram, within 5 %; null where there is nothing. */
export interface UsagePercentiles {
  /** Of how many. */
  n: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** What was used. A request is an attempt that reached a provider, or an answer out of the cache. */
export interface UsageNumbers {
  requests: number;
  errors: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  costMicroUsd: number;
  /** Of models without a price, which is not 0. */
  unpricedRequests: number;
  /** Whose provider told no usage. */
  estimatedRequests: number;
  cacheHits: number;
  /** That shared another one's call. */
  joined: number;
  savedMicroUsd: number;
  /** People who asked for something, each once. */
  activeUsers: number;
  ttftMs: UsagePercentiles;
  tokensPerSecond: UsagePercentiles;
  totalMs: UsagePercentiles;
  overheadMs: UsagePercentiles;
}

/** What one of several groups has used. */
export type UsageGroupNumbers = Omit<UsageNumbers, "activeUsers">;

/** What `GET /api/usage` answers. */
export interface UsageAnswer {
  from: string;
  to: string;
  bucket: "minute" | "hour" | "day";
  timeZone: string;
  totals: UsageNumbers;
  /** Most requests first. */
  groups: (UsageGroupNumbers & { key: string; label: string })[];
  /** Of those buckets and groups in which there was something; `other`: of all further groups. */
  series: (UsageGroupNumbers & {
    start: string;
    key: string | null;
    /** Where nothing is grouped. */
    activeUsers?: number;
  })[];
  asOf: string;
}

/**
 * Whether a provider is asked. `draining` and `disabled` take no new requests, and end those they have;
 * the first is about to go, the second stays as it is.
 */
export type ProviderState = "active" | "draining" | "disabled";

/** How a model of a provider does in the process that answered. */
export interface ProviderModelHealth {
  model: string;
  /** `open`: it failed several times and is left alone; `half-open`: one request at a time tries. */
  breaker: "closed" | "open" | "half-open";
  /** Until it is asked again after it said that it limits the rate; 0: it is asked. */
  coolingMs: number;
  /** Average time to the first token of late, or null. */
  firstTokenMs: number | null;
  /** Tries that ended within 10 minutes. */
  recentEnded: number;
  /** Those of them that failed for a reason of the provider's. */
  recentFailed: number;
  inFlight: number;
}

/** A provider as admins of the server see it. Its key is never in it. */
export interface ProviderDetails {
  id: string;
  baseUrl: string;
  /** `unreadable`: it was sealed with another secret, and the provider is not asked. */
  key: "none" | "kept" | "unreadable";
  /** Last characters of the key, where it is long enough to show them. */
  keyEnd: string | null;
  models: string[] | "discover";
  maxConnections: number;
  /** `settings`: of the environment or the config file, where it is changed. */
  source: "settings" | "page";
  state: ProviderState;
  /** Its models go by their plain names too. */
  isDefault: boolean;
  /** Routes that lead to it. */
  routes: string[];
  /** How many models it is known to have; null while it has not said. */
  modelCount: number | null;
  connections: { open: number; inUse: number; waiting: number };
  health: ProviderModelHealth[];
  createdAt: string | null;
  updatedAt: string | null;
  version: number;
}

/** What a try to reach a provider came to. */
export interface ProviderTest {
  ok: boolean;
  /** A sentence for a person. */
  message: string;
  /** Of the error, or null. */
  code: string | null;
  /** Names of models that it lists, the first ones. */
  models: string[];
  modelCount: number;
  durationMs: number;
}

/** A model that a route may lead to. */
export interface RouteTarget {
  provider: string;
  model: string;
  weight: number;
}

/** A name that leads to several models. */
export interface RouteDetails {
  id: string;
  strategy: "priority" | "weighted" | "least-latency";
  targets: RouteTarget[];
  /** Attempts after the first at each target. */
  retries: number;
  timeoutsMs: {
    connect: number;
    firstToken: number;
    tokenGap: number;
    total: number;
  };
  source: "settings" | "page";
  isDisabled: boolean;
  createdAt: string | null;
  updatedAt: string | null;
  version: number;
}

/** `good`: also where nothing says what would be too much; `unknown`: there is no number. */
export type HealthLevel = "good" | "warning" | "critical" | "unknown";

/** One number of the server, over all its processes. */
export interface HealthReading {
  id: string;
  title: string;
  unit: "ms" | "bytes" | "ratio" | "count";
  value: number | null;
  level: HealthLevel;
  /** Above this it is not well; null: nothing is too much. */
  limit: number | null;
  /** The process whose number it is, where it is the worst of several that differ; else null. */
  process: string | null;
  /** What to do, while it is not well; else null. */
  next: string | null;
}

/** Something that is not well. */
export interface HealthFinding {
  /** Of the reading that it is about; else one of its own. */
  id: string;
  level: "warning" | "critical";
  /** What is the matter, in a sentence without a full stop. */
  title: string;
  /** What to do, in sentences. */
  next: string;
  /** Page that shows more, or null. */
  href: string | null;
}

/** A process of the last 24 hours; times are RFC 3339. */
export interface HealthProcess {
  id: string;
  /** What pages call it. */
  name: string;
  /** `gone`: it says nothing any more, and has not said that it ends. */
  state: "up" | "ended" | "gone";
  /** Whether it has answered this. */
  isHere: boolean;
  host: string;
  build: string | null;
  deno: string;
  startedAt: string;
  /** When it said how it does, last. */
  seenAt: string;
  endedAt: string | null;
  /** Why it takes no new work, each in words. */
  unready: string[];
  /** By id, as it said last. */
  gauges: Record<string, number | null>;
}

/** How a model of a provider does, over all processes. */
export interface HealthModel {
  model: string;
  /** The worst of all processes. */
  breaker: "closed" | "half-open" | "open";
  /** Processes that leave it alone, of those that have asked it. */
  openIn: number;
  askedBy: number;
  failures: number;
  /** Until it is asked again that limits the rate, in milliseconds. */
  coolingMs: number;
  firstTokenMs: number | null;
  inFlight: number;
}

/** How a provider does, over all processes. */
export interface HealthProvider {
  id: string;
  /** Of the last 5 minutes. */
  tries: number;
  failures: number;
  connections: { inUse: number; waiting: number };
  models: HealthModel[];
}

/** How the server does at this moment. */
export interface HealthNow {
  at: string;
  level: "good" | "warning" | "critical";
  /** What is worst comes first. */
  findings: HealthFinding[];
  readings: HealthReading[];
  processes: HealthProcess[];
  providers: HealthProvider[];
  /** Whether the process that answers takes new work. */
  checks: { name: string; status: "pass" | "fail"; reason: string | null }[];
}

/** A setting in force. */
export interface HealthSetting {
  name: string;
  /** As text; a secret is only said to be set. */
  value: string;
  isSecret: boolean;
}

/** How the server does and has done, and what it is. */
export interface HealthReport extends HealthNow {
  series: {
    /** Beginning of the first point, RFC 3339. */
    from: string;
    stepSeconds: number;
    /** By id of the reading, oldest first; null: nothing is known of that time. */
    points: Record<string, (number | null)[]>;
  };
  versions: { name: string; value: string }[];
  settings: HealthSetting[];
}

/** A copy of the whole store in one file. */
export interface Backup {
  id: string;
  /** Of its file in `DATA_DIR/backups`. */
  name: string;
  bytes: number;
  /** What was acknowledged before is in it; null: it does not say. */
  madeAt: string | null;
  origin: "schedule" | "person" | "command" | null;
  /** What is in it; null: it does not say, so it is no whole backup. */
  holds: {
    rows: number;
    threads: number;
    messages: number;
    people: number;
  } | null;
  /** Schema of its records. */
  schema: number | null;
  /** Whether what is secret in it can be read with the secret that this server has. */
  hasSameSecret: boolean;
  /** When all of it was last read and compared, and what was wrong then; null: never since it was made. */
  check: { at: string; faults: string[] } | null;
}

/** Whose alert it is: that of those who run the server, or of those who run the workspace. */
export type AlertOwner = "server" | "workspace";

export type AlertSeverity = "info" | "warning" | "critical";

/** Something that is watched and not well. */
export interface Alert {
  scope: AlertOwner;
  /** Id of the rule. */
  rule: string;
  /** Which of the things that the rule stands for; "": it stands for one. */
  series: string;
  /** `pending`: it is bad, but not for long enough yet. */
  state: "pending" | "firing";
  severity: AlertSeverity;
  /** The headline. */
  title: string;
  /** What is the matter, in a sentence or two. */
  text: string;
  /** What to do, in sentences. */
  next: string;
  /** Page that shows more. */
  href: string;
  metric: string;
  value: number;
  worst: number;
  bad: "above" | "below";
  limit: number;
  since: string;
  /** Null: it has not fired yet. */
  firedAt: string | null;
  /** Names this firing in events and history; null: it has not fired yet. */
  incident: string | null;
  /** Until then nobody is told that it fires; null: it is not silenced. */
  silencedUntil: string | null;
}

/** An alert that fired and is over. */
export interface EndedAlert {
  scope: AlertOwner;
  rule: string;
  series: string;
  incident: string;
  severity: AlertSeverity;
  title: string;
  /** What had become of it, in a sentence. */
  text: string;
  metric: string;
  worst: number;
  bad: "above" | "below";
  limit: number;
  since: string;
  firedAt: string;
  resolvedAt: string;
  /** `unknown`: nothing was measured any more; `removed`: its rule was switched off, changed or removed. */
  ending: "recovered" | "unknown" | "removed";
  /** Whether somebody was told of it; silenced alerts tell nobody. */
  wasTold: boolean;
}

/** Of which requests the usage counts. */
export interface AlertFilter {
  model?: string;
  provider?: string;
  user?: string;
  key?: string;
  group?: string;
  source?: string;
}

/** What is watched, and when somebody is told. Lengths of time such as `30s`, `5m`, `1h`, `7d`. */
export interface AlertRule {
  id: string;
  scope: AlertOwner;
  /** Who has set it last: the program itself, the config file, or somebody by the page or the API. */
  source: "default" | "config" | "edited";
  metric: string;
  title: string;
  window: string;
  above: number | null;
  below: number | null;
  for: string;
  clearFor: string;
  severity: AlertSeverity;
  enabled: boolean;
  minRequests: number;
  where: AlertFilter;
  next: string;
  href: string;
  /** What is measured now; null: nothing, or it was not known in time. */
  value: number | null;
  state: "ok" | "pending" | "firing" | "off";
  silencedUntil: string | null;
}

/** All rules that somebody may see, with the versions to change them by; null: they may not see those. */
export interface AlertRuleList {
  items: AlertRule[];
  versions: { server: number | null; workspace: number };
}

/** A value that is not as usual, out of those that `POST /api/anomalies` was given. */
export interface FoundAnomaly {
  /** As it was given. */
  t: string | number;
  v: number;
  group: string | null;
  /** What would have been as usual. */
  expected: number;
  /** How many standard deviations it is from that, from 5 on (3 where the level steps) and 1,000 at most. */
  score: number;
  /** Why, in words. */
  reason: string;
}

/** What `POST /api/anomalies` answers. */
export interface FoundAnomalies {
  /** By time. */
  anomalies: FoundAnomaly[];
}

/** A model as admins of a workspace see it. */
export interface ModelSetting {
  /** What its names lead to: `<provider>/<model>`, or the id of a route. */
  id: string;
  /** The name that callers use. */
  name: string;
  /** Id of the provider; `route` for a route. */
  provider: string;
  /** Whether lists show it. Who knows its name may ask it all the same. */
  isListed: boolean;
  /** Whoever has this role or a higher one may ask it; null: nobody by their role. */
  leastRole: "viewer" | "member" | "admin" | "owner" | null;
  /** Ids of groups whose people may ask it besides. */
  groups: string[];
  /** False: there is a rule for it, and nobody serves it now. */
  isThere: boolean;
}

/** What `GET /api/models/settings` answers. */
export interface ModelSettings {
  items: ModelSetting[];
  /** What new threads begin with, by its `id`; null: what the server takes. */
  defaultModel: string | null;
  /** What holds for models without a rule of their own, new ones among them. */
  others: Pick<ModelSetting, "isListed" | "leastRole">;
  /** What the server takes, by its name; null while no provider says what it serves. */
  serverDefault: string | null;
  version: number;
}

/** A kept answer in a list; its text is not in it. */
export interface KeptAnswer {
  /** SHA-256 of what decides the answer. */
  key: string;
  /** As it was asked: `<provider>/<model>`, or a route. */
  model: string;
  servedBy: string;
  bytes: number;
  storedAt: string;
}

/** A kept answer that was looked up. */
export interface KeptAnswerDetails extends KeptAnswer {
  expiresAt: string;
  finishReason: string;
  /** What the provider reported, or null. */
  usage: {
    inputTokens: number;
    cachedInputTokens: number;
    outputTokens: number;
  } | null;
  /** Whether the process that answered has it in memory. */
  isInMemory: boolean;
}

/** What `POST /api/cache/lookup` answers. */
export interface CacheLookup {
  /** Where answers to the request would be; empty: the policy keeps none. */
  keys: string[];
  /** Those that are there. */
  items: KeptAnswerDetails[];
}

/** A part of the usage of a workspace. */
export interface AnomalyPart {
  /** `all`: the workspace as a whole. */
  dimension: "key" | "user" | "model" | "all";
  /** Id of the key or user, name of the model; "" of the whole. */
  key: string;
  /** What people call it; null: it is there no more. */
  label: string | null;
}

/** Something in the usage of a workspace that is not as usual. */
export interface Anomaly extends AnomalyPart {
  id: string;
  metric: "requests" | "tokens" | "cost" | "errors";
  direction: "above" | "below";
  /** Of the hour furthest from what is usual; cost in US dollars. */
  value: number;
  expected: number;
  /** How many standard deviations lie between, 1,000 at most. */
  score: number;
  /** Why, in words. */
  reason: string;
  /** What else shows the same. */
  also: AnomalyPart[];
  /** Beginning of its first hour, and end of its last one; null: it goes on. */
  startedAt: string;
  endedAt: string | null;
  foundAt: string;
  /** Version of what is usual that it was judged by. */
  baseline: number;
  /** Page of this server that shows it. */
  href: string;
}

/** What is usual in a workspace was learnt from this. */
export interface AnomalyBaseline {
  version: number;
  fittedAt: string;
  from: string;
  to: string;
  /** Keys, people and models that are watched, and the whole. */
  series: number;
}

/** What `GET /api/anomalies` answers: the latest first. */
export interface AnomalyList {
  items: Anomaly[];
  nextCursor: string | null;
  /** Null: too little is known yet. */
  baseline: AnomalyBaseline | null;
}

/** Settings of the server that can be set while it runs, by the sections of the config file. */
export interface RunningSettings {
  titles: { enabled: boolean; model: string | null };
  cache: {
    policy: "off" | "deterministic" | "all";
    scope: "workspace" | "user" | "key";
    ttlSeconds: number;
  };
  requestLog: { bodies: boolean; redact: "email"[] };
  admission: { maxStreams: number | null };
}

/** `/api/settings`. */
export interface ServerSettings {
  /** 0: nothing was ever set. */
  version: number;
  /** What holds. */
  settings: RunningSettings;
  /** What the config file says, or leaves as it is by default. */
  configured: RunningSettings;
  /** Names of those that were set while the server ran, such as `cache.policy`. */
  set: string[];
}

/** A step of a request. */
export interface RecordedStage {
  /** Number within its request, from 1 on. */
  id: number;
  /** `auth`, `limits`, `cache.l1`, `cache.l2`, `provider.connect`, `provider.first_token`, `stream` or `commit`. */
  name: string;
  /** Milliseconds since the request came in. */
  startMs: number;
  /** Null while it goes on. */
  durationMs: number | null;
  /** `running`, `ok`, `hit`, `miss`, `joined`, `failed` or `cancelled`. */
  outcome: string;
  /** Code of the error that ended it. */
  error: string | null;
}

/** One try at one model of one provider. */
export interface RecordedAttempt {
  provider: string;
  /** The provider's own name of the model. */
  model: string;
  /** Milliseconds since 1970 UTC. */
  startedAtMs: number;
  durationMs: number | null;
  firstTokenMs: number | null;
  outcome: string;
  /** Code of the error that ended it, or null. */
  error: string | null;
}

/** What is kept of a request that asked a model. */
export interface RecordedRequest {
  /** As in `x-request-id`. */
  id: string;
  method: string;
  /** Pattern of the route; `restart` for a run that another process began again. */
  route: string;
  source: "chat" | "v1";
  user: string | null;
  /** Id of the API key, or null for a session. */
  key: string | null;
  thread: string | null;
  run: string | null;
  epoch: number | null;
  /** Name of the model as the caller used it; null when it did not come so far. */
  model: string | null;
  provider: string | null;
  servedModel: string | null;
  attempts: readonly RecordedAttempt[];
  stages: readonly RecordedStage[];
  /** As its run ended; or `refused`, or `attached` to the run of an earlier request. */
  status: RunStatus | "refused" | "attached";
  /** Status of the response; null for a run that was begun again without a request. */
  httpStatus: number | null;
  finishReason: string | null;
  usage: {
    inputTokens: number;
    cachedInputTokens: number;
    outputTokens: number;
    estimated: boolean;
  } | null;
  /** Null: unpriced, or nothing was used. */
  costMicroUsd: number | null;
  savedMicroUsd: number;
  cache: string | null;
  error: { code: string; message: string } | null;
  firstTokenMs: number | null;
  /** What Freshet itself took until the headers left, in milliseconds. */
  overheadMs: number | null;
  totalMs: number;
  /** RFC 3339 UTC. */
  startedAt: string;
  finishedAt: string;
  /** Whether question and answer are kept with it. */
  hasBodies: boolean;
  /** Names and values of what is kept of the headers, both ways. */
  headers?: {
    request: readonly (readonly string[])[];
    response: readonly (readonly string[])[];
  };
  /** The job that it was a part of. */
  job?: string;
}

/** The same with question and answer, where they are kept. */
export interface RecordedRequestDetails extends RecordedRequest {
  bodies: { request: string; response: string } | null;
}

/** Requests that were looked for. */
export interface RecordedRequestPage {
  /** Newest first. */
  items: RecordedRequest[];
  /** Given as `cursor` it leads on, also where a page has found nothing; null: nothing is left. */
  nextCursor: string | null;
  looked: {
    /** Requests that were looked through for this page. */
    requests: number;
    /** Everything wanted from then on was found; null: up to the oldest that is kept. */
    backTo: string | null;
  };
}

/** What `GET /api/doctor/echo` answers: how the server sees the request. */
export interface DoctorEcho {
  /** Address that counts as that of who asks. */
  address: string;
  protocol: "http" | "https";
  /** Whether a proxy says on whose behalf it asks. */
  isForwarded: boolean;
  /** Whether it is believed, being one of `TRUSTED_PROXIES`. */
  isProxyTrusted: boolean;
  /** What proxies have added to the request, by header: no cookie, no key, and no host, which may be made up. */
  headers: Record<string, string>;
}
