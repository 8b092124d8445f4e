/** Keeps the search index of each space in step with its threads; see `index_store.ts`. */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import { compact } from "./compaction.ts";
import { type Change, ChangeReader, type Wanted } from "./changes.ts";
import type { IndexStore, IndexUnit } from "./index_store.ts";
import type { ScanStore } from "./scan_store.ts";
import { buildSegment } from "./segment_build.ts";
import { Slices } from "./slices.ts";

/** Events taken into one step. */
const EVENTS_PER_STEP = 64;
/** Workspaces in one step: each takes a check and a segment. */
const WORKSPACES_PER_STEP = 3;
/** Characters in one step, unless a single thread has more. */
const CHARACTERS_PER_STEP = 64_000;
/** How often a space is swept, in milliseconds. */
const SWEEP_EVERY_MS = 10 * 60 * 1_000;

export class SearchIndexer implements Consumer {
  /** The number is that of the index's layout: with another one all is indexed anew. */
  readonly name = "search-1";
  readonly #index: IndexStore;
  readonly #reader: ChangeReader;
  readonly #scan: ScanStore;
  readonly #touched = new Set<string>();
  readonly #sweptAt = new Map<string, number>();

  constructor(index: IndexStore, reader: ChangeReader, scan: ScanStore) {
    this.#index = index;
    this.#reader = reader;
    this.#scan = scan;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: IndexUnit,
    signal: AbortSignal,
  ): Promise<number> {
    const taken = events.slice(0, EVENTS_PER_STEP);
    const wanted = new Map<string, Wanted>();
    for (const { space, event } of taken) {
      const want = wantedBy(event);
      if (want === null) continue;
      const place = `${space} ${want.thread}`;
      wanted.set(place, together(wanted.get(place), want));
    }
    const changes = new Map<string, Change[]>();
    const done = new Set<string>();
    let characters = 0;
    for (const [place, want] of wanted) {
      const [space] = place.split(" ");
      const ofSpace = changes.get(space) ?? [];
      const isOneMore = !changes.has(space);
      if (isOneMore && changes.size === WORKSPACES_PER_STEP) break;
      changes.set(space, ofSpace);
      const change = await this.#reader.read(space, want);
      done.add(place);
      if (change === null) continue;
      ofSpace.push(change);
      characters += change.characters;
      if (characters > CHARACTERS_PER_STEP) break;
    }
    for (const [space, ofSpace] of changes) {
      await this.#append(space, ofSpace, unit, signal);
    }
    // What comes after the first event of a thread left out comes again, which changes nothing.
    const first = taken.findIndex(({ space, event }) => {
      const want = wantedBy(event);
      return want !== null && !done.has(`${space} ${want.thread}`);
    });
    return first === -1 ? taken.length : first;
  }

  async resync(
    place: string | null,
    unit: IndexUnit,
    signal: AbortSignal,
  ): Promise<string | null> {
    const [space, thread] = place === null
      ? [await this.#scan.spaceAfter(null, signal), null]
      : parsePlace(place);
    if (space === null) return null;
    const { changes, next } = await this.#reader.readThreads(
      space,
      thread,
      CHARACTERS_PER_STEP,
      signal,
    );
    await this.#append(space, changes, unit, signal, thread === null);
    if (next !== null) return `${space} ${next}`;
    const following = await this.#scan.spaceAfter(space, signal);
    return following === null ? null : `${following} `;
  }

  /** Merges segments and sweeps what is not in use any more. */
  async committed(signal: AbortSignal): Promise<void> {
    for (const space of [...this.#touched]) {
      this.#touched.delete(space);
      while (await compact(this.#index, space, signal));
      const now = this.#index.now();
      const swept = this.#sweptAt.get(space) ?? -Infinity;
      if (now - swept < SWEEP_EVERY_MS) continue;
      this.#sweptAt.set(space, now);
      await this.#index.sweep(space, signal);
    }
  }

  /** @param anew the index begins with these changes */
  async #append(
    space: string,
    changes: readonly Change[],
    unit: IndexUnit,
    signal: AbortSignal,
    anew = false,
  ): Promise<void> {
    const index = await this.#index.load(space, signal);
    const kept = anew ? [] : index.segments;
    if (changes.length === 0 && kept.length === index.segments.length) return;
    const added = changes.length === 0
      ? null
      : await buildSegment(changes, new Slices(signal));
    await this.#index.change(unit, space, index, kept, added, signal);
    this.#touched.add(space);
  }
}

const NO_MESSAGES: ReadonlySet<string> = new Set();

/** What an event says about the index; null: nothing. */
function wantedBy(
  { type, subject, data }: ConsumedEvent["event"],
): Wanted | null {
  if (data.temporary === true) return null;
  if (type.startsWith("thread.")) {
    const isWhole = /^thread\.(deleted|purged|restored)$/.test(type);
    return { thread: subject, messages: NO_MESSAGES, isWhole };
  }
  const { threadId } = data;
  if (!type.startsWith("message.") || typeof threadId !== "string") return null;
  return { thread: threadId, messages: new Set([subject]), isWhole: false };
}

function together(one: Wanted | undefined, other: Wanted): Wanted {
  if (one === undefined) return other;
  return {
    thread: one.thread,
    messages: one.messages.union(other.messages),
    isWhole: one.isWhole || other.isWhole,
  };
}

function parsePlace(place: string): [space: string, thread: string | null] {
  const [space, thread] = place.split(" ");
  return [space, thread || null];
}
