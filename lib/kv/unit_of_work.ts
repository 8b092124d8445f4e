import {
  type AddressedEvent,
  ENVELOPE_BYTES,
  MAX_ENVELOPE_BYTES,
  measureEvent,
  type OutboxEvent,
} from "./outbox.ts";
import {
  MAX_CHECKS,
  MAX_MUTATIONS,
  MAX_TOTAL_BYTES,
  MAX_TOTAL_KEY_BYTES,
  measureKey,
  measureSet,
  measureWrittenKey,
} from "./sizes.ts";
import type { StoredValue } from "./store.ts";

/** Something a unit writes, in the order it was told. */
export type Mutation =
  | {
    type: "set";
    key: Deno.KvKey;
    value: StoredValue;
    expireInMs?: number;
    /** Field of the stored value that gets the commit's token; null: none. */
    tokenField: string | null;
  }
  | { type: "delete"; key: Deno.KvKey };

export interface SetOptions {
  /** The store may drop the row after this time. Readers check an `expiresAt` of their own. */
  expireInMs?: number;
}

export interface GuardOptions extends SetOptions {
  /** Field of the stored value that gets the commit's token. */
  tokenField?: string;
}

/** A checked key whose value, once committed, shows the commit's token in `field`. */
export interface Guard {
  /** Place of the key among the unit's checks. */
  check: number;
  field: string;
}

/** A job to be looked at, and when: milliseconds from the commit. */
export interface Wake {
  job: string;
  delayMs: number;
}

/** Bytes that a token of 22 characters and the tags of a field add to a value, and more. */
const TOKEN_FIELD_BYTES = 48;

/**
 * What belongs together, collected, then committed in one atomic or not at all (`commit`). There is no
 * `sum`: counters are absolute values of a single writer. The values are handed over; do not change
 * them afterwards.
 *
 * Every method throws a `TypeError` that says what exceeds a limit of the store.
 */
export class UnitOfWork {
  readonly #checks: Deno.AtomicCheck[] = [];
  readonly #mutations: Mutation[] = [];
  readonly #guards: Guard[] = [];
  readonly #events: AddressedEvent[] = [];
  readonly #wakes: Wake[] = [];
  readonly #envelopes = new Map<string, number>();
  #keyBytes = 0;
  #totalBytes = 0;

  /** The unit counts only if the key still has this versionstamp (null: is absent). */
  check(key: Deno.KvKey, versionstamp: string | null): this {
    if (this.#checks.length === MAX_CHECKS) {
      throw new TypeError(`Unit has more than "${MAX_CHECKS}" checks`);
    }
    this.#checks.push({ key, versionstamp });
    this.#totalBytes += measureKey(key);
    this.#assertBytes();
    return this;
  }

  /** Writes a value. */
  set(key: Deno.KvKey, value: StoredValue, options: SetOptions = {}): this {
    return this.#set(key, value, null, options);
  }

  /**
   * Checks a key and writes it, with the commit's token in the stored value: by reading it back the
   * commit learns whether it counted. Each unit needs one guard at least; a record that this unit
   * creates makes the best one, since nobody else overwrites it soon.
   */
  guard(
    key: Deno.KvKey,
    versionstamp: string | null,
    value: StoredValue,
    { tokenField = "token", ...options }: GuardOptions = {},
  ): this {
    this.check(key, versionstamp);
    this.#guards.push({ check: this.#checks.length - 1, field: tokenField });
    return this.#set(key, value, tokenField, options);
  }

  delete(key: Deno.KvKey): this {
    this.#count(measureWrittenKey(key), 0);
    this.#mutations.push({ type: "delete", key });
    return this;
  }

  /** Tells the rest of the program what this unit changes, in the same atomic. */
  event(space: string, event: OutboxEvent): this {
    const addressed = { space, event };
    const bytes = measureEvent(addressed);
    const before = this.#envelopes.get(space) ?? 0;
    if (before + bytes > MAX_ENVELOPE_BYTES) {
      throw new TypeError(
        `Unit has more than "${MAX_ENVELOPE_BYTES}" bytes of events`,
      );
    }
    this.#envelopes.set(space, before + bytes);
    this.#events.push(addressed);
    this.#totalBytes += bytes + (before === 0 ? ENVELOPE_BYTES : 0);
    this.#assertBytes();
    return this;
  }

  /**
   * Wakes whoever does jobs once the unit is committed, in this process at once. Where the store has
   * queues it also wakes them after the delay, whatever becomes of this process.
   */
  wake(job: string, delayMs: number): this {
    this.#wakes.push({ job, delayMs });
    return this;
  }

  /** Takes over everything that another unit holds. */
  add(other: UnitOfWork): this {
    const first = this.#checks.length;
    for (const check of other.#checks) {
      this.check(check.key, check.versionstamp);
    }
    for (const { check, field } of other.#guards) {
      this.#guards.push({ check: first + check, field });
    }
    for (const mutation of other.#mutations) {
      if (mutation.type === "delete") this.delete(mutation.key);
      else {
        const { key, value, tokenField, expireInMs } = mutation;
        this.#set(key, value, tokenField, { expireInMs });
      }
    }
    for (const { space, event } of other.#events) {
      this.event(space, event);
    }
    this.#wakes.push(...other.#wakes);
    return this;
  }

  get wakes(): readonly Wake[] {
    return this.#wakes;
  }

  get checks(): readonly Deno.AtomicCheck[] {
    return this.#checks;
  }

  get guards(): readonly Guard[] {
    return this.#guards;
  }

  get events(): readonly AddressedEvent[] {
    return this.#events;
  }

  get mutations(): readonly Mutation[] {
    return this.#mutations;
  }

  /** Bytes of keys and values together, checks included. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws {TypeError} when nothing guards the unit */
  assertCommittable(): void {
    if (this.#checks.length === 0) throw new TypeError("Unit has no check");
    if (this.#guards.length === 0) throw new TypeError("Unit has no guard");
  }

  #set(
    key: Deno.KvKey,
    value: StoredValue,
    tokenField: string | null,
    { expireInMs }: SetOptions,
  ): this {
    const { keyBytes, valueBytes } = measureSet(
      key,
      value,
      tokenField === null ? 0 : TOKEN_FIELD_BYTES,
    );
    this.#count(keyBytes, valueBytes);
    this.#mutations.push({ type: "set", key, value, expireInMs, tokenField });
    return this;
  }

  #count(keyBytes: number, valueBytes: number): void {
    if (this.#mutations.length === MAX_MUTATIONS) {
      throw new TypeError(`Unit has more than "${MAX_MUTATIONS}" mutations`);
    }
    this.#keyBytes += keyBytes;
    this.#totalBytes += keyBytes + valueBytes;
    this.#assertBytes();
  }

  #assertBytes(): void {
    if (this.#keyBytes > MAX_TOTAL_KEY_BYTES) {
      throw new TypeError(
        `Unit has more than "${MAX_TOTAL_KEY_BYTES}" bytes of keys`,
      );
    }
    if (this.#totalBytes > MAX_TOTAL_BYTES) {
      throw new TypeError(`Unit has more than "${MAX_TOTAL_BYTES}" bytes`);
    }
  }
}
