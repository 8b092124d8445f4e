/** What a live connection may listen to. */
import { AppError } from "@/lib/errors.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { isId } from "@/lib/shared/ids.ts";

/** Channels of one connection, at most. */
const MAX_CHANNELS = 20;

const THREAD_PREFIX = "thread:";

/**
 * The channels that a request names, in its order.
 * @throws {AppError} 400 `invalid_request` for none, too many, or one that there is not
 */
export function parseChannels(text: string | null): string[] {
  const channels = [...new Set((text ?? "").split(",").filter(Boolean))];
  if (channels.length === 0) throw refused("must name at least one channel");
  if (channels.length > MAX_CHANNELS) {
    throw refused(`must name at most ${MAX_CHANNELS} channels`);
  }
  for (const channel of channels) {
    if (channel !== "threads" && threadOfChannel(channel) === null) {
      throw refused(`has “${channel.slice(0, 60)}”, which is no channel`);
    }
  }
  return channels;
}

/** The thread whose channel this is; null when it is none. */
export function threadOfChannel(channel: string): string | null {
  const thread = channel.slice(THREAD_PREFIX.length);
  return channel.startsWith(THREAD_PREFIX) && isId("thr", thread)
    ? thread
    : null;
}

/** The thread that an event is about; null when it is about none. */
export function threadOfEvent({ type, subject, data }: OutboxEvent) {
  if (type.startsWith("thread.")) return subject;
  return typeof data.threadId === "string" ? data.threadId : null;
}

/** The first of the channels that carries the event of a thread; null when none does. */
export function channelOf(
  channels: readonly string[],
  { type, data }: OutboxEvent,
  thread: string,
): string | null {
  const isListed = /^(thread|run)\./.test(type) && data.temporary !== true;
  return channels.find((channel) =>
    channel === "threads" ? isListed : channel === THREAD_PREFIX + thread
  ) ?? null;
}

function refused(message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `channels ${message}`,
    errors: [{ path: "channels", message }],
  });
}
