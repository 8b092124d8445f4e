/**
 * Where a simulated process lives: its clock, its way to the store, and whether it goes on at all. A
 * frozen one hears of nothing until it thaws; a dead one never again, though what it has sent arrives.
 */
import type { Clock } from "@/lib/clock.ts";
import { WrappedAtomic, WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import type { ModelKv } from "./model_kv.ts";
import type { Timeline } from "./timeline.ts";

/** Wall clock at the world's beginning. */
const START_MS = Date.UTC(2026, 0, 1);

export class Host {
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly #frozenUntilThaw: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];
  #state: "alive" | "frozen" | "dead" = "alive";
  #wallOffsetMs = 0;
  /** Milliseconds that the store takes for each of the next calls. */
  slowMs = 0;
  /** Changes of watched keys are not told any more. */
  isDeaf = false;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
    this.clock = {
      now: () => START_MS + timeline.nowMs + this.#wallOffsetMs,
      monotonic: () => timeline.nowMs,
      after: (delayMs, callback) => {
        let isWanted = true;
        const cancel = timeline.after(delayMs, () =>
          this.deliver(() => {
            if (isWanted) callback();
          }));
        return () => {
          isWanted = false;
          cancel();
        };
      },
    };
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  /** Hands something to the process, now or when it thaws. */
  deliver(callback: () => void): void {
    if (this.#state === "alive") callback();
    else if (this.#state === "frozen") this.#frozenUntilThaw.push(callback);
  }

  freeze(): void {
    if (this.#state === "alive") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "alive";
    for (const callback of this.#frozenUntilThaw.splice(0)) {
      this.deliver(callback);
    }
  }

  kill(): void {
    this.#state = "dead";
    this.#frozenUntilThaw.length = 0;
    for (const callback of this.#onDeath.splice(0)) callback();
  }

  /** Calls back when the process dies, as its peers see their connections break. */
  onDeath(callback: () => void): void {
    this.#onDeath.push(callback);
  }

  /** The wall clock is set. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /**
   * A client asks the process for something.
   * @throws {ConnectionError} when it dies or does not answer in time
   */
  ask<T>(call: () => Promise<T>, deadlineMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.timeline.after(
        deadlineMs,
        () => reject(new ConnectionError("No answer")),
      );
      const settle = (end: () => void) => {
        cancel();
        end();
      };
      if (this.isDead) reject(new ConnectionError("Connection refused"));
      this.onDeath(() =>
        settle(() => reject(new ConnectionError("Connection broke")))
      );
      this.deliver(() =>
        call().then(
          (value) => settle(() => resolve(value)),
          (error) => settle(() => reject(error)),
        )
      );
    });
  }
}

/** A client's connection to a process broke. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** A process's way to the store: calls take time, and answers come to whom they can reach. */
export class HostKv extends WrappedKv {
  readonly #host: Host;
  readonly #model: ModelKv;
  readonly #random: () => number;

  constructor(
    inner: Deno.Kv,
    host: Host,
    model: ModelKv,
    random: () => number,
  ) {
    super(inner);
    this.#host = host;
    this.#model = model;
    this.#random = random;
  }

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    return this.#call(() => this.inner.get<T>(key, options));
  }

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    return this.#call(() => this.inner.getMany<T>(keys, options));
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    const list = this.inner.list<T>(selector, options);
    return new FetchedList(list, (fetch) => this.#call(fetch));
  }

  override atomic(): Deno.AtomicOperation {
    return new HostAtomic(
      this.inner.atomic(),
      (commit) => this.#call(commit),
    );
  }

  override watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
  ): ReadableStream<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    type Entries = { [K in keyof T]: Deno.KvEntryMaybe<T[K]> };
    let unsubscribe = () => {};
    let isOpen = true;
    return new ReadableStream<Entries>({
      start: (controller) => {
        const changed = () => {
          if (this.#host.isDeaf || this.#host.isDead) return;
          this.#host.timeline.after(this.#delayMs(), async () => {
            const entries = await this.#model.getMany<T>(keys);
            this.#host.deliver(() => {
              if (isOpen) controller.enqueue(entries);
            });
          });
        };
        unsubscribe = this.#model.subscribe(keys, changed);
        this.#host.onDeath(unsubscribe);
      },
      cancel: () => {
        isOpen = false;
        unsubscribe();
      },
    });
  }

  #delayMs(): number {
    return Math.floor(this.#random() * 3) + this.#host.slowMs;
  }

  /** What is on its way arrives, whatever becomes of the process. */
  #call<T>(send: () => Promise<T>): Promise<T> {
    const host = this.#host;
    if (host.isDead) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const answer = (end: () => void) =>
        void host.timeline.after(
          this.#delayMs(),
          () => host.deliver(end),
        );
      host.timeline.after(this.#delayMs(), () => {
        send().then(
          (value) => answer(() => resolve(value)),
          (error) => answer(() => reject(error)),
        );
      });
    });
  }
}

class HostAtomic extends WrappedAtomic {
  readonly #send: HostSend;

  constructor(inner: Deno.AtomicOperation, send: HostSend) {
    super(inner);
    this.#send = send;
  }

  override commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    return this.#send(() => this.inner.commit());
  }
}

type HostSend = <T>(call: () => Promise<T>) => Promise<T>;

/** Rows of a list, all fetched with the first one. */
class FetchedList<T> implements Deno.KvListIterator<T> {
  readonly #list: Deno.KvListIterator<T>;
  readonly #send: HostSend;
  #rows: Deno.KvEntry<T>[] | null = null;
  #next = 0;

  constructor(list: Deno.KvListIterator<T>, send: HostSend) {
    this.#list = list;
    this.#send = send;
  }

  get cursor(): string {
    return this.#list.cursor;
  }

  async next(): Promise<IteratorResult<Deno.KvEntry<T>, undefined>> {
    this.#rows ??= await this.#send(() => Array.fromAsync(this.#list));
    const value = this.#rows[this.#next];
    if (value === undefined) return { done: true, value: undefined };
    this.#next += 1;
    return { done: false, value };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Deno.KvEntry<T>> {
    return this;
  }
}
