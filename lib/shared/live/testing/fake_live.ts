/** A server of live messages and a page, both in the hands of a test. */
import type { LivePage, PageChange } from "../live_page.ts";
import type {
  LiveTransportEnd,
  LiveTransportListener,
  OpenLiveTransport,
  Socket,
} from "../live_transport.ts";
import type { LiveMessage, LiveRequest } from "../live_wire.ts";

/** A connection that a client has opened. */
export interface FakeConnection {
  kind: "socket" | "stream";
  channels: string[];
  cursor: string | null;
  /** What the client has said. */
  requests: LiveRequest[];
  isClosed: boolean;
  say(message: LiveMessage): void;
  /** Says the first word. */
  hello(cursor?: string): void;
  end(end: LiveTransportEnd): void;
}

/** Keeps what is opened to it. */
export class FakeLive {
  readonly connections: FakeConnection[] = [];

  get newest(): FakeConnection {
    return this.connections[this.connections.length - 1];
  }

  /** How many are open. */
  get open(): number {
    return this.connections.filter(({ isClosed }) => !isClosed).length;
  }

  transport(kind: "socket" | "stream"): OpenLiveTransport {
    return (channels, cursor, listener) => {
      const connection = this.#connect(kind, channels, cursor, listener);
      this.connections.push(connection);
      return {
        send: kind === "stream"
          ? null
          : (request) => void connection.requests.push(request),
        close: () => void (connection.isClosed = true),
      };
    };
  }

  #connect(
    kind: "socket" | "stream",
    channels: readonly string[],
    cursor: string | null,
    { onMessage, onEnd }: LiveTransportListener,
  ): FakeConnection {
    const connection: FakeConnection = {
      kind,
      channels: [...channels],
      cursor,
      requests: [],
      isClosed: false,
      say(message) {
        if (!connection.isClosed) onMessage(message);
      },
      hello: (at = "g.0") => connection.say({ type: "hello", cursor: at }),
      end(end) {
        if (connection.isClosed) return;
        connection.isClosed = true;
        onEnd(end);
      },
    };
    return connection;
  }
}

/** A page that a test shows, hides and leaves. */
export class FakeLivePage implements LivePage {
  #isShown = true;
  readonly #callbacks = new Set<(change: PageChange) => void>();

  isShown(): boolean {
    return this.#isShown;
  }

  /** Callbacks that wait for changes. */
  get listeners(): number {
    return this.#callbacks.size;
  }

  onChange(callback: (change: PageChange) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  tell(change: PageChange): void {
    if (change !== "online") this.#isShown = change === "shown";
    for (const callback of [...this.#callbacks]) callback(change);
  }
}

/** A socket of a browser, whose server is the test. */
export class FakeSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: string[] = [];
  isClosed = false;

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.isClosed = true;
  }

  message(data: unknown): void {
    this.onmessage?.call(
      this as unknown as WebSocket,
      new MessageEvent("message", { data }),
    );
  }

  closeWith(code: number): void {
    this.onclose?.call(
      this as unknown as WebSocket,
      new CloseEvent("close", { code }),
    );
  }
}
