/**
 * A follower of a run that reads bytes from a socket and may be cut at any of them, as a phone in a
 * tunnel is. Only whole events count; what was half there is asked for again.
 */
import assert from "node:assert/strict";
import type { ReceivedEvent } from "./sse.ts";

/** Longest wait for a single byte, in milliseconds. */
const READ_DEADLINE_MS = 30_000;

const BUFFER_BYTES = 16 * 1024;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}

/** One event out of its lines; null for comments and `retry`. */
function parseEvent(block: Uint8Array): ReceivedEvent | null {
  const fields = new Map<string, string>();
  for (const line of strictDecoder.decode(block).split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const data = fields.get("data");
  if (data === undefined) return null;
  return {
    id: fields.get("id") ?? "",
    event: fields.get("event") ?? "message",
    data: JSON.parse(data),
  };
}

export class RawFollower implements Disposable {
  readonly runId: string;
  /** Every event that came whole, over all connections, in order. */
  readonly events: ReceivedEvent[] = [];
  /** True once the last event of the run has come, or the server has said that it had. */
  ended = false;
  #connection: Deno.TcpConn | null = null;
  #hasHead = false;
  #pending: Uint8Array = new Uint8Array();
  #text = "";
  readonly #buffer = new Uint8Array(BUFFER_BYTES);

  constructor(runId: string) {
    this.runId = runId;
  }

  /** The answer as far as this follower has it. */
  get text(): string {
    return this.#text;
  }

  get lastEventId(): string | null {
    return this.events.at(-1)?.id ?? null;
  }

  /** Connects, and goes on behind the last whole event. */
  async open(url: string): Promise<void> {
    this.cut();
    const { host, hostname, port } = new URL(url);
    this.#connection = await Deno.connect({ hostname, port: Number(port) });
    const last = this.lastEventId;
    // HTTP/1.0: the body is the bytes up to the end of the connection, without frames.
    const lines = [
      `GET /api/runs/${this.runId}/events HTTP/1.0`,
      `Host: ${host}`,
      ...(last === null ? [] : [`Last-Event-ID: ${last}`]),
      "",
      "",
    ];
    await this.#connection.write(encoder.encode(lines.join("\r\n")));
  }

  /** Ends the connection, with whatever has come of an unfinished event. */
  cut(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#hasHead = false;
    this.#pending = new Uint8Array();
  }

  /** Reads so many bytes at most. @returns how many came; 0 at the end of the stream */
  async read(maxBytes = BUFFER_BYTES): Promise<number> {
    const connection = this.#connection;
    assert.ok(connection !== null, "the follower is not connected");
    const deadline = setTimeout(() => connection.close(), READ_DEADLINE_MS);
    const into = this.#buffer.subarray(0, Math.min(maxBytes, BUFFER_BYTES));
    const count = await connection.read(into).finally(() =>
      clearTimeout(deadline)
    );
    if (count === null) return 0;
    this.#pending = joined(this.#pending, into.subarray(0, count));
    if (!this.#hasHead) this.#takeHead();
    if (this.#hasHead) this.#takeEvents();
    return count;
  }

  /** Reads until another whole event is there. @throws when the stream ends before */
  async next(): Promise<ReceivedEvent> {
    const known = this.events.length;
    while (this.events.length === known) {
      const count = await this.read();
      assert.ok(count > 0, "the stream ended before the next event");
    }
    return this.events[known];
  }

  /** Reads to the end of this connection. */
  async drain(): Promise<void> {
    while (await this.read() > 0);
  }

  #takeHead(): void {
    const end = latin1.decode(this.#pending).indexOf("\r\n\r\n");
    if (end < 0) return;
    const status = latin1.decode(this.#pending.subarray(0, end)).split(" ")[1];
    assert.match(status, /^20[04]$/);
    if (status === "204") this.ended = true;
    this.#hasHead = true;
    this.#pending = this.#pending.slice(end + 4);
  }

  #takeEvents(): void {
    for (;;) {
      const end = latin1.decode(this.#pending).indexOf("\n\n");
      if (end < 0) return;
      const event = parseEvent(this.#pending.subarray(0, end));
      this.#pending = this.#pending.slice(end + 2);
      if (event !== null) this.#take(event);
    }
  }

  #take(event: ReceivedEvent): void {
    assert.ok(!this.ended, `event "${event.id}" came after the end`);
    this.#assertFollows(event);
    this.events.push(event);
    if (event.event === "reset") this.#text = "";
    else if (event.event === "chunk") this.#text += event.data.content;
    this.ended = event.event === "done" || event.event === "error";
  }

  /** Ids go up by one within an epoch, and a new epoch begins with its `reset`. */
  #assertFollows({ id, event }: ReceivedEvent): void {
    const [epoch, seq] = id.split(".").map(Number);
    if (event === "start" || event === "reset") {
      assert.equal(seq, 0, `"${event}" has the id "${id}"`);
      return;
    }
    const last = this.lastEventId;
    assert.ok(last !== null, `the stream began with "${id}"`);
    const [lastEpoch, lastSeq] = last.split(".").map(Number);
    assert.deepEqual([epoch, seq], [lastEpoch, lastSeq + 1]);
  }

  [Symbol.dispose](): void {
    this.cut();
  }
}
