/**
 * A small HTTP/1.1 server over bare TCP. It exists because a test of a streaming client must decide
 * which bytes go into which TCP write, and where the socket is cut, which no HTTP library offers.
 */
import net from "node:net";
import type { Buffer } from "node:buffer";

/** A request as it came off the wire. */
export interface WireRequest {
  method: string;
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** The server's end of one connection, for the time of one request. */
export interface WireConnection {
  readonly hungUp: boolean;
  /** Resolves when the socket is closed, by either side. */
  readonly closed: Promise<void>;
  /** Bytes that the system has taken for this connection. */
  readonly bytesSent: number;
  /** Writes the bytes in one piece; resolves when the system has taken them, or the socket closed. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes the socket at once, in the middle of whatever was being sent. */
  cut(): void;
}

export interface WireServer {
  port: number;
  openConnections(): number;
  /** Closes the sockets on which no request is running. */
  dropIdle(): void;
  close(): Promise<void>;
}

type Handler = (
  request: WireRequest,
  connection: WireConnection,
) => Promise<void>;

const HEAD_END = "\r\n\r\n";

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const latin1 = new TextDecoder("latin1");

/** Takes one request off the front of the buffer, or says that it is not whole yet. */
function takeRequest(
  buffered: Uint8Array,
): { request: WireRequest; rest: Uint8Array } | null {
  const headEnd = latin1.decode(buffered).indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const lines = latin1.decode(buffered.subarray(0, headEnd)).split("\r\n");
  const [method, path] = lines[0].split(" ");
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const bodyStart = headEnd + HEAD_END.length;
  if (headers["transfer-encoding"] === "chunked") {
    return takeChunked({ method, path, headers }, buffered, bodyStart);
  }
  const length = Number(headers["content-length"] ?? 0);
  if (buffered.length < bodyStart + length) return null;
  const body = buffered.subarray(bodyStart, bodyStart + length);
  return {
    request: { method, path, headers, body: new TextDecoder().decode(body) },
    rest: buffered.slice(bodyStart + length),
  };
}

function takeChunked(
  head: Omit<WireRequest, "body">,
  buffered: Uint8Array,
  start: number,
): { request: WireRequest; rest: Uint8Array } | null {
  const parts: Uint8Array[] = [];
  let at = start;
  for (;;) {
    const lineEnd = latin1.decode(buffered.subarray(at)).indexOf("\r\n");
    if (lineEnd < 0) return null;
    const size = parseInt(
      latin1.decode(buffered.subarray(at, at + lineEnd)),
      16,
    );
    const dataStart = at + lineEnd + 2;
    if (buffered.length < dataStart + size + 2) return null;
    parts.push(buffered.subarray(dataStart, dataStart + size));
    at = dataStart + size + 2;
    if (size > 0) continue;
    const body = new TextDecoder().decode(concat(parts));
    return { request: { ...head, body }, rest: buffered.slice(at) };
  }
}

class TcpConnection implements WireConnection {
  hungUp = false;
  bytesSent = 0;
  readonly closed: Promise<void>;

  constructor(private readonly socket: net.Socket) {
    this.closed = new Promise((resolve) =>
      socket.once("close", () => {
        this.hungUp = true;
        resolve();
      })
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.hungUp) return;
    const taken = new Promise<void>((resolve) =>
      this.socket.write(bytes, () => {
        this.bytesSent += bytes.length;
        resolve();
      })
    );
    await Promise.race([taken, this.closed]);
  }

  cut(): void {
    this.socket.destroy();
  }
}

/** Listens on 127.0.0.1 at a free port and calls `handle` for one request of a connection at a time. */
export async function listen(handle: Handler): Promise<WireServer> {
  const sockets = new Set<net.Socket>();
  const idle = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const connection = new TcpConnection(socket);
    let buffered: Uint8Array = new Uint8Array();
    let busy = false;
    const serveNext = async () => {
      if (busy) return;
      busy = true;
      idle.delete(socket);
      for (;;) {
        const taken = takeRequest(buffered);
        if (taken === null || connection.hungUp) break;
        buffered = taken.rest;
        await handle(taken.request, connection);
      }
      busy = false;
      if (!connection.hungUp) idle.add(socket);
    };
    socket.on("data", (bytes: Buffer) => {
      buffered = concat([buffered, bytes]);
      void serveNext();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      idle.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    openConnections: () => sockets.size,
    dropIdle: () => {
      for (const socket of idle) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
