/** A WebSocket client byte by byte (RFC 6455), which reads only when it is told to. */
import assert from "node:assert/strict";

/** Longest wait for bytes, in milliseconds. */
const READ_DEADLINE_MS = 20_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const TEXT = 1;
const CLOSE = 8;

/** What a server has sent: texts, and how it closed; null: it was cut. */
export interface RawFrames {
  texts: string[];
  close: number | null;
}

export class RawSocket implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects and reads no further than the end of the handshake. */
  static async open(url: string, path: string): Promise<RawSocket> {
    const { hostname, port, host } = new URL(url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const key = btoa(String.fromCharCode(...new Uint8Array(16)));
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      "",
      "",
    ];
    await connection.write(encoder.encode(lines.join("\r\n")));
    let head = "";
    const byte = new Uint8Array(1);
    while (!head.endsWith("\r\n\r\n")) {
      assert.ok(await connection.read(byte) !== null, "no handshake");
      head += decoder.decode(byte);
    }
    assert.match(head, /^HTTP\/1\.1 101 /);
    return new RawSocket(connection);
  }

  /** Sends bytes as they are. */
  async write(bytes: number[]): Promise<void> {
    await this.#connection.write(new Uint8Array(bytes));
  }

  /** Reads everything up to the end of the connection. */
  async readAll(): Promise<RawFrames> {
    const deadline = setTimeout(
      () => this.#connection.close(),
      READ_DEADLINE_MS,
    );
    const parts: Uint8Array[] = [];
    try {
      for await (const part of this.#connection.readable) {
        parts.push(part);
        // A close frame is the last thing; the server then waits for one in turn.
        if (isClosing(part)) break;
      }
    } finally {
      clearTimeout(deadline);
    }
    return parseFrames(
      new Uint8Array(
        await new Blob(
          parts as Uint8Array<ArrayBuffer>[],
        ).arrayBuffer(),
      ),
    );
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // Reading to its end has closed it.
    }
  }
}

/** Whether bytes end with a close frame: its head, a code from 1000 to 4999, and a short reason. */
function isClosing(bytes: Uint8Array): boolean {
  for (let at = Math.max(0, bytes.length - 127); at < bytes.length; at += 1) {
    if (
      bytes[at] === (0x80 | CLOSE) && bytes[at + 1] === bytes.length - at - 2
    ) {
      return true;
    }
  }
  return false;
}

function parseFrames(bytes: Uint8Array): RawFrames {
  const view = new DataView(bytes.buffer);
  const texts: string[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const opcode = bytes[at] & 0x0f;
    let length = bytes[at + 1] & 0x7f;
    let from = at + 2;
    if (length === 126) {
      length = view.getUint16(from);
      from += 2;
    } else if (length === 127) {
      length = Number(view.getBigUint64(from));
      from += 8;
    }
    if (from + length > bytes.length) break;
    const payload = bytes.subarray(from, from + length);
    if (opcode === TEXT) texts.push(decoder.decode(payload));
    if (opcode === CLOSE) return { texts, close: view.getUint16(from) };
    at = from + length;
  }
  return { texts, close: null };
}
