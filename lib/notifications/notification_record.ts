/** Notifications as the store keeps them. Times in numbers are milliseconds since 1970 UTC. */
import type {
  NotificationEvent,
  NotificationPlaces,
} from "@/lib/shared/notification_events.ts";

/** Something that somebody is to be told. */
export interface Notice {
  /** Space of who is told. */
  readonly space: string;
  readonly event: NotificationEvent;
  /** What happened, once for ever: the place of its event in the store. */
  readonly cause: string;
  /** What it is counted with when more of a kind comes. */
  readonly group: string;
  /** Names the thing in a few words; empty where the thread says it. */
  readonly about: string;
  /** A sentence more, or null. */
  readonly text: string | null;
  /** Page of the app that shows it, and the one that shows all of its group; null: there is none. */
  readonly href: string | null;
  readonly groupHref: string | null;
  /** The thread whose title names it, or null. */
  readonly thread: string | null;
  readonly at: number;
}

export interface NotificationRecord {
  readonly v: 1;
  readonly id: string;
  readonly event: NotificationEvent;
  readonly group: string;
  readonly about: string;
  readonly text: string | null;
  readonly href: string | null;
  readonly thread: string | null;
  /** How many things it stands for. */
  readonly count: number;
  readonly read: boolean;
  /** When it was changed last by something that happened; its place in the list. */
  readonly at: number;
  readonly createdAt: string;
  readonly expiresAt: number;
}

/** What a list needs to know of a notification to pass over it. */
export interface NotificationRow {
  readonly v: 1;
  readonly event: NotificationEvent;
  readonly read: boolean;
  readonly createdAt: string;
}

/** A group that goes on: what comes next is counted in its last line, or gets one of its own. */
export interface OpenGroup {
  readonly id: string;
  /** Lines that it has. */
  readonly lines: number;
  readonly begunAt: number;
}

/** How many notifications a space has. Whoever changes one checks and rewrites this. */
export interface InboxState {
  readonly v: 1;
  readonly unread: number;
  readonly total: number;
  readonly groups: Readonly<Record<string, OpenGroup>>;
  /** When the oldest goes; the sweep row says the same. Null: there is none. */
  readonly sweepAt: number | null;
  readonly createdAt: string;
  readonly token?: string;
}

export interface NotificationSettingsRecord {
  readonly v: 1;
  /** What was chosen; events that are not in it are as they were given. */
  readonly events: Partial<Record<NotificationEvent, NotificationPlaces>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly token?: string;
}

/** Somebody has left a run to itself. */
export interface BackgroundRunRecord {
  readonly v: 1;
  /** `usr_` id of who is told. */
  readonly user: string;
  readonly at: number;
  readonly createdAt: string;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Notifications are kept so long after they last changed, in milliseconds. */
export const KEPT_MS = 90 * DAY_MS;

/** Notifications that a space keeps: the newest. */
export const MOST_KEPT = 10_000;

/** How long what happens is counted with what was told before, in milliseconds. */
export const GROUP_MS = 60 * 60 * 1_000;
