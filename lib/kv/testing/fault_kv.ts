import { setImmediate as nextTurn } from "node:timers/promises";
import type { ManualClock } from "./manual_clock.ts";
import { seededRandom } from "./random.ts";
import { WrappedAtomic, WrappedKv } from "./wrapped_kv.ts";

type CommitAnswer = Deno.KvCommitResult | Deno.KvCommitError;

/**
 * What goes wrong with a commit.
 *
 * | fault | is applied | the program hears |
 * |---|---|---|
 * | `drop` | no | an error |
 * | `loseAck` | yes | an error |
 * | `twice` | yes, and once more | the second answer |
 * | `deny` | yes | `ok: false` |
 * | `hold` | when `applyHeld` is called | nothing, ever |
 * | `holdBriefly` | when `applyHeld` is called | the answer, then |
 * | `mute` | yes | nothing, ever |
 * | `hang` | no | nothing, ever |
 * | `locked` | no | the `TypeError` of a database that is locked |
 * | `full` | no | the `TypeError` of a disk that is full |
 * | `refuse` | no | a `TypeError` |
 */
export type CommitFault =
  | "drop"
  | "loseAck"
  | "twice"
  | "deny"
  | "hold"
  | "holdBriefly"
  | "mute"
  | "hang"
  | "locked"
  | "full"
  | "refuse";

/** What goes wrong with a read: it ends with an error, or never. */
export type ReadFault = "fail" | "hang";

/** Kinds of faults that come by chance. */
export interface FaultKinds {
  commits: readonly CommitFault[];
  reads: readonly ReadFault[];
}

/** Faults that are over at once. */
export const BRIEF_FAULTS: FaultKinds = {
  commits: ["drop", "loseAck", "twice", "deny", "locked"],
  reads: ["fail"],
};

/** Everything that a lane outlives without anybody's help. */
export const ALL_FAULTS: FaultKinds = {
  commits: [...BRIEF_FAULTS.commits, "hold", "holdBriefly", "mute", "hang"],
  reads: ["fail", "hang"],
};

/** Calls that a real store is working on. */
export interface Work {
  busy: number;
}

/** An error such as a broken connection gives. */
export class InjectedError extends Error {
  override readonly name = "InjectedError";
}

/**
 * A store where things go wrong: by a script (the next commits and reads, in order; null is none), or by
 * chance from a seed. A script goes first.
 */
export class FaultKv extends WrappedKv {
  #commitScript: (CommitFault | null)[] = [];
  #readScript: (ReadFault | null)[] = [];
  #chance: { random: () => number; rate: number; kinds: FaultKinds } | null =
    null;
  #held: (() => Promise<void>)[] = [];
  readonly #work: Work;
  #commits = 0;

  /** Several of one store share their `work`, so that time stands still while any of them is busy. */
  constructor(inner: Deno.Kv, work: Work = { busy: 0 }) {
    super(inner);
    this.#work = work;
  }

  /** Commits the program has sent. */
  get commits(): number {
    return this.#commits;
  }

  /** Calls that the real store is working on. */
  get busy(): number {
    return this.#work.busy;
  }

  get held(): number {
    return this.#held.length;
  }

  /** Lets the next commits go wrong. */
  script(...faults: (CommitFault | null)[]): void {
    this.#commitScript.push(...faults);
  }

  /** Lets the next reads go wrong. */
  scriptReads(...faults: (ReadFault | null)[]): void {
    this.#readScript.push(...faults);
  }

  /** Lets any call go wrong with this probability, from 0 (none) to 1. */
  randomly(seed: number, rate: number, kinds = ALL_FAULTS): void {
    this.#chance = { random: seededRandom(seed), rate, kinds };
  }

  /** Nothing goes wrong any more, except for what is held. */
  heal(): void {
    this.#commitScript = [];
    this.#readScript = [];
    this.#chance = null;
  }

  /** Delivers the commits that were held, in the order they were sent. */
  async applyHeld(): Promise<void> {
    for (const apply of this.#held.splice(0)) await apply();
  }

  /**
   * Lets the manual clock go on whenever the real store has nothing to do, until the promise has
   * settled. Held commits are delivered now and then if `deliverHeld` says so.
   */
  async drive<T>(
    clock: ManualClock,
    promise: Promise<T>,
    { deliverHeld = () => false }: { deliverHeld?: () => boolean } = {},
  ): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    while (!settled) {
      await nextTurn();
      if (settled || this.busy > 0) continue;
      if (deliverHeld()) await this.applyHeld();
      else clock.advanceToNext();
    }
    return await promise;
  }

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    return this.#read(() => this.inner.get<T>(key, options));
  }

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    return this.#read(() => this.inner.getMany<T>(keys, options));
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    return new FaultyList(
      this.inner.list<T>(selector, options),
      (next) => this.#read(next),
    );
  }

  override atomic(): Deno.AtomicOperation {
    return new FaultyAtomic(
      this.inner.atomic(),
      (operation) => this.#commit(operation),
    );
  }

  #commit(operation: Deno.AtomicOperation): Promise<CommitAnswer> {
    this.#commits += 1;
    const apply = () => this.#track(operation.commit());
    const fault = this.#commitScript.shift() ?? this.#pick("commits");
    switch (fault) {
      case null:
        return apply();
      case "drop":
        return Promise.reject(new InjectedError("Connection broke"));
      case "loseAck":
        return apply().then(() => {
          throw new InjectedError("Connection broke");
        });
      case "twice":
        return apply().then(apply);
      case "deny":
        return apply().then(() => ({ ok: false }));
      case "hold":
        this.#held.push(async () => void await apply());
        return never();
      case "holdBriefly": {
        const { promise, resolve, reject } = Promise.withResolvers<
          CommitAnswer
        >();
        this.#held.push(() => apply().then(resolve, reject));
        return promise;
      }
      case "mute":
        return apply().then(never<CommitAnswer>);
      case "hang":
        return never();
      case "locked":
        return Promise.reject(new TypeError("database is locked"));
      case "full":
        return Promise.reject(new TypeError("database or disk is full"));
      case "refuse":
        return Promise.reject(new TypeError("Refused by injection"));
    }
  }

  #read<T>(call: () => Promise<T>): Promise<T> {
    const fault = this.#readScript.shift() ?? this.#pick("reads");
    if (fault === "fail") {
      return Promise.reject(new InjectedError("Connection broke"));
    }
    return fault === "hang" ? never() : this.#track(call());
  }

  #pick<K extends keyof FaultKinds>(of: K): FaultKinds[K][number] | null {
    if (this.#chance === null) return null;
    const { random, rate, kinds } = this.#chance;
    if (random() >= rate) return null;
    const faults: FaultKinds[K] = kinds[of];
    return faults[Math.floor(random() * faults.length)];
  }

  async #track<T>(call: Promise<T>): Promise<T> {
    this.#work.busy += 1;
    try {
      return await call;
    } finally {
      this.#work.busy -= 1;
    }
  }
}

class FaultyAtomic extends WrappedAtomic {
  readonly #commit: (
    operation: Deno.AtomicOperation,
  ) => Promise<CommitAnswer>;

  constructor(
    inner: Deno.AtomicOperation,
    commit: (operation: Deno.AtomicOperation) => Promise<CommitAnswer>,
  ) {
    super(inner);
    this.#commit = commit;
  }

  override commit(): Promise<CommitAnswer> {
    return this.#commit(this.inner);
  }
}

type Row<T> = Promise<IteratorResult<Deno.KvEntry<T>, undefined>>;
type ReadRow<T> = (next: () => Row<T>) => Row<T>;

class FaultyList<T> implements Deno.KvListIterator<T> {
  readonly #rows: Deno.KvListIterator<T>;
  readonly #read: ReadRow<T>;
  #begun = false;

  constructor(
    rows: Deno.KvListIterator<T>,
    read: ReadRow<T>,
  ) {
    this.#rows = rows;
    this.#read = read;
  }

  get cursor(): string {
    return this.#rows.cursor;
  }

  /** Only the first row may go wrong: the others come with it. */
  next(): Row<T> {
    const next = () => this.#rows.next();
    if (this.#begun) return next();
    this.#begun = true;
    return this.#read(next);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Deno.KvEntry<T>> {
    return this;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
