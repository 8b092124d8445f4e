/** What clients say on their sockets. */
import { z } from "zod";
import type { Clock } from "@/lib/clock.ts";
import type { LiveRequest } from "@/lib/shared/live/live_wire.ts";
import { type Channel, findChannel, MAX_CHANNELS } from "./live_channels.ts";

/** Longest message, in characters; twenty names of channels take a tenth of it. */
export const MAX_REQUEST_CHARACTERS = 8 * 1024;

const names = z.array(z.string().min(1).max(200)).max(MAX_CHANNELS).optional();

const REQUEST = z.strictObject({ subscribe: names, unsubscribe: names });

/** Null for what is no request of the protocol. */
export function parseRequest(text: string): LiveRequest | null {
  try {
    return REQUEST.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The channels of these names, and the names that are of none. */
export function findChannels(
  asked: readonly string[],
): { channels: Channel[]; unknown: string[] } {
  const channels: Channel[] = [];
  const unknown: string[] = [];
  for (const name of new Set(asked)) {
    const channel = findChannel(name);
    if (channel === null) unknown.push(name);
    else channels.push(channel);
  }
  return { channels, unknown };
}

/** Messages of one socket at once. */
const BURST = 100;
/** And in each second besides. */
const PER_SECOND = 20;

/** How many messages a socket may still send; no page comes near it. */
export class RequestAllowance {
  readonly #clock: Pick<Clock, "monotonic">;
  #left = BURST;
  #atMs: number;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#atMs = clock.monotonic();
  }

  /** Whether one more is taken. */
  take(): boolean {
    const nowMs = this.#clock.monotonic();
    const grown = (nowMs - this.#atMs) / 1_000 * PER_SECOND;
    this.#left = Math.min(BURST, this.#left + grown);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
