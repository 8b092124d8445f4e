/** What people are notified of: the kinds of events, the words for them, and where each shows at first. */

/** Where a notification shows. */
export interface NotificationPlaces {
  /** On the page of notifications and in the count beside it. */
  app: boolean;
  /** By the browser itself, from any page that is open. */
  browser: boolean;
  mail: boolean;
}

/** For whom an event is meant: everybody, or those who run a workspace. */
export type NotificationAudience = "everyone" | "admins";

interface NotificationEventRule {
  /** In settings: "Answers that went on without you". */
  label: string;
  audience: NotificationAudience;
  /** Where it shows until somebody chooses otherwise. */
  places: NotificationPlaces;
  /** Whether mails about it are sent anyway, by a rule of their own. */
  hasOwnMail?: boolean;
  isFailure?: boolean;
  /** Lines of its own that a kind gets within an hour; what comes after is counted in the last one. */
  linesPerHour: number;
}

const IN_APP: NotificationPlaces = { app: true, browser: false, mail: false };
const SHOWN: NotificationPlaces = { app: true, browser: true, mail: false };

export const NOTIFICATION_EVENTS = {
  "answer.completed": {
    label: "An answer is finished that went on in the background",
    audience: "everyone",
    places: SHOWN,
    linesPerHour: 20,
  },
  "answer.failed": {
    label: "An answer in the background has failed",
    audience: "everyone",
    places: SHOWN,
    isFailure: true,
    linesPerHour: 1,
  },
  "job.completed": {
    label: "Work is done that you asked for, such as an export",
    audience: "everyone",
    places: SHOWN,
    linesPerHour: 20,
  },
  "job.dead": {
    label: "Work was given up after its last attempt",
    audience: "everyone",
    places: SHOWN,
    isFailure: true,
    linesPerHour: 1,
  },
  "schedule.completed": {
    label: "A scheduled prompt has its answer",
    audience: "everyone",
    places: SHOWN,
    linesPerHour: 20,
  },
  "schedule.failed": {
    label: "A schedule has failed or was paused",
    audience: "everyone",
    places: SHOWN,
    isFailure: true,
    linesPerHour: 1,
  },
  "document.indexed": {
    label: "A document can be searched",
    audience: "everyone",
    places: IN_APP,
    linesPerHour: 5,
  },
  "document.failed": {
    label: "A document could not be read",
    audience: "everyone",
    places: SHOWN,
    isFailure: true,
    linesPerHour: 5,
  },
  "budget.warned": {
    label: "Most of a budget is spent",
    audience: "everyone",
    places: SHOWN,
    hasOwnMail: true,
    linesPerHour: 5,
  },
  "budget.exceeded": {
    label: "A budget is spent",
    audience: "everyone",
    places: SHOWN,
    hasOwnMail: true,
    isFailure: true,
    linesPerHour: 5,
  },
  "alert.fired": {
    label: "Something that is watched is not well",
    audience: "admins",
    places: { app: true, browser: true, mail: true },
    isFailure: true,
    linesPerHour: 20,
  },
  "alert.resolved": {
    label: "An alert is over",
    audience: "admins",
    places: { app: true, browser: false, mail: true },
    linesPerHour: 20,
  },
  "anomaly.detected": {
    label: "Usage is not as usual",
    audience: "admins",
    places: { app: true, browser: false, mail: true },
    linesPerHour: 5,
  },
  "webhook.disabled": {
    label: "A webhook was switched off",
    audience: "everyone",
    places: { app: true, browser: true, mail: true },
    isFailure: true,
    linesPerHour: 5,
  },
  "invitation.accepted": {
    label: "Somebody has taken an invitation",
    audience: "admins",
    places: IN_APP,
    linesPerHour: 5,
  },
} as const satisfies Record<string, NotificationEventRule>;

export type NotificationEvent = keyof typeof NOTIFICATION_EVENTS;

/** All of them, in the order in which people read them. */
export const NOTIFICATION_EVENT_NAMES = Object.keys(
  NOTIFICATION_EVENTS,
) as readonly NotificationEvent[];

export function isNotificationEvent(text: string): text is NotificationEvent {
  return Object.hasOwn(NOTIFICATION_EVENTS, text);
}

export function ruleOf(event: NotificationEvent): NotificationEventRule {
  return NOTIFICATION_EVENTS[event];
}

/** What it says of one thing, and of several of a kind; `about` names the thing. */
const TITLES: Record<
  NotificationEvent,
  { one: (about: string) => string; many: (count: string) => string }
> = {
  "answer.completed": {
    one: (about) => `Answer finished: ${about}`,
    many: (count) => `${count} answers finished`,
  },
  "answer.failed": {
    one: (about) => `Answer failed: ${about}`,
    many: (count) => `${count} answers failed`,
  },
  "job.completed": {
    one: (about) => `Done: ${about}`,
    many: (count) => `${count} jobs done`,
  },
  "job.dead": {
    one: (about) => `Given up: ${about}`,
    many: (count) => `${count} jobs given up`,
  },
  "schedule.completed": {
    one: (about) => `Scheduled answer: ${about}`,
    many: (count) => `${count} scheduled answers`,
  },
  "schedule.failed": {
    one: (about) => `Schedule failed: ${about}`,
    many: (count) => `${count} runs of schedules failed`,
  },
  "document.indexed": {
    one: (about) => `Document ready: ${about}`,
    many: (count) => `${count} documents ready`,
  },
  "document.failed": {
    one: (about) => `Document not read: ${about}`,
    many: (count) => `${count} documents not read`,
  },
  "budget.warned": {
    one: (about) => `Most of ${about} is spent`,
    many: (count) => `Most of ${count} budgets is spent`,
  },
  "budget.exceeded": {
    one: (about) => `Spent: ${about}`,
    many: (count) => `${count} budgets spent`,
  },
  "alert.fired": {
    one: (about) => `Alert: ${about}`,
    many: (count) => `${count} alerts`,
  },
  "alert.resolved": {
    one: (about) => `Over: ${about}`,
    many: (count) => `${count} alerts are over`,
  },
  "anomaly.detected": {
    one: (about) => `Unusual usage of ${about}`,
    many: (count) => `${count} anomalies in usage`,
  },
  "webhook.disabled": {
    one: (about) => `Webhook switched off: ${about}`,
    many: (count) => `${count} webhooks switched off`,
  },
  "invitation.accepted": {
    one: (about) => `${about} has joined`,
    many: (count) => `${count} people have joined`,
  },
};

/** The line that a notification has. @param count how many things it stands for */
export function notificationTitle(
  event: NotificationEvent,
  about: string,
  count: number,
): string {
  const { one, many } = TITLES[event];
  if (count === 1) return one(about);
  return `${many(count.toLocaleString("en-US"))}, the latest: ${about}`;
}
