/** The one connection of a tab: which way it takes, when it is held, and how it comes back. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { LivePage, PageChange } from "./live_page.ts";
import type {
  LiveTransport,
  LiveTransportEnd,
  OpenLiveTransport,
} from "./live_transport.ts";
import type { LiveMessage } from "./live_wire.ts";

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
  /** In place of those of `TIMES_MS`. */
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
  /** For how long sockets are not tried again where server-sent events had to do. */
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

/** Who the connection is for. */
export interface LiveListening {
  /** Names of the channels that are wanted now. */
  wanted: () => readonly string[];
  /** These channels are listened to. */
  onOpen: (channels: readonly string[]) => void;
  /** Hears events, losses and refusals. */
  onMessage: (message: LiveMessage) => void;
}

interface Opened {
  transport: LiveTransport;
  kind: "socket" | "stream";
  /** What it was asked for so far. */
  asked: Set<string>;
  /** When its `hello` came; null until then. */
  openedAtMs: number | null;
}

export class LiveConnection {
  readonly #parts: LiveParts;
  readonly #listening: LiveListening;
  readonly #times: LiveTimes;
  readonly #state = signal<LiveState>("off");
  #opened: Opened | null = null;
  #cursor: string | null = null;
  #failures = 0;
  #shortLives = 0;
  /** The next try is over server-sent events. */
  #isStreamNext = false;
  #streamUntilMs = -Infinity;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;
  #stopPage: (() => void) | null = null;

  constructor(parts: LiveParts, listening: LiveListening) {
    this.#parts = parts;
    this.#listening = listening;
    this.#times = { ...TIMES_MS, ...parts.timesMs };
  }

  get state(): ReadonlySignal<LiveState> {
    return this.#state;
  }

  /** Connects, asks for other channels or lets go, as listeners and page want it. */
  look(): void {
    const { page } = this.#parts;
    const wanted = this.#listening.wanted();
    if (wanted.length === 0) {
      this.#stopPage?.();
      this.#stopPage = null;
      this.#cursor = null;
      this.#drop("off");
      return;
    }
    this.#stopPage ??= page.onChange((change) => this.#onPage(change));
    if (this.#opened !== null) this.#askFor(this.#opened, wanted);
    else if (this.#retry === undefined && page.isShown()) this.#connect(wanted);
  }

  #onPage(change: PageChange): void {
    clearTimeout(this.#hidden);
    if (change === "hidden" && this.#opened?.kind === "socket") {
      this.#hidden = setTimeout(() => this.#drop("off"), this.#times.hidden);
    } else if (change === "hidden" || change === "gone") this.#drop("off");
    else {
      // A connection from before an outage is not trusted, and neither is the pause that it led to.
      if (change === "online" || this.#opened === null) {
        const state = this.#state.peek();
        this.#drop(state === "open" ? "reconnecting" : state);
        this.#failures = 0;
      }
      this.look();
    }
  }

  #connect(wanted: readonly string[]): void {
    const { socket, stream } = this.#parts;
    const isSocket = socket !== null && !this.#isStreamNext &&
      performance.now() >= this.#streamUntilMs;
    this.#isStreamNext = false;
    if (this.#state.peek() === "off") this.#state.value = "connecting";
    const own: Opened = {
      kind: isSocket ? "socket" : "stream",
      asked: new Set(wanted),
      openedAtMs: null,
      transport: { send: null, close: () => {} },
    };
    this.#opened = own;
    this.#hear(own, this.#times.hello);
    const open = isSocket ? socket : stream;
    try {
      own.transport = open(wanted, this.#cursor, {
        onMessage: (message) => this.#onMessage(own, message),
        onEnd: (end) => this.#onEnd(own, end),
      });
    } catch {
      this.#onEnd(own, "cut");
    }
  }

  #hear(opened: Opened, forMs: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      opened.transport.close();
      this.#onEnd(opened, "cut");
    }, forMs);
  }

  #askFor(
    { transport, asked, openedAtMs }: Opened,
    wanted: readonly string[],
  ): void {
    const subscribe = wanted.filter((name) => !asked.has(name));
    const unsubscribe = [...asked].filter((name) => !wanted.includes(name));
    if (subscribe.length + unsubscribe.length === 0) return;
    if (transport.send === null) {
      // What is not wanted any more is let pass until something else is.
      if (subscribe.length === 0) return;
      this.#drop(this.#state.peek());
      this.#connect(wanted);
      return;
    }
    // A socket that is not open yet takes nothing; its `hello` leads here again.
    if (openedAtMs === null) return;
    for (const name of subscribe) asked.add(name);
    for (const name of unsubscribe) asked.delete(name);
    if (unsubscribe.length > 0) transport.send({ unsubscribe });
    if (subscribe.length > 0) transport.send({ subscribe });
  }

  #onMessage(opened: Opened, message: LiveMessage): void {
    if (this.#opened !== opened) return;
    this.#hear(opened, this.#times.silence);
    if ("channel" in message) {
      this.#cursor = message.id;
      this.#listening.onMessage(message);
      return;
    }
    if ("cursor" in message) this.#cursor = message.cursor;
    switch (message.type) {
      case "hello":
        this.#onHello(opened);
        break;
      case "subscribed":
        this.#listening.onOpen(message.channels);
        break;
      case "events.lost":
        this.#cursor = message.id;
        this.#listening.onMessage(message);
        break;
      case "error":
        for (const name of message.data.channels) opened.asked.delete(name);
        this.#listening.onMessage(message);
        break;
      case "ended": {
        const { code } = message.data;
        opened.transport.close();
        this.#onEnd(opened, code === "forbidden" ? "refused" : "sign_in");
      }
    }
  }

  #onHello(opened: Opened): void {
    opened.openedAtMs = performance.now();
    if (opened.kind === "stream" && this.#parts.socket !== null) {
      // This way works where the other did not.
      this.#streamUntilMs = performance.now() + this.#times.streamOnly;
    }
    this.#failures = 0;
    this.#state.value = "open";
    this.#listening.onOpen([...opened.asked]);
    // A handler may have wanted something else meanwhile.
    if (this.#opened === opened) {
      this.#askFor(opened, this.#listening.wanted());
    }
  }

  #onEnd(opened: Opened, end: LiveTransportEnd): void {
    if (this.#opened !== opened) return;
    this.#opened = null;
    clearTimeout(this.#silence);
    clearTimeout(this.#hidden);
    const { first, longest, soon } = this.#times;
    if (end === "sign_in") {
      this.#state.value = "signed_out";
      this.#pause(longest);
      return;
    }
    if (this.#listening.wanted().length === 0) {
      this.look();
      return;
    }
    if (this.#parts.page.isShown()) this.#state.value = "reconnecting";
    if (end === "soon") {
      this.#pause(soon);
      return;
    }
    this.#isStreamNext = this.#isSocketInVain(opened, end);
    // Where a socket never opened, the other way is tried at once.
    if (this.#isStreamNext && opened.openedAtMs === null) this.#pause(0);
    else {
      this.#pause(Math.min(longest, first * 2 ** this.#failures));
      this.#failures += 1;
    }
  }

  /** Whether what became of a socket says that none may do here. */
  #isSocketInVain(
    { kind, openedAtMs }: Opened,
    end: LiveTransportEnd,
  ): boolean {
    if (kind !== "socket" || end !== "cut") return false;
    if (openedAtMs === null) return true;
    const isShort = performance.now() - openedAtMs < SHORT_LIFE_MS;
    this.#shortLives = isShort ? this.#shortLives + 1 : 0;
    return this.#shortLives >= SHORT_LIVES;
  }

  /** Looks again after a part of the time, which part is left to chance: clients shall not come all at once. */
  #pause(longestMs: number): void {
    const { random = Math.random } = this.#parts;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.look();
    }, longestMs * random());
  }

  #drop(state: LiveState): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    clearTimeout(this.#hidden);
    this.#retry = undefined;
    const dropped = this.#opened;
    this.#opened = null;
    dropped?.transport.close();
    this.#state.value = state;
  }
}
