/**
 * Writes a run's events behind: followers get them at once, the store within a flush. Followers may be
 * ahead of the store by a bounded time and size only; beyond that the provider is not read any more
 * until the store has caught up.
 */
import { FencedError } from "@/lib/errors.ts";
import { eventJson, type PlacedEvent } from "@/lib/streams/live_run.ts";
import type { RunRecord } from "./records.ts";
import { toSegments } from "./run_events.ts";
import type { RunStore } from "./run_store.ts";

/** How long an event waits for others before it is written, in milliseconds. */
const FLUSH_MS = 50;

/** How far followers may be ahead of the store. */
const MAX_LEAD_MS = 2_000;
const MAX_LEAD_CHARACTERS = 128 * 1024;

interface Pending {
  placed: PlacedEvent;
  characters: number;
  atMs: number;
}

export class RunLog {
  readonly #store: RunStore;
  readonly #workspace: string;
  readonly #record: RunRecord;
  #pending: Pending[] = [];
  #inFlight: Pending[] = [];
  #leadCharacters = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing: Promise<void> | null = null;
  #ended = false;
  /** Why nothing more can be written: fenced, or the store refuses what is in an event. */
  #fatal: Error | null = null;

  constructor(store: RunStore, workspace: string, record: RunRecord) {
    this.#store = store;
    this.#workspace = workspace;
    this.#record = record;
  }

  append(placed: PlacedEvent): void {
    const characters = eventJson(placed).length;
    this.#leadCharacters += characters;
    this.#pending.push({ placed, characters, atMs: performance.now() });
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /**
   * Resolves at once while the store keeps up, else when it has caught up or the signal has aborted.
   * @throws {FencedError} when this process may not write any more
   * @throws {TypeError} when the store refuses what is in an event
   */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#fatal !== null) throw this.#fatal;
    while (this.#behind() && !signal.aborted) {
      this.#flush();
      await this.#flushing;
      if (this.#fatal !== null) throw this.#fatal;
    }
  }

  /** What is not yet stored, and the last event with it; the log writes nothing more. */
  async tail(last: PlacedEvent): Promise<PlacedEvent[][]> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#flushing;
    return toSegments([...this.#pending.map((each) => each.placed), last]);
  }

  #behind(): boolean {
    const oldest = this.#inFlight[0] ?? this.#pending[0];
    return this.#leadCharacters > MAX_LEAD_CHARACTERS ||
      (oldest !== undefined && performance.now() - oldest.atMs > MAX_LEAD_MS);
  }

  #flush(): void {
    if (this.#flushing !== null || this.#pending.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#inFlight = this.#pending;
    this.#pending = [];
    this.#flushing = this.#write().finally(() => {
      this.#flushing = null;
      if (this.#pending.length > 0 && !this.#ended) {
        this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
      }
    });
  }

  /**
   * What could not be written stays pending: the next flush, or the end of the run, has it again. What
   * the store refuses for itself is dropped, so that it fails this run and nothing else.
   */
  async #write(): Promise<void> {
    const events = this.#inFlight.map((each) => each.placed);
    try {
      await this.#store.appendEvents(
        this.#workspace,
        this.#record,
        toSegments(events),
      );
      this.#settle();
    } catch (error) {
      if (error instanceof TypeError) {
        this.#fatal = error;
        this.#settle();
        return;
      }
      if (error instanceof FencedError) this.#fatal = error;
      this.#pending = [...this.#inFlight, ...this.#pending];
      this.#inFlight = [];
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
  }

  #settle(): void {
    for (const each of this.#inFlight) this.#leadCharacters -= each.characters;
    this.#inFlight = [];
  }
}
