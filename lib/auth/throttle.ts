/**
 * Slows down who guesses passwords: a few tries are free, then each costs a wait that grows up to a
 * limit. Nobody is shut out for ever: the wait ends, and addresses from which an account was signed in to
 * before have tries of their own, which a stranger's guesses do not use up.
 */
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import { countedAddress } from "@/lib/net/counted_address.ts";
import { hashOf } from "./hashed_token.ts";
import type { Loaded } from "./records.ts";
import type { ThrottleStore, TriesRecord } from "./throttle_store.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";

/** How tries are counted; times in milliseconds. */
export interface ThrottlePolicy {
  /** Failures before the first wait. */
  free: number;
  firstWaitMs: number;
  longestWaitMs: number;
  /** Without another failure for so long all is forgotten. */
  forgetMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const ACCOUNT: ThrottlePolicy = {
  free: 5,
  firstWaitMs: MINUTE_MS,
  longestWaitMs: 15 * MINUTE_MS,
  forgetMs: DAY_MS,
};

/** An office behind one address has many people who mistype. */
const ADDRESS: ThrottlePolicy = {
  free: 30,
  firstWaitMs: MINUTE_MS,
  longestWaitMs: 15 * MINUTE_MS,
  forgetMs: HOUR_MS,
};

/** An address counts as known for so long after the last sign-in. */
const KNOWN_MS = 90 * DAY_MS;
const KNOWN_AGAIN_MS = DAY_MS;

const FREE: TriesRecord = { v: 1, failures: 0, waitUntil: 0, forgetAt: 0 };

/** A try that may be made, and what happens to the next if it fails. */
export interface Try {
  account: string;
  /** The client's address, or its network. */
  client: string;
  /** Subject that the try was counted for. */
  subject: string;
  /** Tries that are left after this one before a wait. */
  left: number;
  /** How long the wait after this one is, in milliseconds; 0: there is none. */
  waitMs: number;
}

export class Throttle {
  readonly #store: ThrottleStore;

  constructor(store: ThrottleStore) {
    this.#store = store;
  }

  /**
   * Counts a try before it is made, so that many at once, in whatever process, get no more than the
   * policy allows. It does not matter whether the account exists.
   * @param account what was typed, normalised
   * @param address of the client
   * @throws {AppError} 429 `too_many_attempts` with `Retry-After`
   */
  async take(account: string, address: string): Promise<Try> {
    const name = hashOf(account);
    const client = countedAddress(address);
    const known = await this.#store.knownSince(name, client);
    const subject = known === null ? `a:${name}` : `k:${name}:${client}`;
    const addressSubject = addressOf(client);
    return await retryOnConflict(async () => {
      const [mine, all] = await this.#store.tries([subject, addressSubject]);
      const now = this.#store.now();
      const waitUntil = Math.max(
        current(mine, now).waitUntil,
        current(all, now).waitUntil,
      );
      if (waitUntil > now) throw tooMany(waitUntil - now);
      const after = failed(current(mine, now), ACCOUNT, now);
      if (!await this.#store.write(subject, mine, after)) return "conflict";
      return {
        account: name,
        client,
        subject,
        left: Math.max(ACCOUNT.free - after.failures, 0),
        waitMs: Math.max(after.waitUntil - now, 0),
      };
    });
  }

  /** The try has succeeded: the account's tries are free again. */
  async succeeded({ account, client, subject }: Try): Promise<void> {
    await retryOnConflict(async () => {
      const [before] = await this.#store.tries([subject]);
      const forgetAt = this.#store.now() + MINUTE_MS;
      const ok = await this.#store
        .write(subject, before, { ...FREE, forgetAt });
      return ok ? null : "conflict";
    });
    const known = await this.#store.knownSince(account, client);
    if (known === null || this.#store.now() - known > KNOWN_AGAIN_MS) {
      await this.#store.noteKnown(account, client, KNOWN_MS);
    }
  }

  /** The try has failed: it counts against the address too. */
  async failed(
    { client }: Try,
    event: { workspace: string; event: OutboxEvent },
  ): Promise<void> {
    const subject = addressOf(client);
    await retryOnConflict(async () => {
      const [before] = await this.#store.tries([subject]);
      const now = this.#store.now();
      const after = failed(current(before, now), ADDRESS, now);
      const ok = await this.#store.write(subject, before, after, event);
      return ok ? null : "conflict";
    });
  }

  /**
   * Counts one of a few things that may happen in a span of time; false: there were enough.
   * @param subject what is counted, such as mails to an address
   */
  async allow(
    subject: string,
    { most, withinMs }: { most: number; withinMs: number },
  ): Promise<boolean> {
    const name = `x:${hashOf(subject)}`;
    return await retryOnConflict(async () => {
      const [before] = await this.#store.tries([name]);
      const now = this.#store.now();
      const { failures, forgetAt } = current(before, now);
      if (failures >= most) return false;
      const ok = await this.#store.write(name, before, {
        v: 1,
        failures: failures + 1,
        waitUntil: 0,
        forgetAt: failures === 0 ? now + withinMs : forgetAt,
      });
      return ok ? true : "conflict";
    });
  }
}

function addressOf(client: string): string {
  return `n:${client}`;
}

function current({ record }: Loaded<TriesRecord>, now: number): TriesRecord {
  return record === null || record.forgetAt <= now ? FREE : record;
}

function failed(
  { failures }: TriesRecord,
  { free, firstWaitMs, longestWaitMs, forgetMs }: ThrottlePolicy,
  now: number,
): TriesRecord {
  const after = failures + 1;
  const waitMs = after < free
    ? 0
    // The exponent is bounded: a number too large for its power would be no wait at all.
    : Math.min(firstWaitMs * 2 ** Math.min(after - free, 20), longestWaitMs);
  return {
    v: 1,
    failures: after,
    waitUntil: now + waitMs,
    forgetAt: now + forgetMs,
  };
}

const COUNTS = ["No", "One", "Two", "Three", "Four", "Five"];

/** A span of time in words, rounded up: "one minute", "12 seconds". */
export function waitInWords(waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1_000);
  const [count, unit] = seconds <= 90 && seconds !== 60
    ? [seconds, "second"]
    : [Math.ceil(seconds / 60), "minute"];
  return count === 1 ? `one ${unit}` : `${count} ${unit}s`;
}

/** What remains after a try that failed, in a sentence. */
export function triesLeftInWords({ left, waitMs }: Try): string {
  if (waitMs > 0) return `Wait ${waitInWords(waitMs)} before the next try.`;
  const count = COUNTS[left] ?? String(left);
  return `${count} more ${left === 1 ? "try" : "tries"} before a wait of ${
    waitInWords(ACCOUNT.firstWaitMs)
  }.`;
}

function tooMany(waitMs: number): AppError {
  const seconds = Math.max(Math.ceil(waitMs / 1_000), 1);
  return new AppError({
    status: 429,
    code: "too_many_attempts",
    message: `Too many tries. Wait ${waitInWords(waitMs)} before the next.`,
    retryable: true,
    extra: { retryAfterSeconds: seconds },
    headers: { "retry-after": String(seconds) },
  });
}
