/**
 * What happens on the server, told to a page: one connection of the tab for all of its islands.
 *
 * ```ts
 * const stop = live().on("jobs", (event) => {
 *   if (event.type === "channel.open" || event.type === "events.lost") void reload();
 *   else if (event.type === "job.progress") show(event.data);
 * });
 * ```
 *
 * It is opened for the first handler and closed behind the last one. A WebSocket is tried first, and
 * server-sent events where none gets through. A cut connection is opened again after a pause that grows
 * and varies, and goes on behind the newest message, so that nothing is missed or told twice. A page
 * that nobody has looked at for a while holds none. Import it on demand: the chat's page starts without.
 */
import type { ReadonlySignal } from "@preact/signals";
import {
  LiveConnection,
  type LiveParts,
  type LiveState,
} from "./live_connection.ts";
import { browserPage } from "./live_page.ts";
import { socketTransport, streamTransport } from "./live_transport.ts";
import type { LiveEvent, LiveMessage } from "./live_wire.ts";

/**
 * What a handler hears that is no event of the server. `channel.open`: the channel is listened to from
 * now on, and what the page shows may be older; told once for each handler. `events.lost`: some events
 * cannot be told any more, so what the page shows is to be read again. `channel.refused`: there is no
 * such channel for who is signed in; nothing more will come, `data` has `code` and `message`.
 */
export interface LiveNotice {
  id: null;
  type: "channel.open" | "events.lost" | "channel.refused";
  channel: string;
  at: string;
  data: { code?: string; message?: string };
}

export type LiveHandler = (event: LiveEvent | LiveNotice) => void;

interface Channel {
  handlers: Set<LiveHandler>;
  /** Whether its handlers were told that it is listened to. */
  isOpen: boolean;
}

export class LiveClient {
  readonly #channels = new Map<string, Channel>();
  readonly #connection: LiveConnection;
  #isLookDue = false;

  constructor(parts: LiveParts) {
    this.#connection = new LiveConnection(parts, {
      wanted: () => [...this.#channels.keys()],
      onOpen: (names) => this.#onOpen(names),
      onMessage: (message) => this.#onMessage(message),
    });
  }

  /** How the connection is, for a word on the page. */
  get state(): ReadonlySignal<LiveState> {
    return this.#connection.state;
  }

  /** Calls the handler with what happens on the channel until the returned function is called. */
  on(name: string, handler: LiveHandler): () => void {
    const channel = this.#channels.get(name) ??
      { handlers: new Set(), isOpen: false };
    // A function of its own, so that the same handler may be given twice.
    const own: LiveHandler = (event) => handler(event);
    channel.handlers.add(own);
    this.#channels.set(name, channel);
    if (channel.isOpen) {
      queueMicrotask(() => {
        if (channel.handlers.has(own)) tell([own], "channel.open", name);
      });
    }
    this.#lookSoon();
    return () => {
      channel.handlers.delete(own);
      if (channel.handlers.size > 0) return;
      if (this.#channels.get(name) === channel) this.#channels.delete(name);
      this.#lookSoon();
    };
  }

  /** After all islands of a page have said what they want. */
  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    queueMicrotask(() => {
      this.#isLookDue = false;
      this.#connection.look();
    });
  }

  #onOpen(names: readonly string[]): void {
    for (const name of names) {
      const channel = this.#channels.get(name);
      if (channel === undefined || channel.isOpen) continue;
      channel.isOpen = true;
      tell(channel.handlers, "channel.open", name);
    }
  }

  #onMessage(message: LiveMessage): void {
    if ("channel" in message) {
      for (const name of [message.channel, ...message.also ?? []]) {
        const { handlers = [] } = this.#channels.get(name) ?? {};
        for (const handler of [...handlers]) call(handler, message);
      }
    } else if (message.type === "events.lost") {
      for (const [name, { handlers, isOpen }] of this.#channels) {
        if (isOpen) tell(handlers, "events.lost", name);
      }
    } else if (message.type === "error") {
      const { channels, code, message: text } = message.data;
      for (const name of channels) {
        const { handlers = [] } = this.#channels.get(name) ?? {};
        this.#channels.delete(name);
        tell(handlers, "channel.refused", name, { code, message: text });
      }
      this.#lookSoon();
    }
  }
}

function tell(
  handlers: Iterable<LiveHandler>,
  type: LiveNotice["type"],
  channel: string,
  data: LiveNotice["data"] = {},
): void {
  const at = new Date().toISOString();
  for (const handler of [...handlers]) {
    call(handler, { id: null, type, channel, at, data });
  }
}

/** One handler's error is for the console and keeps no other from hearing. */
function call(handler: LiveHandler, event: LiveEvent | LiveNotice): void {
  try {
    handler(event);
  } catch (error) {
    reportError(error);
  }
}

let shared: LiveClient | undefined;

/** The client of this tab. Call it in the browser only. */
export function live(): LiveClient {
  return shared ??= new LiveClient({
    socket: "WebSocket" in globalThis
      ? socketTransport((path) => new WebSocket(`${originOf()}${path}`))
      : null,
    stream: streamTransport((path, { signal, ...init }) =>
      fetch(path, { ...init, signal })
    ),
    page: browserPage,
  });
}

/** Sockets take whole addresses in browsers before 2024. */
function originOf(): string {
  return location.origin.replace(/^http/, "ws");
}
