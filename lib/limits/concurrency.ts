import { sleep } from "@/lib/clock.ts";
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import { fenceKey } from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { get, getMany } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { SLICED_FROM } from "./rate.ts";

/** How many answers at once each incarnation may make for a subject. */
export interface SlotsRecord extends Versioned {
  readonly v: 1;
  readonly slots: Readonly<Record<string, number>>;
}

/** A slot of a run. `end` gives it back; only the first call counts. */
export interface Slot {
  end(): void;
}

/** Slots that nobody uses are given back after this time, in milliseconds. */
const IDLE_MS = 100;
/** The same of a large limit of which no more than this part is held by anybody. */
const LONG_IDLE_MS = 2_000;
const HELD_PART = 0.5;
/** What is known of other processes' slots refuses runs so long, in milliseconds. */
const RECHECK_MS = 250;
/** Of a large limit, what is free is taken in this many parts, so that few runs wait for the store. */
const PARTS_OF_FREE = 8;
const MAX_CONFLICTS = 60;
/** After so many it is waited a little, in milliseconds. */
const FEW_CONFLICTS = 5;
const CONFLICT_PAUSE_MS = 10;
/** A record that nobody wrote for so long holds slots of nobody. */
const KEEP_MS = 30 * 24 * 60 * 60 * 1_000;

interface Waiter {
  readonly limit: number;
  readonly done: PromiseWithResolvers<Slot | null>;
}

/** What this process may do under one incarnation. */
class Grant {
  readonly incarnation: string;
  granted = 0;
  used = 0;

  constructor(incarnation: string) {
    this.incarnation = incarnation;
  }
}

/**
 * How many answers at once one subject may have, shared by all processes of a store. Each incarnation
 * holds slots in the record; those of one that was fenced count no more, so what a dead process held is
 * free as soon as it is known to be dead.
 */
export class SlotPool {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #key: Deno.KvKey;
  #grant: Grant;
  /** The record as it was read or written last; null: it has to be read. */
  #known:
    | { slots: Record<string, number>; versionstamp: string | null }
    | null = null;
  #checkedMs = -Infinity;
  /** When a slot was taken last. */
  #takenMs = -Infinity;
  #limit = Infinity;
  #waiting: Waiter[] = [];
  #isRunning = false;
  #wantsShrink = false;
  #cancelTimer: (() => void) | null = null;
  #hasEnded = false;

  constructor(store: Store, owner: Owner, key: Deno.KvKey) {
    this.#store = store;
    this.#owner = owner;
    this.#key = key;
    this.#grant = new Grant(owner.incarnation.id);
  }

  /** Takes a slot at once from memory; null: there is none; undefined: the store has to be asked. */
  tryTake(limit: number): Slot | null | undefined {
    this.#follow();
    if (limit === 0) return null;
    const isLower = limit < this.#limit;
    this.#limit = limit;
    // What others hold has to be known before anything is given under a lower limit.
    if (isLower && !this.#isRunning) this.#known = null;
    if (this.#waiting.length > 0 || isLower) return undefined;
    const { used, granted } = this.#grant;
    if (used < granted && granted <= limit) return this.#slot();
    const isKnown = this.#known !== null && !this.#isRunning &&
      this.#store.clock.monotonic() - this.#checkedMs < RECHECK_MS;
    return isKnown && this.#others() + used >= limit ? null : undefined;
  }

  /**
   * Takes a slot; null: all are taken.
   * @throws {StorageError} when the store does not answer
   */
  async take(limit: number): Promise<Slot | null> {
    const taken = this.tryTake(limit);
    if (taken !== undefined) return taken;
    const done = Promise.withResolvers<Slot | null>();
    this.#waiting.push({ limit, done });
    void this.#run();
    return await done.promise;
  }

  /** Gives nothing back any more: the slots of a process that ends are free when its incarnation is over. */
  end(): void {
    this.#hasEnded = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** This process holds no slot and wants none. */
  get isIdle(): boolean {
    return this.#grant.granted === 0 && this.#grant.used === 0 &&
      !this.#isRunning;
  }

  /** Answers in the making, as far as this process knows. */
  get used(): number {
    return this.#others() + this.#grant.used;
  }

  /** Makes `used` true for now. @throws {StorageError} when the store does not answer */
  async refresh(): Promise<void> {
    if (this.#isRunning) return;
    this.#follow();
    const entry = await get<SlotsRecord>(this.#store, this.#key);
    if (this.#isRunning) return;
    this.#learn(entry);
    await this.#dropFenced();
  }

  /** Another incarnation has taken the place of ours: what the old one held is not ours any more. */
  #follow(): void {
    const { id } = this.#owner.incarnation;
    if (this.#grant.incarnation === id) return;
    this.#grant = new Grant(id);
    this.#known = null;
  }

  #slot(): Slot {
    const grant = this.#grant;
    grant.used += 1;
    this.#takenMs = this.#store.clock.monotonic();
    let isHeld = true;
    return {
      end: () => {
        if (!isHeld) return;
        isHeld = false;
        grant.used -= 1;
        if (grant === this.#grant) this.#shrinkLater();
      },
    };
  }

  #others(): number {
    let sum = 0;
    for (const [inc, slots] of Object.entries(this.#known?.slots ?? {})) {
      if (inc !== this.#grant.incarnation) sum += slots;
    }
    return sum;
  }

  #shrinkLater(): void {
    if (this.#hasEnded) return;
    const held = this.#others() + this.#grant.granted;
    const isPlenty = this.#limit >= SLICED_FROM && this.#known !== null &&
      held <= this.#limit * HELD_PART;
    const idleMs = isPlenty ? LONG_IDLE_MS : IDLE_MS;
    const { clock } = this.#store;
    this.#cancelTimer ??= clock.after(idleMs, () => {
      this.#cancelTimer = null;
      const { granted, used } = this.#grant;
      if (granted === used && this.#known !== null) return;
      const isInUse = isPlenty && clock.monotonic() - this.#takenMs < idleMs;
      if (isInUse) return this.#shrinkLater();
      this.#wantsShrink = true;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let conflicts = 0; this.#hasWork();) {
        if (await this.#round()) continue;
        conflicts += 1;
        // This incarnation may have been fenced, and the next one is not there yet.
        if (conflicts > FEW_CONFLICTS) {
          await sleep(this.#store.clock, CONFLICT_PAUSE_MS);
        }
        if (conflicts > MAX_CONFLICTS) {
          throw new StorageError(
            "Too many answers begin at the same time. Try again.",
            { code: "storage_contended" },
          );
        }
      }
    } catch (error) {
      this.#known = null;
      for (const { done } of this.#waiting.splice(0)) done.reject(error);
      // What was written unheard may hold more than is used.
      this.#shrinkLater();
    } finally {
      this.#isRunning = false;
      this.#wantsShrink = false;
    }
  }

  #hasWork(): boolean {
    return this.#wantsShrink || this.#waiting.length > 0;
  }

  /** False: another process was faster. */
  async #round(): Promise<boolean> {
    this.#follow();
    const { clock } = this.#store;
    const isFresh = this.#known !== null &&
      clock.monotonic() - this.#checkedMs < RECHECK_MS;
    if (this.#known === null) {
      this.#learn(await get<SlotsRecord>(this.#store, this.#key));
    }
    if (this.#isFull()) {
      if (!isFresh) {
        this.#learn(await get<SlotsRecord>(this.#store, this.#key));
      }
      if (this.#isFull()) await this.#dropFenced();
    }
    this.#follow();
    if (this.#known === null) return true;
    const grant = this.#grant;
    const waiting = this.#waiting.slice();
    const others = this.#others();
    // What runs keeps its slot, whatever the limit has become.
    let wanted = 0;
    for (const { limit } of waiting) {
      if (others + grant.used + wanted < limit) wanted += 1;
    }
    const granted = grant.used + wanted +
      this.#spare(others + grant.used + wanted, wanted);
    if (granted !== (this.#known.slots[grant.incarnation] ?? 0)) {
      if (!await this.#write(grant, granted)) return false;
    } else grant.granted = granted;
    this.#wantsShrink = false;
    for (const waiter of waiting) {
      const isGranted = grant === this.#grant && wanted > 0 &&
        grant.used < grant.granted && others + grant.used < waiter.limit;
      if (isGranted) wanted -= 1;
      waiter.done.resolve(isGranted ? this.#slot() : null);
    }
    this.#waiting = this.#waiting.filter((each) => !waiting.includes(each));
    if (grant.granted > grant.used) this.#shrinkLater();
    return true;
  }

  #isFull(): boolean {
    const free = this.#others() + this.#grant.used + this.#waiting.length;
    return this.#waiting.some(({ limit }) => free > limit);
  }

  #spare(taken: number, wanted: number): number {
    if (this.#limit < SLICED_FROM || wanted === 0) return 0;
    const free = Math.max(this.#limit - taken, 0);
    return Math.min(wanted, Math.floor(free / PARTS_OF_FREE));
  }

  async #write(grant: Grant, granted: number): Promise<boolean> {
    const { slots, versionstamp } = this.#known!;
    const next = { ...slots, [grant.incarnation]: granted };
    if (granted === 0) delete next[grant.incarnation];
    // Nobody takes from memory what is about to be given back.
    grant.granted = Math.min(grant.granted, granted);
    const record: SlotsRecord = { v: 1, slots: next };
    const unit = new UnitOfWork().guard(this.#key, versionstamp, record, {
      expireInMs: KEEP_MS,
    });
    const { incarnation } = this.#owner;
    if (incarnation.id !== grant.incarnation) return false;
    incarnation.checkFence(unit);
    let result;
    try {
      result = await commit(this.#store, unit);
    } finally {
      this.#known = null;
    }
    if (!result.ok) return false;
    grant.granted = granted;
    this.#known = { slots: next, versionstamp: result.versionstamp };
    this.#checkedMs = this.#store.clock.monotonic();
    return true;
  }

  /** Forgets slots of incarnations that count no more. */
  async #dropFenced(): Promise<void> {
    const known = this.#known;
    if (known === null) return;
    const others = Object.keys(known.slots).filter((inc) =>
      inc !== this.#grant.incarnation
    );
    if (others.length === 0) return;
    const fences = await getMany(this.#store, others.map(fenceKey));
    const alive: Record<string, number> = {};
    for (const [inc, slots] of Object.entries(known.slots)) {
      const place = others.indexOf(inc);
      if (place === -1 || fences[place].versionstamp !== null) {
        alive[inc] = slots;
      }
    }
    this.#known = { ...known, slots: alive };
  }

  #learn(
    { value, versionstamp }: Deno.KvEntryMaybe<SlotsRecord>,
  ): void {
    this.#known = { slots: { ...value?.slots }, versionstamp };
    this.#checkedMs = this.#store.clock.monotonic();
  }
}
