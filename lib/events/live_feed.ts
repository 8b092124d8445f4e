/** What happens in a space, told to whoever listens; see `/api/live`. */
import type { Store } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { LiveEvent, LiveMessage } from "@/lib/shared/live/live_wire.ts";
import type { Channel } from "./live_channels.ts";
import {
  formatPlace,
  isBehind,
  type LivePlace,
  parsePlace,
} from "./live_place.ts";
import { type LiveItem, LiveReader, type LoadRows } from "./live_reader.ts";

/** A reader and the connections it feeds. */
interface SharedReader {
  reader: LiveReader;
  begun: Promise<void>;
  end: AbortController;
  listeners: number;
}

export class LiveFeed {
  readonly #store: Store;
  readonly #loadRows: LoadRows;
  readonly #log: Logger;
  readonly #readers = new Map<string, SharedReader>();
  readonly #stopped = new AbortController();

  constructor(store: Store, loadRows: LoadRows, log: Logger) {
    this.#store = store;
    this.#loadRows = loadRows;
    this.#log = log;
  }

  /** Workspaces that somebody listens to. */
  get spaces(): number {
    return this.#readers.size;
  }

  /** Ends all connections; they come back to whoever serves then. */
  stop(): void {
    this.#stopped.abort();
  }

  /**
   * What happens on the channels, from behind a cursor on; without one, from now on. It ends without an
   * error when the process goes down, and when the listener is so slow that memory no longer holds what
   * it has not taken: the connection that follows reads that from the store.
   */
  async *listen(
    space: string,
    channels: readonly Channel[],
    cursor: string | null,
    requestSignal: AbortSignal,
  ): AsyncGenerator<LiveMessage[], void, void> {
    const signal = AbortSignal.any([requestSignal, this.#stopped.signal]);
    const shared = this.#acquire(space);
    try {
      await shared.begun;
      const { place, opening } = await this.#open(
        shared.reader,
        cursor,
        signal,
      );
      yield opening;
      yield* this.#follow(shared.reader, channels, place, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#release(space, shared);
    }
  }

  /** Where a connection begins, and what it is told first. */
  async #open(
    reader: LiveReader,
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<{ place: LivePlace; opening: LiveMessage[] }> {
    if (cursor === null) {
      return { place: reader.head, opening: [hello(reader.head)] };
    }
    const wanted = parsePlace(cursor);
    if (wanted !== null && await this.#canGoOn(reader, wanted, signal)) {
      return { place: wanted, opening: [hello(wanted)] };
    }
    const place = reader.head;
    const to = formatPlace(place);
    return {
      place,
      opening: [
        hello(place),
        { type: "events.lost", id: to, data: { from: cursor, to } },
      ],
    };
  }

  async #canGoOn(
    reader: LiveReader,
    place: LivePlace,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { generation } = this.#store;
    if (place.generation !== generation) return false;
    if (await reader.isTrimmed(place, signal)) return false;
    if (!isBehind(place, reader.head)) return true;
    // Another process may have told of what this one has not read yet.
    const { end } = await reader.readBehind(reader.head, signal);
    return !isBehind(place, end);
  }

  async *#follow(
    reader: LiveReader,
    channels: readonly Channel[],
    from: LivePlace,
    signal: AbortSignal,
  ): AsyncGenerator<LiveMessage[], void, void> {
    let place = from;
    let isLive = false;
    while (!signal.aborted) {
      const { head } = reader;
      const inMemory = reader.itemsBehind(place);
      if (inMemory === null && isLive) return;
      isLive = inMemory !== null;
      const { items, end } = inMemory === null
        ? await reader.readBehind(place, signal)
        : { items: inMemory, end: isBehind(head, place) ? head : place };
      const messages = toMessages(items, channels);
      place = end;
      if (messages.length > 0) yield messages;
      if (!isLive) continue;
      await reader.fresh.until(() => isBehind(reader.head, place), signal);
    }
  }

  #acquire(space: string): SharedReader {
    const known = this.#readers.get(space);
    if (known !== undefined) {
      known.listeners += 1;
      return known;
    }
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, this.#stopped.signal]);
    const reader = new LiveReader(
      this.#store,
      space,
      this.#loadRows,
      this.#log,
    );
    const shared = {
      reader,
      begun: reader.begin(signal),
      end,
      listeners: 1,
    };
    this.#readers.set(space, shared);
    shared.begun.then(
      () => reader.run(signal),
      // Whoever waits for the beginning gets the error; the next listener begins anew.
      () => this.#forget(space, shared),
    );
    return shared;
  }

  #release(space: string, shared: SharedReader): void {
    shared.listeners -= 1;
    if (shared.listeners > 0) return;
    shared.end.abort();
    this.#forget(space, shared);
  }

  #forget(space: string, shared: SharedReader): void {
    if (this.#readers.get(space) === shared) {
      this.#readers.delete(space);
    }
  }
}

function hello(place: LivePlace): LiveMessage {
  return { type: "hello", cursor: formatPlace(place) };
}

function toMessages(
  items: readonly LiveItem[],
  channels: readonly Channel[],
): LiveEvent[] {
  return items.flatMap(({ place, event, thread, row }) => {
    const [first, ...also] = channels.filter((each) => each.carries(event))
      .map(({ name }) => name);
    if (first === undefined) return [];
    return [{
      id: formatPlace(place),
      type: event.type,
      channel: first,
      ...also.length > 0 ? { also } : {},
      at: new Date(event.at).toISOString(),
      data: {
        ...idsOf(event.type, event.subject),
        ...event.data,
        ...thread === null ? {} : { threadId: thread },
        ...row === undefined ? {} : { thread: row },
      },
    }];
  });
}

/** The event's subject under the name that its kind of id has. */
function idsOf(type: string, subject: string): Record<string, string> {
  if (type.startsWith("run.")) return { runId: subject };
  if (type.startsWith("message.")) return { messageId: subject };
  return type.startsWith("thread.") ? {} : { subject };
}
