/**
 * The newest events of the spaces that somebody listens to, in memory: read once for all connections of
 * this process, by the notices of all atomics, and only as long as somebody listens.
 */
import { sleep } from "@/lib/clock.ts";
import type { Doorbells } from "@/lib/kv/doorbell.ts";
import {
  cursorKey,
  eventsKey,
  eventsNoticesAfter,
  eventsNoticeTrimKey,
  parseEventsKey,
} from "@/lib/kv/keys.ts";
import type { EnvelopeRecord, NoticeRecord } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { TrimRecord } from "./consumer.ts";
import { type LiveItem, type LoadRows, toItems } from "./live_item.ts";
import {
  behindAtomic,
  firstPlace,
  isBehind,
  type LivePlace,
} from "./live_place.ts";
import { newestVersionstamp } from "./read_events.ts";
import { TRIM_NAME } from "./trim.ts";
import { NextRing, orSleep } from "./wake.ts";

/** How often to look for events of other processes on this machine, in milliseconds. */
const FILE_POLL_MS = 200;
/** How often elsewhere, where each look is a request and most events ring. */
const REMOTE_POLL_MS = 1_000;
const FAILED_PAUSE_MS = 1_000;
const NOTICES_PER_READ = 128;
/** Events in memory, at most. */
const MAX_ITEMS = 1_024;
/** And bytes of them; the messages that are made of them take as much again. */
const MAX_BYTES = 8 * 1024 * 1024;

/** What a connection wants to hear of: the events of one space, or of all in a workspace. */
export interface LiveInterest {
  readonly kind: "space" | "workspace";
  readonly name: string;
  /**
   * Something of it is new.
   * @param before where the events ended until now
   */
  readonly wake: (before: LivePlace) => void;
}

export interface LiveLogParts {
  store: Store;
  doorbells: Pick<Doorbells, "add">;
  loadRows: LoadRows;
  log: Logger;
  /** Aborts when the process goes down. */
  signal: AbortSignal;
}

/** Who wants to hear of the same. */
interface Wanted {
  interests: Set<LiveInterest>;
  /** Memory has all of it behind this place that is not dropped; null: that is not known yet. */
  since: LivePlace | null;
}

interface Running {
  begun: Promise<void>;
  end: AbortController;
}

export class LiveLog {
  readonly #parts: LiveLogParts;
  readonly #interests = {
    space: new Map<string, Wanted>(),
    workspace: new Map<string, Wanted>(),
  };
  #items: LiveItem[] = [];
  /** Everything wanted that is behind this place and up to `#head` is in `#items`. */
  #tail: LivePlace;
  #head: LivePlace;
  #running: Running | null = null;
  #advancing: Promise<boolean> | null = null;
  #lagMs = 0;

  constructor(parts: LiveLogParts) {
    this.#parts = parts;
    this.#head = this.#tail = firstPlace(parts.store.generation);
  }

  /** Up to where the events were read. */
  get head(): LivePlace {
    return this.#head;
  }

  /** How old the oldest event was, in milliseconds, that was found new when there were some last. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Spaces and workspaces that somebody listens to. */
  get wanted(): number {
    const { space, workspace } = this.#interests;
    return space.size + workspace.size;
  }

  /**
   * Begins to hold what is wanted.
   * @returns the place behind which memory has all of it, but for what it has dropped
   * @throws what the store throws, when it cannot be read
   */
  async add(interest: LiveInterest): Promise<LivePlace> {
    const same = this.#interests[interest.kind];
    const wanted = same.get(interest.name) ??
      { interests: new Set(), since: null };
    wanted.interests.add(interest);
    same.set(interest.name, wanted);
    this.#running ??= this.#start();
    try {
      await this.#running.begun;
    } catch (error) {
      this.remove(interest);
      throw error;
    }
    // A look that is under way may have passed over what nobody wanted until now.
    if (wanted.since === null) await this.#advancing?.catch(() => {});
    return wanted.since ??= this.#head;
  }

  remove(interest: LiveInterest): void {
    const same = this.#interests[interest.kind];
    const there = same.get(interest.name);
    if (there === undefined || !there.interests.delete(interest)) return;
    if (there.interests.size === 0) same.delete(interest.name);
    if (this.wanted > 0) return;
    this.#running?.end.abort();
    this.#running = null;
    this.#items = [];
  }

  /** The wanted events behind a place; null when some of them are in memory no more. */
  itemsBehind(place: LivePlace): LiveItem[] | null {
    if (isBehind(this.#tail, place)) return null;
    // Who keeps up wants the last few.
    let first = this.#items.length;
    while (first > 0 && isBehind(this.#items[first - 1].place, place)) {
      first -= 1;
    }
    return this.#items.slice(first);
  }

  /** Whether memory does not have all behind a place any more. */
  hasDropped(place: LivePlace): boolean {
    return isBehind(this.#tail, place);
  }

  /** Reads what other processes have told until now. @throws what the store throws */
  async catchUp(signal: AbortSignal): Promise<void> {
    while (await this.#advance(signal));
  }

  #start(): Running {
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, this.#parts.signal]);
    const begun = this.#begin(signal);
    const running = { begun, end };
    begun.then(
      () => this.#run(signal),
      // Whoever waits for the beginning gets the error; the next one begins anew.
      () => {
        if (this.#running === running) this.#running = null;
      },
    );
    return running;
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    const newest = await newestVersionstamp(store, signal);
    signal.throwIfAborted();
    this.#items = [];
    this.#head = this.#tail = newest === ""
      ? firstPlace(store.generation)
      : behindAtomic(store.generation, newest);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, doorbells, log } = this.#parts;
    const ring = new NextRing(store.eventsBell, signal);
    const isNear = store.kind === "file" || store.kind === "memory";
    // Where the store can be watched, the trim of whichever process is first tells of news by its cursor.
    const doorbell = isNear ? null : doorbells.add(cursorKey(TRIM_NAME));
    try {
      while (!signal.aborted) {
        const rung = ring.arm();
        try {
          if (await this.#advance(signal)) continue;
          const waits = [rung];
          if (doorbell !== null) waits.push(doorbell.wait(signal));
          await orSleep(
            store,
            Promise.race(waits),
            isNear ? FILE_POLL_MS : REMOTE_POLL_MS,
            signal,
          );
        } catch (error) {
          if (signal.aborted) return;
          log.warn("Events could not be read and will be again", { error });
          await sleep(store.clock, FAILED_PAUSE_MS, signal);
        }
      }
    } finally {
      doorbell?.remove();
    }
  }

  /** Reads what is new, one at a time; whether there was anything. */
  async #advance(signal: AbortSignal): Promise<boolean> {
    while (this.#advancing !== null) await this.#advancing.catch(() => {});
    const advancing = this.#read(signal);
    this.#advancing = advancing;
    try {
      return await advancing;
    } finally {
      this.#advancing = null;
    }
  }

  async #read(signal: AbortSignal): Promise<boolean> {
    const { store, loadRows } = this.#parts;
    const { generation } = store;
    const from = this.#head;
    const notices = await Array.fromAsync(list<NoticeRecord>(
      store,
      eventsNoticesAfter(from.versionstamp),
      { limit: NOTICES_PER_READ, signal },
    ));
    if (notices.length === 0) return false;
    const addressed = notices.flatMap(({ key, value }) =>
      value.ws.filter((space) => this.#isWanted(space)).map((space) => ({
        space,
        versionstamp: parseEventsKey(key),
      }))
    );
    const [entries, trim] = await Promise.all([
      getMany<EnvelopeRecord[]>(
        store,
        addressed.map(({ space, versionstamp }) =>
          eventsKey(space, versionstamp)
        ),
        { signal },
      ),
      // Asked after the notices, so that none deleted before them is missed.
      get<TrimRecord>(store, eventsNoticeTrimKey(), { signal }),
    ]);
    const envelopes = addressed.flatMap((each, index) => {
      const { value } = entries[index];
      return value === null ? [] : [{ ...each, envelope: value }];
    });
    const items = await toItems(
      envelopes,
      generation,
      loadRows,
      (space) => this.#interests.space.has(space),
      signal,
    );
    signal.throwIfAborted();
    const head = behindAtomic(
      generation,
      parseEventsKey(notices[notices.length - 1].key),
    );
    const isWhole = (trim.value?.vs ?? "") <= from.versionstamp;
    this.#keep(items, head, isWhole);
    this.#wake(isWhole ? items.map(({ space }) => space) : null, from);
    return true;
  }

  /** @param isWhole whether nothing between what is in memory and the items may be missing */
  #keep(items: LiveItem[], head: LivePlace, isWhole: boolean): void {
    if (!isWhole) {
      this.#items = [];
      this.#tail = head;
    } else {
      this.#items.push(...items);
      let bytes = 0;
      let first = this.#items.length;
      const least = Math.max(0, first - MAX_ITEMS);
      while (first > least && bytes < MAX_BYTES) {
        first -= 1;
        bytes += this.#items[first].bytes;
      }
      const old = this.#items.splice(0, first);
      if (old.length > 0) this.#tail = old[old.length - 1].place;
    }
    this.#head = head;
    const oldest = items[0]?.event.at;
    if (oldest !== undefined) {
      this.#lagMs = Math.max(0, this.#parts.store.clock.now() - oldest);
    }
  }

  #isWanted(space: string): boolean {
    return this.#interests.space.has(space) ||
      this.#interests.workspace.has(workspaceOf(space));
  }

  /** @param spaces that have something new; null: nobody knows */
  #wake(spaces: readonly string[] | null, before: LivePlace): void {
    const { space, workspace } = this.#interests;
    const woken = spaces === null
      ? [...space.values(), ...workspace.values()]
      : [...new Set(spaces)].flatMap((name) => [
        space.get(name),
        workspace.get(workspaceOf(name)),
      ]);
    for (const each of woken.flatMap((some) => [...some?.interests ?? []])) {
      each.wake(before);
    }
  }
}
