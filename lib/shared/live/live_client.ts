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
import { type ReadonlySignal, signal } from "@preact/signals";
import { browserPage, type LivePage } from "./live_page.ts";
import {
  type LiveTransport,
  type LiveTransportEnd,
  type OpenLiveTransport,
  socketTransport,
  streamTransport,
} from "./live_transport.ts";
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

/** `off`: nobody listens, or the page is hidden; `signed_out`: the session has ended. */
export type LiveState =
  | "off"
  | "connecting"
  | "open"
  | "reconnecting"
  | "signed_out";

export interface LiveParts {
  /** Null where there are no WebSockets. */
  socket: OpenLiveTransport | null;
  stream: OpenLiveTransport;
  page: LivePage;
  /** From 0 to 1. */
  random?: () => number;
  /** Times of the client, in milliseconds; see `TIMES_MS`. */
  timesMs?: Partial<LiveTimes>;
}

/** In milliseconds. */
export interface LiveTimes {
  /** Pause before the second try, at most; it doubles with each further one. */
  first: number;
  /** Longest pause. */
  longest: number;
  /** Pause after the server asked to come back, at most. */
  soon: number;
  /** How long a connection may take to say its first word. */
  hello: number;
  /** Silence after which a connection counts as dead; the server says something every 10 s. */
  silence: number;
  /** How long a hidden page keeps its socket. */
  hidden: number;
  /** For how long sockets are not tried again once server-sent events had to do. */
  streamOnly: number;
}

const TIMES_MS: LiveTimes = {
  first: 500,
  longest: 30_000,
  soon: 250,
  hello: 8_000,
  silence: 25_000,
  hidden: 60_000,
  streamOnly: 10 * 60_000,
};

/** Sockets that were cut so soon after they opened, one after the other, mean a proxy that lets none live. */
const SHORT_LIFE_MS = 3_000;
const SHORT_LIVES = 2;

interface Connection {
  transport: LiveTransport;
  kind: "socket" | "stream";
  /** What it was asked for so far. */
  asked: Set<string>;
  /** When its `hello` came; null until then. */
  openedAtMs: number | null;
}

interface Listening {
  handlers: Set<LiveHandler>;
  isOpen: boolean;
}

export class LiveClient {
  readonly #parts: LiveParts;
  readonly #random: () => number;
  readonly #times: LiveTimes;
  readonly #channels = new Map<string, Listening>();
  readonly #state = signal<LiveState>("off");
  #connection: Connection | null = null;
  #cursor: string | null = null;
  #failures = 0;
  #shortLives = 0;
  #streamUntilMs = -Infinity;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;
  #isLookDue = false;
  #stopPage: (() => void) | null = null;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
    this.#times = { ...TIMES_MS, ...parts.timesMs };
  }

  /** How the connection is, for a word on the page. */
  get state(): ReadonlySignal<LiveState> {
    return this.#state;
  }

  /** Calls the handler with what happens on the channel until the returned function is called. */
  on(channel: string, handler: LiveHandler): () => void {
    const listening = this.#channels.get(channel) ??
      { handlers: new Set(), isOpen: false };
    // A function of its own, so that the same handler may be given twice.
    const own: LiveHandler = (event) => handler(event);
    listening.handlers.add(own);
    this.#channels.set(channel, listening);
    if (listening.isOpen) {
      queueMicrotask(() => {
        if (listening.handlers.has(own)) tell([own], "channel.open", channel);
      });
    }
    this.#lookSoon();
    return () => {
      listening.handlers.delete(own);
      if (listening.handlers.size > 0) return;
      if (this.#channels.get(channel) === listening) {
        this.#channels.delete(channel);
      }
      this.#lookSoon();
    };
  }

  /** After all islands of a page have said what they want. */
  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    queueMicrotask(() => {
      this.#isLookDue = false;
      this.#look();
    });
  }

  /** Connects, asks for other channels or lets go, as handlers and page want it. */
  #look(): void {
    const { page } = this.#parts;
    if (this.#channels.size === 0) {
      this.#stopPage?.();
      this.#stopPage = null;
      this.#cursor = null;
      this.#drop("off");
      return;
    }
    this.#stopPage ??= page.onChange((change) => this.#onPage(change));
    if (this.#connection !== null) this.#askForChannels(this.#connection);
    else if (this.#retry === undefined && page.isShown()) this.#connect();
  }

  #onPage(change: "shown" | "hidden" | "online" | "gone"): void {
    clearTimeout(this.#hidden);
    if (change === "hidden" && this.#connection?.kind === "socket") {
      this.#hidden = setTimeout(() => this.#drop("off"), this.#times.hidden);
    } else if (change === "hidden" || change === "gone") this.#drop("off");
    else {
      // A connection from before an outage is not trusted, and neither is the pause that it led to.
      if (change === "online" || this.#connection === null) {
        const state = this.#state.peek();
        this.#drop(state === "open" ? "reconnecting" : state);
        this.#failures = 0;
      }
      this.#look();
    }
  }

  #connect(): void {
    const { socket, stream } = this.#parts;
    const isSocket = socket !== null &&
      performance.now() >= this.#streamUntilMs;
    const asked = new Set(this.#channels.keys());
    const state = this.#state.peek();
    if (state === "off") this.#state.value = "connecting";
    const own: Connection = {
      kind: isSocket ? "socket" : "stream",
      asked,
      openedAtMs: null,
      transport: { send: null, close: () => {} },
    };
    this.#connection = own;
    this.#hear(own, this.#times.hello);
    try {
      own.transport = (isSocket ? socket : stream)(
        [...asked],
        this.#cursor,
        {
          onMessage: (message) => this.#onMessage(own, message),
          onEnd: (end) => this.#onEnd(own, end),
        },
      );
    } catch {
      this.#onEnd(own, "cut");
    }
  }

  #hear(connection: Connection, forMs: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      connection.transport.close();
      this.#onEnd(connection, "cut");
    }, forMs);
  }

  #askForChannels({ transport, asked, openedAtMs }: Connection): void {
    const wanted = [...this.#channels.keys()];
    const subscribe = wanted.filter((name) => !asked.has(name));
    const unsubscribe = [...asked].filter((name) => !this.#channels.has(name));
    if (subscribe.length + unsubscribe.length === 0) return;
    if (transport.send === null) {
      // What is not wanted any more is let pass until something else is.
      if (subscribe.length === 0) return;
      this.#drop(this.#state.peek());
      this.#connect();
      return;
    }
    // A socket that is not open yet takes nothing; its `hello` leads here again.
    if (openedAtMs === null) return;
    for (const name of subscribe) asked.add(name);
    for (const name of unsubscribe) asked.delete(name);
    if (unsubscribe.length > 0) transport.send({ unsubscribe });
    if (subscribe.length > 0) transport.send({ subscribe });
  }

  #onMessage(connection: Connection, message: LiveMessage): void {
    if (this.#connection !== connection) return;
    this.#hear(connection, this.#times.silence);
    if ("channel" in message) {
      this.#cursor = message.id;
      for (const channel of [message.channel, ...message.also ?? []]) {
        const { handlers = [] } = this.#channels.get(channel) ?? {};
        for (const handler of [...handlers]) call(handler, message);
      }
      return;
    }
    switch (message.type) {
      case "hello":
        this.#cursor = message.cursor;
        this.#onHello(connection);
        break;
      case "subscribed":
        this.#cursor = message.cursor;
        this.#opened(message.channels);
        break;
      case "heartbeat":
      case "unsubscribed":
        this.#cursor = message.cursor;
        break;
      case "events.lost":
        this.#cursor = message.id;
        for (const [channel, { handlers, isOpen }] of this.#channels) {
          if (isOpen) tell(handlers, "events.lost", channel);
        }
        break;
      case "error":
        this.#refused(message.data.channels, message.data);
        break;
      case "ended":
        connection.transport.close();
        this.#onEnd(
          connection,
          message.data.code === "forbidden" ? "refused" : "sign_in",
        );
    }
  }

  #onHello(connection: Connection): void {
    connection.openedAtMs = performance.now();
    this.#failures = 0;
    this.#state.value = "open";
    this.#opened([...connection.asked]);
    this.#askForChannels(connection);
  }

  #opened(names: readonly string[]): void {
    for (const name of names) {
      const listening = this.#channels.get(name);
      if (listening === undefined || listening.isOpen) continue;
      listening.isOpen = true;
      tell(listening.handlers, "channel.open", name);
    }
  }

  #refused(
    names: readonly string[],
    data: { code: string; message: string },
  ): void {
    for (const name of names) {
      const { handlers = [] } = this.#channels.get(name) ?? {};
      this.#channels.delete(name);
      this.#connection?.asked.delete(name);
      tell(handlers, "channel.refused", name, data);
    }
    this.#lookSoon();
  }

  #onEnd(connection: Connection, end: LiveTransportEnd): void {
    if (this.#connection !== connection) return;
    const { kind, openedAtMs } = connection;
    this.#connection = null;
    clearTimeout(this.#silence);
    clearTimeout(this.#hidden);
    if (
      end === "cut" && kind === "socket" && this.#isSocketInVain(openedAtMs)
    ) {
      this.#streamUntilMs = performance.now() + this.#times.streamOnly;
    }
    if (end === "sign_in") {
      this.#state.value = "signed_out";
      this.#pause(this.#times.longest);
      return;
    }
    if (this.#channels.size === 0) {
      this.#look();
      return;
    }
    if (this.#parts.page.isShown()) this.#state.value = "reconnecting";
    const { first, longest, soon } = this.#times;
    // Where no socket gets through, the other way is tried at once.
    const isOtherWay = kind === "socket" && openedAtMs === null &&
      performance.now() < this.#streamUntilMs;
    if (isOtherWay) this.#pause(0);
    else if (end === "soon") this.#pause(soon);
    else {
      this.#pause(Math.min(longest, first * 2 ** this.#failures));
      this.#failures += 1;
    }
  }

  /** Whether what became of a socket says that none will do here. */
  #isSocketInVain(openedAtMs: number | null): boolean {
    if (openedAtMs === null) return true;
    const isShort = performance.now() - openedAtMs < SHORT_LIFE_MS;
    this.#shortLives = isShort ? this.#shortLives + 1 : 0;
    return this.#shortLives >= SHORT_LIVES;
  }

  /** Looks again after a part of the time, which part is left to chance: clients shall not come all at once. */
  #pause(longestMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#look();
    }, longestMs * this.#random());
  }

  #drop(state: LiveState): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    clearTimeout(this.#hidden);
    this.#retry = undefined;
    const dropped = this.#connection;
    this.#connection = null;
    dropped?.transport.close();
    this.#state.value = state;
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
