/** Events of what people and programs do here, for the catalogue. */
import type { EventFacts } from "./event_facts.ts";

const THREAD = { threadId: "Id of the thread" };

const RUN = {
  ...THREAD,
  messageId: "Id of the message that holds the answer",
  source: "Where it comes from when it has no thread, such as `v1`",
  status: "State of the run",
  epoch: "Number of the attempt; the first is 1",
};

const run = (when: string): EventFacts => ({
  when,
  subject: "the run",
  data: RUN,
});

const thread = (
  when: string,
  data: Readonly<Record<string, string>> = {},
): EventFacts => ({ when, subject: "the thread", data });

const JOB = {
  jobId: "Id of the job",
  kind: "Kind of the job, such as `thread.export`",
  title: "What it is, in words",
  status: "State of the job",
  attempt: "Number of the attempt; 0 before the first",
  progress: "`{value, message}`: from 0 to 1, and a note",
  error: "Why the last attempt failed, or null",
  before: "State before this, or null: it is new",
  waitedMs: "With a beginning: milliseconds since it was due; else null",
  tookMs: "With the end of an attempt: how long that took; else null",
};

const job = (when: string): EventFacts => ({
  when,
  subject: "the job",
  data: JOB,
  personal: ["title", "progress", "error"],
});

const document = (
  when: string,
  data: Readonly<Record<string, string>> = {},
): EventFacts => ({
  when,
  subject: "the document",
  data: { documentId: "Id of the document", ...data },
  personal: ["name", "message", "error"],
});

const READING = { reading: "Which reading of the document it is" };

const schedule = (when: string): EventFacts => ({
  when,
  subject: "the schedule",
  data: {
    scheduleId: "Id of the schedule",
    nextAt: "When it is due next, or null",
    isPaused: "Whether it is paused",
    version: "Version of the schedule",
  },
});

const BUDGET = {
  period: "`day`, `week`, `month` or `total`",
  periodName: "Which one, such as `2026-11-21`",
  limitMicroUsd: "The limit in millionths of a US dollar, or null",
  limitTokens: "The limit in tokens, or null",
  spentMicroUsd: "What was spent, in millionths of a US dollar",
  spentTokens: "What was spent, in tokens",
  resetsAt: "When the period ends, or null",
};

const ALERT = {
  incident: "Names this firing, from its beginning to its end",
  rule: "Id of the rule",
  scope: "`server`, or the id of the workspace",
  series: "Which of the things that the rule stands for, or nothing",
  severity: "`info`, `warning` or `critical`",
  headline: "What is the matter, as short as a headline",
  words: "What is the matter and what to do, or what has become of it",
  next: "What to do",
  href: "Page of this server that shows more",
  metric: "What is watched, such as `error_rate`",
  value: "What it was when it was measured last",
  bad: "`above` or `below`: which side of the limit is bad",
  limit: "The limit",
  since: "When it became bad",
  firedAt: "When it fired",
};

const budget = (when: string): EventFacts => ({
  when,
  subject: "whose budget it is, such as `user:usr_…`",
  data: BUDGET,
});

/** The events that no audit log keeps, by type. */
export const WORK_EVENTS: Readonly<Record<string, EventFacts>> = {
  "run.started": run("An answer has begun, or begun again"),
  "run.completed": run("An answer is whole"),
  "run.failed": run("An answer could not be finished"),
  "run.cancelled": run("An answer was stopped by somebody"),
  "run.interrupted": run("An answer was broken off and goes on only if asked"),

  "run.backgrounded": {
    when: "Somebody leaves an answer to itself and is told of its end",
    subject: "the run",
    data: {},
  },

  "request.recorded": {
    when:
      "Requests that needed no answer of a model have ended, told once a second: they were refused, or answered from the cache",
    subject: "the newest of them",
    data: { count: "How many have ended since, in this process" },
    isNamedOnly: true,
  },

  "message.created": {
    when: "A question was asked",
    subject: "the message",
    data: THREAD,
  },
  "message.completed": {
    when: "The message of an answer has its final text",
    subject: "the message",
    data: { ...THREAD, runId: "Id of the run", status: "State of the run" },
  },

  "thread.created": thread("A thread was begun"),
  "thread.updated": thread("A thread was renamed, moved, pinned or the like", {
    fields: "Names of what has changed",
  }),
  "thread.deleted": thread("A thread was deleted; for 30 s it can come back"),
  "thread.restored": thread("The deletion of a thread was taken back"),
  "thread.purged": thread("The rows of a deleted thread are gone"),

  "job.queued": job("A job waits: it is new, given back, or tried again"),
  "job.started": job("An attempt at a job has begun"),
  "job.progress": {
    ...job("A job tells how far it is, a few times a second"),
    isNamedOnly: true,
  },
  "job.completed": job("A job is done"),
  "job.failed": job("An attempt has failed and another one follows"),
  "job.dead": job("The last attempt has failed"),
  "job.cancelled": job("A job was cancelled"),
  "job.removed": job("A job that was over is kept no longer"),

  "task.updated": {
    when: "The program has changed a task, such as when a model does it",
    subject: "the task",
    data: {
      taskId: "Id of the task",
      status: "`todo`, `doing` or `done`",
      jobId: "The job that did it last, or null",
      threadId: "Its thread, or null",
      version: "Version of the task",
    },
  },

  "notification.created": {
    when: "Somebody has a notification, or one is counted up",
    subject: "the notification",
    data: {
      notificationId: "Id of the notification",
      event: "What it is about, such as `answer.completed`",
      count: "How many things it stands for",
      inBrowser: "Whether the browser is to show it",
      unread: "How many are unread now",
    },
    isNamedOnly: true,
  },
  "notification.read": {
    when: "A notification was read, or is unread again",
    subject: "the notification, or `all`",
    data: { unread: "How many are unread now" },
    isNamedOnly: true,
  },
  "notification.wanted": {
    when: "One of several people is to be told of something",
    subject: "what it is about",
    data: { type: "Type of the event that led to it" },
  },

  "document.uploaded": document("A document is there to be read", READING),
  "document.profiled": document("It is known what a document holds", READING),
  "document.indexed": document("A document can be searched", {
    ...READING,
    name: "Name of the document",
    chunks: "Pieces that it is found by",
  }),
  "document.progress": {
    ...document("A document is being read", {
      progress: "From 0 to 1",
      message: "A note",
    }),
    isNamedOnly: true,
  },
  "document.failed": document("A document could not be read", {
    name: "Name of the document",
    error: "Why",
  }),
  "document.cancelled": document("Reading a document was cancelled"),
  "document.changed": document("A document was changed", {
    state: "State of the document",
  }),
  "document.deleted": document("A document was deleted"),

  "schedule.created": schedule("A schedule was made"),
  "schedule.changed": schedule("A schedule was changed"),
  "schedule.planned": schedule("A schedule has another next time"),
  "schedule.ran": schedule("The job of a schedule was begun"),
  "schedule.passed": schedule("A due time was let pass"),
  "schedule.paused": schedule("A schedule was paused"),
  "schedule.resumed": schedule("A schedule goes on"),
  "schedule.deleted": schedule("A schedule was deleted"),

  "budget.warned": budget("The soft part of a budget is spent"),
  "budget.exceeded": budget("A budget is spent; requests are refused"),

  "backup.made": {
    when: "A backup of the store is whole and on the disk",
    subject: "the backup",
    data: {
      backupId: "Id of the backup",
      bytes: "Size of its file",
      origin: "`schedule`, `person` or `command`",
    },
  },

  "alert.fired": {
    when: "Something that is watched has been bad for long enough",
    subject: "the rule",
    data: ALERT,
  },
  "alert.resolved": {
    when: "An alert that was told is over",
    subject: "the rule",
    data: {
      ...ALERT,
      ending:
        "`recovered`, `unknown` (nothing is measured any more), `removed`",
      resolvedAt: "When it was over",
    },
  },
  "alert.silenced": {
    when: "Somebody silences an alert, or ends that",
    subject: "the rule",
    data: {
      rule: "Id of the rule",
      scope: "`server`, or the id of the workspace",
      series: "Which of the things that the rule stands for, or null: all",
      until: "Until when, or null: the silence has ended",
      headline: "What it is called",
    },
  },

  "anomaly.detected": {
    when:
      "Usage of a workspace is not as usual; while it goes on it is told once",
    subject: "the anomaly",
    data: {
      anomalyId: "Id of the anomaly",
      dimension: "`key`, `user`, `model`, or `all` of the workspace",
      key: "Id of the key or user, or name of the model",
      metric: "`requests`, `tokens`, `cost` (US dollars) or `errors`",
      direction: "`above` or `below` what is usual",
      value: "What it was in the hour furthest from what is usual",
      expected: "What would have been usual",
      score: "How many standard deviations lie between, 1,000 at most",
      reason: "Why, in words",
      also: "What else shows the same, such as `model:m1`",
      startedAt: "The first hour in which it was so",
      href: "Page of this server that shows it",
    },
  },

  "webhook.test": {
    when: "Somebody sends a webhook a test; no other webhook is told of it",
    subject: "the webhook",
    data: { webhookId: "Id of the webhook" },
  },
  "webhook.disabled": {
    when:
      "A webhook was switched off: its receiver answered 410, or failed for days",
    subject: "the webhook",
    data: {
      webhookId: "Id of the webhook",
      host: "Host of its address",
      reason: "`gone` or `failing`",
    },
  },
  "events.lost": {
    when:
      "Events were deleted before a subscriber had read them; every webhook is told, whatever it asks for",
    subject: "the subscriber",
    data: {
      from: "The last event that was read, or null: of another history",
      to: "Where it goes on",
    },
  },
};
