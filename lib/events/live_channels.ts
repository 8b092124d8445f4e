/** What a live connection may listen to: one table, a line for each channel. */
import { AppError } from "@/lib/errors.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { type IdPrefix, isId } from "@/lib/shared/ids.ts";

/** Channels of one connection, at most. */
export const MAX_CHANNELS = 20;

/**
 * Whose events a channel has: the listener's own in this workspace, those of the workspace itself, or
 * those of everybody and everything in it.
 */
export type ChannelSource = "own" | "workspace" | "everyone";

/** A line of the table. */
interface ChannelRule {
  /** What the name ends with behind a colon: the id of what the channel is about; absent: nothing. */
  readonly id?: IdPrefix;
  readonly source: ChannelSource;
  /** Whether only admins of the workspace may listen. */
  readonly isForAdmins: boolean;
  /** Whether it has this event of its source. */
  readonly carries: (event: OutboxEvent, id: string) => boolean;
  /** Whose answers it tells of while they stream; absent: nobody's. */
  readonly now?: "own" | "everyone";
}

/** Events whose type begins so, with a point behind it. */
const own = (...nouns: string[]): ChannelRule => ({
  source: "own",
  isForAdmins: false,
  carries: ({ type }) => nouns.includes(nounOf(type)),
});

/** Jobs of the workspace itself are with those of everybody in it. */
const CHANNELS: Readonly<Record<string, ChannelRule>> = {
  threads: {
    source: "own",
    isForAdmins: false,
    carries: (event) =>
      ["thread", "run"].includes(nounOf(event.type)) &&
      threadOfEvent(event) !== null && event.data.temporary !== true,
  },
  thread: {
    id: "thr",
    source: "own",
    isForAdmins: false,
    carries: (event, id) => threadOfEvent(event) === id,
  },
  jobs: own("job"),
  notifications: own("notification"),
  tasks: own("task"),
  documents: own("document"),
  schedules: own("schedule"),
  webhooks: own("webhook"),
  usage: {
    source: "own",
    isForAdmins: false,
    carries: () => false,
    now: "own",
  },
  "admin:usage": {
    source: "workspace",
    isForAdmins: true,
    carries: () => false,
    now: "everyone",
  },
  "admin:jobs": {
    source: "everyone",
    isForAdmins: true,
    carries: ({ type }) => nounOf(type) === "job",
  },
  "admin:requests": {
    source: "everyone",
    isForAdmins: true,
    carries: ({ type }) => ["run", "request"].includes(nounOf(type)),
  },
  workspace: {
    source: "workspace",
    isForAdmins: true,
    carries: ({ type }) => !["job", "request"].includes(nounOf(type)),
  },
};

/** A channel that somebody listens to. */
export interface Channel {
  readonly name: string;
  readonly source: ChannelSource;
  readonly isForAdmins: boolean;
  /** The thread that it is about; null for a channel about no thread in particular. */
  readonly thread: string | null;
  /** Whether it has this event of its source. */
  readonly carries: (event: OutboxEvent) => boolean;
  /** Whose answers it tells of while they stream; null: nobody's. */
  readonly now: "own" | "everyone" | null;
}

/** The channel of a name; null when there is none. */
export function findChannel(name: string): Channel | null {
  const whole = ruleOf(name);
  if (whole !== undefined && whole.id === undefined) {
    return toChannel(name, whole, "");
  }
  const colon = name.indexOf(":");
  const rule = ruleOf(name.slice(0, Math.max(colon, 0)));
  const id = name.slice(colon + 1);
  if (rule?.id === undefined || !isId(rule.id, id)) return null;
  return toChannel(name, rule, id);
}

function ruleOf(name: string): ChannelRule | undefined {
  return Object.hasOwn(CHANNELS, name) ? CHANNELS[name] : undefined;
}

function toChannel(name: string, rule: ChannelRule, id: string): Channel {
  return {
    name,
    source: rule.source,
    isForAdmins: rule.isForAdmins,
    thread: rule.id === "thr" ? id : null,
    carries: (event) => rule.carries(event, id),
    now: rule.now ?? null,
  };
}

/**
 * The channels that a request names, each once and in its order.
 * @throws {AppError} 400 `invalid_request` for none, too many, or one that there is not
 */
export function parseChannels(text: string | null): Channel[] {
  const names = [...new Set((text ?? "").split(",").filter(Boolean))];
  if (names.length === 0) throw refused("must name at least one channel");
  if (names.length > MAX_CHANNELS) {
    throw refused(`must name at most ${MAX_CHANNELS} channels`);
  }
  return names.map((name) => {
    const channel = findChannel(name);
    if (channel !== null) return channel;
    throw refused(`has “${name.slice(0, 60)}”, which is no channel`);
  });
}

/** The thread that an event is about; null when it is about none. */
export function threadOfEvent(
  { type, subject, data }: OutboxEvent,
): string | null {
  if (nounOf(type) === "thread") return subject;
  return typeof data.threadId === "string" ? data.threadId : null;
}

function nounOf(type: string): string {
  return type.slice(0, type.indexOf("."));
}

function refused(message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `channels ${message}`,
    errors: [{ path: "channels", message }],
  });
}
