/** What an event of the store is to people: whom it is told, and in which words. */
import { hash } from "node:crypto";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { JobEventData } from "@/lib/jobs/job_rows.ts";
import type { RunRecord } from "@/lib/chat/records.ts";
import type { ConsumedEvent } from "@/lib/events/consumer.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { NotificationEvent } from "@/lib/shared/notification_events.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { userOf, userSpace, workspaceOf } from "@/lib/shared/spaces.ts";
import type { BackgroundRunRecord, Notice } from "./notification_record.ts";

/** Where words and addressees come from. */
export interface NoticeSources {
  /** Ids of the users who run a workspace. */
  admins(workspace: string, signal: AbortSignal): Promise<string[]>;
  /** Name or address of a user; null: there is no such user. */
  person(user: string): Promise<string | null>;
  /** Whom a budget is for, in words, such as `the person Ann`. */
  subjectWords(workspace: string, subject: string): Promise<string>;
  job(space: string, id: string): Promise<JobRecord | null>;
  /** Whether who asked for a job of a kind is told of its end. */
  notifies(kind: string): boolean;
  background(
    space: string,
    run: string,
    signal: AbortSignal,
  ): Promise<BackgroundRunRecord | null>;
  run(
    space: string,
    run: string,
    signal: AbortSignal,
  ): Promise<RunRecord | null>;
  /** A schedule with who has paused it, and why; null: there is none. */
  schedule(
    space: string,
    id: string,
  ): Promise<
    { name: string; paused: { by: string; reason: string } | null } | null
  >;
  /** What a document is called; null: there is none. */
  document(space: string, id: string): Promise<string | null>;
}

/** What follows from one event. */
export interface Consequences {
  notices: Notice[];
  /** Users of the workspace whose own notices are made from the same event, one after the other. */
  toTell: string[];
  /** Run of which nobody is to be told any more. */
  toldRun: string | null;
}

const NOTHING: Consequences = { notices: [], toTell: [], toldRun: null };

/** Kinds of jobs that come to an answer in a thread. */
const ANSWERS = new Set(["answer.background", "task.run"]);

/** Kinds of jobs whose end a document tells: `document.failed` says it in words for people. */
const TOLD_BY_DOCUMENTS = new Set([
  "document.fetch",
  "document.profile",
  "document.index",
]);

/** Told to one user of several, in their own space; `cause`, `type`, `subject` and `data` are the event's. */
export const PASSED_ON = "notification.wanted";

const MAX_ABOUT_CHARACTERS = 200;
const MAX_TEXT_CHARACTERS = 500;

const PERIODS: Readonly<Record<string, string>> = {
  day: "today’s",
  week: "this week’s",
  month: "this month’s",
  total: "the whole",
};

export class Notices {
  readonly #sources: NoticeSources;

  constructor(sources: NoticeSources) {
    this.#sources = sources;
  }

  /** What people are told of an event; most events lead to nothing. */
  async of(
    { space, versionstamp, index, event }: ConsumedEvent,
    signal: AbortSignal,
  ): Promise<Consequences> {
    const cause = `${versionstamp}.${index}`;
    if (event.type === PASSED_ON) {
      return await this.#personal(space, toPassedOn(event), signal);
    }
    const happened = { ...event, cause, origin: space };
    if (userOf(space) !== null) {
      return await this.#personal(space, happened, signal);
    }
    if (!await this.#concernsAdmins(event)) return NOTHING;
    const admins = await this.#sources.admins(workspaceOf(space), signal);
    const users = new Set(admins);
    if (/^budget\.(warned|exceeded)$/.test(event.type)) {
      const user = /^user:(usr_\w+)$/.exec(event.subject)?.[1];
      if (user !== undefined) users.add(user);
    }
    const { user: actor } = (event.data.actor ?? {}) as { user?: string };
    // Who did it knows it already.
    if (actor !== undefined) users.delete(actor);
    return { ...NOTHING, toTell: [...users] };
  }

  async #concernsAdmins({ type, data }: OutboxEvent): Promise<boolean> {
    switch (type) {
      case "alert.fired":
      case "alert.resolved":
        return isToldAlert(data);
      case "job.dead":
        return true;
      case "job.completed":
        return await Promise.resolve(this.#sources.notifies(String(data.kind)));
      case "user.created":
        return (data.details as { by?: string } | undefined)?.by ===
          "invitation";
      case "anomaly.detected":
      case "budget.warned":
      case "budget.exceeded":
      case "webhook.disabled":
      case "schedule.paused":
        return true;
      default:
        return false;
    }
  }

  async #personal(
    space: string,
    event: Happened,
    signal: AbortSignal,
  ): Promise<Consequences> {
    const only = (notice: Notice | null): Consequences =>
      notice === null ? NOTHING : { ...NOTHING, notices: [notice] };
    switch (event.type) {
      case "run.completed":
      case "run.failed":
      case "run.interrupted":
      case "run.cancelled":
      case "run.backgrounded":
        return await this.#ofRun(space, event, signal);
      case "job.completed":
      case "job.dead":
        return only(await this.#ofJob(space, event));
      case "schedule.paused":
        return only(await this.#ofSchedule(space, event));
      case "document.indexed":
      case "document.failed":
        return only(await this.#ofDocument(space, event));
      case "budget.warned":
      case "budget.exceeded":
        return only(await this.#ofBudget(space, event));
      case "alert.fired":
      case "alert.resolved":
        return only(ofAlert(space, event));
      case "anomaly.detected":
        return only(await this.#ofAnomaly(space, event));
      case "webhook.disabled":
        return only(ofWebhook(space, event));
      case "user.created":
        return only(await this.#ofNewcomer(space, event));
      default:
        return NOTHING;
    }
  }

  async #ofRun(
    space: string,
    { type, subject, cause, at }: Happened,
    signal: AbortSignal,
  ): Promise<Consequences> {
    const mark = await this.#sources.background(space, subject, signal);
    if (mark === null) return NOTHING;
    const run = await this.#sources.run(space, subject, signal);
    // It was marked while it went on: its end comes later.
    if (type === "run.backgrounded" && run !== null && !isEnded(run.status)) {
      return NOTHING;
    }
    const told = { ...NOTHING, toldRun: subject };
    if (run === null || run.status === "cancelled") return told;
    const hasAnswer = run.status === "completed";
    const notice = noticeOf(space, {
      event: hasAnswer ? "answer.completed" : "answer.failed",
      cause,
      group: hasAnswer ? "answers" : "failed answers",
      at,
      // What a temporary thread is called is kept nowhere.
      about: run.temporary ? "a temporary thread" : "",
      thread: run.temporary ? null : run.threadId,
      href: `/c/${run.threadId}`,
      text: hasAnswer ? null : run.error?.message ??
        "It was broken off. What had arrived is kept, and it can go on.",
    });
    return { ...told, notices: [notice] };
  }

  async #ofJob(space: string, event: Happened): Promise<Notice | null> {
    const { jobId, kind, title, error } = event.data as unknown as JobEventData;
    const isDone = event.type === "job.completed";
    const isSchedule = kind === "prompt.ask";
    const isWanted = isSchedule || this.#sources.notifies(kind);
    if ((isDone && !isWanted) || TOLD_BY_DOCUMENTS.has(kind)) return null;
    const job = await this.#sources.job(event.origin, jobId);
    const result = resultOf(job);
    const end = isDone ? "completed" : "failed";
    const thread = threadOf(result.href) ??
      threadOf(`/c/${(job?.input as { threadId?: string })?.threadId ?? ""}`);
    const isAnswer = ANSWERS.has(kind);
    return noticeOf(space, {
      event: isAnswer
        ? `answer.${end}`
        : isSchedule
        ? `schedule.${end}`
        : isDone
        ? "job.completed"
        : "job.dead",
      cause: event.cause,
      group: `job ${event.type} ${kind}`,
      at: event.at,
      about: title ?? kind,
      text: isDone ? isAnswer ? null : result.text : job?.error ?? error,
      href: isDone && result.href !== null ? result.href : `/jobs/${jobId}`,
      groupHref: isDone
        ? "/jobs?tab=finished"
        : "/jobs?tab=finished&status=dead",
      thread: kind === "answer.background" ? thread : null,
    });
  }

  async #ofSchedule(space: string, event: Happened): Promise<Notice | null> {
    const { origin, subject } = event;
    const schedule = await this.#sources.schedule(origin, subject);
    // Who pauses a schedule knows it.
    if (schedule?.paused?.by !== "program") return null;
    return noticeOf(space, {
      event: "schedule.failed",
      cause: event.cause,
      group: event.type,
      at: event.at,
      about: schedule.name,
      text: `It was paused: ${schedule.paused.reason}`,
      href: "/schedules",
    });
  }

  async #ofDocument(space: string, event: Happened): Promise<Notice> {
    const isReady = event.type === "document.indexed";
    const name = await this.#sources.document(event.origin, event.subject);
    const { error } = event.data;
    return noticeOf(space, {
      event: isReady ? "document.indexed" : "document.failed",
      cause: event.cause,
      group: event.type,
      at: event.at,
      about: name ?? "a document",
      text: typeof error === "string" ? error : null,
      href: `/documents/${event.subject}`,
      groupHref: "/documents",
    });
  }

  async #ofBudget(space: string, event: Happened): Promise<Notice> {
    const workspace = workspaceOf(space);
    const own = event.subject === `user:${userOf(space)}`;
    const whose = own
      ? "your"
      : await this.#sources.subjectWords(workspace, event.subject);
    const period = PERIODS[String(event.data.period)] ?? "the";
    return noticeOf(space, {
      event: event.type === "budget.warned"
        ? "budget.warned"
        : "budget.exceeded",
      cause: event.cause,
      group: event.type,
      at: event.at,
      about: own ? `your budget` : `${period} budget of ${whose}`,
      text: event.type === "budget.warned"
        ? "Requests are still answered."
        : "Requests that it is to pay for are refused.",
      href: own ? "/settings#limits" : "/admin/budgets",
    });
  }

  async #ofAnomaly(
    space: string,
    { type, cause, at, data }: Happened,
  ): Promise<Notice> {
    const whose = data.dimension === "all"
      ? "the workspace"
      : await this.#sources.subjectWords(
        workspaceOf(space),
        `${data.dimension}:${data.key}`,
      );
    return noticeOf(space, {
      event: "anomaly.detected",
      cause,
      group: type,
      at,
      about: whose,
      text: `${data.reason}.`,
      href: String(data.href),
      groupHref: "/admin/alerts#anomalies",
    });
  }

  async #ofNewcomer(space: string, event: Happened): Promise<Notice> {
    const name = await this.#sources.person(event.subject);
    return noticeOf(space, {
      event: "invitation.accepted",
      cause: event.cause,
      group: event.type,
      at: event.at,
      about: name ?? "Somebody",
      href: name === null ? "/admin/users" : `/admin/users/${event.subject}`,
      groupHref: "/admin/users",
    });
  }
}

/** An event with its place in the store. */
interface Happened extends OutboxEvent {
  cause: string;
  /** The space in which it happened: that of who is told, or the workspace. */
  origin: string;
}

function toPassedOn({ at, data }: OutboxEvent): Happened {
  const { type, subject, cause, origin } = data;
  return {
    type: String(type),
    subject: String(subject),
    cause: String(cause),
    origin: String(origin),
    at,
    data: (data.data ?? {}) as Record<string, unknown>,
  };
}

/** What one of several users is told of an event, as an event of their own space. */
export function passOn(
  { space, versionstamp, index, event }: ConsumedEvent,
  user: string,
): { space: string; event: OutboxEvent } {
  const { type, subject, data, at } = event;
  const cause = `${versionstamp}.${index}`;
  return {
    space: userSpace(workspaceOf(space), user),
    event: {
      type: PASSED_ON,
      at,
      subject,
      data: { type, subject, cause, origin: space, data },
    },
  };
}

/** Budgets are told by events of their own, and what is only for information by nobody. */
function isToldAlert({ severity, metric }: OutboxEvent["data"]): boolean {
  return severity !== "info" && !String(metric).startsWith("budget_");
}

function ofAlert(space: string, event: Happened): Notice {
  const { headline, words, incident } = event.data;
  return noticeOf(space, {
    event: event.type === "alert.fired" ? "alert.fired" : "alert.resolved",
    cause: event.cause,
    group: event.type,
    at: event.at,
    about: typeof headline === "string"
      ? headline
      : "something that is watched",
    text: typeof words === "string" ? words : null,
    href: `/admin/alerts#${String(incident)}`,
    groupHref: "/admin/alerts",
  });
}

function ofWebhook(space: string, event: Happened): Notice {
  const { host, reason } = event.data;
  return noticeOf(space, {
    event: "webhook.disabled",
    cause: event.cause,
    group: event.type,
    at: event.at,
    about: typeof host === "string" ? host : "a webhook",
    text: reason === "gone"
      ? "Its receiver says that it is gone."
      : "Its receiver has failed for days.",
    href: "/settings#webhooks",
  });
}

interface NoticeParts {
  event: NotificationEvent;
  cause: string;
  /** With what it is counted. */
  group: string;
  at: number;
  about?: string;
  text?: string | null;
  href: string;
  groupHref?: string;
  thread?: string | null;
}

function noticeOf(space: string, parts: NoticeParts): Notice {
  const { event, cause, at, href } = parts;
  return {
    space,
    event,
    cause,
    group: hash("sha256", `${event} ${parts.group}`, "hex").slice(0, 16),
    about: cut(parts.about ?? "", MAX_ABOUT_CHARACTERS),
    text: parts.text ? cut(parts.text, MAX_TEXT_CHARACTERS) : null,
    href,
    groupHref: parts.groupHref ?? null,
    thread: parts.thread ?? null,
    at,
  };
}

function cut(text: string, most: number): string {
  return text.length <= most
    ? text
    : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** What a result says of the page that shows it; a page of this app or nothing. */
function resultOf(
  job: JobRecord | null,
): { href: string | null; text: string | null } {
  const stored = job?.result;
  const result = stored && "inline" in stored ? stored.inline : null;
  const { href, download, text } = (result ?? {}) as {
    href?: unknown;
    download?: { href?: unknown };
    text?: unknown;
  };
  return {
    href: [href, download && job ? `/jobs/${job.id}` : null].find(isPage) ??
      null,
    text: typeof text === "string" ? text : null,
  };
}

function isPage(href: unknown): href is string {
  return typeof href === "string" && /^\/(?![/\\])/.test(href);
}

function threadOf(href: string | null): string | null {
  return /^\/c\/(thr_[0-9A-Za-z]{22})/.exec(href ?? "")?.[1] ?? null;
}
