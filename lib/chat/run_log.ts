/**
 * Writes a run's events behind: followers get them at once, the store within a flush. Followers may be
 * ahead of the store by a bounded time and size only; beyond that the provider is not read any more
 * until the store has caught up.
 */
import { FencedError } from "@/lib/errors.ts";
import { eventJson, type PlacedEvent } from "@/lib/streams/live_run.ts";
import type { RunRecord } from "./records.ts";
import { toSegments } from "./run_events.ts";
import type { ChatStore } from "./store.ts";

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
  readonly #store: ChatStore;
  readonly #workspace: string;
  readonly #record: RunRecord;
  #pending: Pending[] = [];
  #inFlight: Pending[] = [];
  #leadCharacters = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing: Promise<void> | null = null;
  #ended = false;
  #fenced: unknown = null;

  constructor(store: ChatStore, workspace: string, record: RunRecord) {
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
   * Resolves at once while the store keeps up, else when it has caught up.
   * @throws {FencedError} when this process may not write any more
   */
  async ready(): Promise<void> {
    while (this.#behind()) {
      if (this.#fenced !== null) throw this.#fenced;
      this.#flush();
      await this.#flushing;
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

  /** A segment that was refused stays pending: the next flush, or the end of the run, has it again. */
  async #write(): Promise<void> {
    const events = this.#inFlight.map((each) => each.placed);
    try {
      await this.#store.appendEvents(
        this.#workspace,
        this.#record,
        toSegments(events),
      );
      for (const each of this.#inFlight) {
        this.#leadCharacters -= each.characters;
      }
      this.#inFlight = [];
    } catch (error) {
      if (error instanceof FencedError) this.#fenced = error;
      this.#pending = [...this.#inFlight, ...this.#pending];
      this.#inFlight = [];
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
  }
}
