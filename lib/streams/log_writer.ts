/**
 * Writes the events of all runs of an incarnation behind, at two levels. Every 50 ms what is new of all
 * runs goes into shared pages of the lane's batch: that makes it durable, cheaply. Every 2 s, or 30 KiB,
 * a run gets a segment of its own, which is what others read; then its part of the pages is wanted no
 * more. While another process follows a run, each flush is a segment. A lazy run, which nobody goes on
 * with when its process dies, is written once a second and, where that is worth a segment, as one.
 */
import { FencedError } from "@/lib/errors.ts";
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import { Bell } from "@/lib/kv/bell.ts";
import { type Clock, sleep } from "@/lib/clock.ts";
import { runLogKey } from "@/lib/kv/keys.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import type { PlacedEvent } from "./live_run.ts";
import {
  encodeChunks,
  type EncodedEvent,
  encodeEvent,
  encodeSegments,
} from "./log_codec.ts";

/** How long an event waits for others before it is written, in milliseconds. */
const FLUSH_MS = 50;

/** A run gets a segment after so long, or so many bytes. */
const SEGMENT_MS = 2_000;
const SEGMENT_BYTES = 30 * 1024;

/** The same for lazy runs; and what is less goes into pages. */
const LAZY_FLUSH_MS = 1_000;
const LAZY_SEGMENT_MS = 20_000;
const LAZY_SEGMENT_LEAST_BYTES = 16 * 1024;

/** How far followers may be ahead of the store. */
const MAX_LEAD_MS = 2_000;
const MAX_LEAD_BYTES = 256 * 1024;

/** An entry of the lane is cut at so many bytes or segments. */
const ENTRY_BYTES = 320 * 1024;
const ENTRY_SEGMENTS = 200;

/**
 * Segments that are due by their age are spread over so many flushes: runs that began together would
 * else be cut together for ever, and every token of that moment would wait for all of them.
 */
const CUT_FLUSHES = 16;
const LEAST_CUTS = 4;

/** Whose events are written, and how. */
export interface LoggedRun {
  space: string;
  run: string;
  epoch: number;
  /** Written as late as the bounds of the lead allow. */
  isLazy?: boolean;
  /** After this long the store may drop the segments; for what is not kept. */
  expireInMs?: number;
}

/** One run's part of the log, while it is being written. */
export class RunLog {
  readonly of: LoggedRun;
  readonly #writer: LogWriter;
  readonly #clock: Clock;
  /** Not in a committed segment, oldest first; the first `#durable` of them are in committed pages. */
  #uncut: EncodedEvent[] = [];
  #uncutBytes = 0;
  #durable = 0;
  #leadBytes = 0;
  /** When the oldest event that is not durable was made. */
  #leadSinceMs = 0;
  #cutAtMs: number;
  #followedUntilMs = -Infinity;
  /** Batch of the oldest page that still holds an event of ours without a segment. */
  #pagedFrom: number | null = null;
  #fatal: Error | null = null;
  #ended = false;

  constructor(writer: LogWriter, clock: Clock, of: LoggedRun) {
    this.#writer = writer;
    this.#clock = clock;
    this.of = of;
    this.#cutAtMs = clock.monotonic();
  }

  /** Takes an event, to be written with the next flush. */
  append(placed: PlacedEvent): void {
    const event = encodeEvent(placed);
    if (this.#durable === this.#uncut.length) {
      this.#leadSinceMs = this.#clock.monotonic();
    }
    this.#uncut.push(event);
    this.#uncutBytes += event.bytes;
    this.#leadBytes += event.bytes;
    this.#writer.wake();
  }

  /** Another process follows: for so long every flush is a segment. */
  followFor(durationMs: number): void {
    this.#followedUntilMs = this.#clock.monotonic() + durationMs;
    this.#writer.wake();
  }

  /**
   * What to wait for before the next event: null while the store keeps up, else until it has caught up or
   * the signal has aborted.
   * @throws {FencedError} when this process may not write any more
   * @throws {TypeError} when the store refuses what is in an event
   */
  ready(signal: AbortSignal): Promise<void> | null {
    if (this.#fatal !== null) throw this.#fatal;
    return this.#isBehind() ? this.#caughtUp(signal) : null;
  }

  async #caughtUp(signal: AbortSignal): Promise<void> {
    const keepsUp = () => this.#fatal !== null || !this.#isBehind();
    // Time alone makes a run fall behind, never catch up, so only a flush has to be waited for.
    await this.#writer.flushed.until(keepsUp, signal).catch(() => {});
    if (this.#fatal !== null) throw this.#fatal;
  }

  /**
   * The segments that the end of the run writes, itself included; the log writes nothing more. What is
   * in pages is kept there until `release`.
   */
  end(last: PlacedEvent): LaneSets {
    this.#ended = true;
    return this.#segments([...this.#uncut, encodeEvent(last)]);
  }

  /** What is not in the log yet, and nothing else will be; for whoever takes the run over. */
  rest(): LaneSets {
    this.#ended = true;
    return this.#segments(this.#uncut);
  }

  /** The end is in the store, or the run is given up: what is in pages is wanted no more. */
  release(): void {
    this.#ended = true;
    this.#writer.forget(this);
  }

  /** Whether there is something to write. */
  get isDirty(): boolean {
    return !this.#ended && this.#fatal === null && this.#uncut.length > 0 &&
      (this.#hasDue() || this.#mustCut() || this.#isOld());
  }

  /** Whether events are only in pages yet, so that a segment will be due. */
  get isPaged(): boolean {
    return !this.#ended && this.#uncut.length > 0;
  }

  get pagedFrom(): number | null {
    return this.#pagedFrom;
  }

  /**
   * What to write now, as much as an entry takes; `commit` or `fail` tells what became of it.
   * @param mayCut false: a segment that is due by its age alone can wait
   */
  take(mayCut = true): LogPart | null {
    if (!this.isDirty) return null;
    const isSegment = this.#mustCut() || (mayCut && this.#isOld()) ||
      this.#isWorthSegment();
    const from = isSegment ? 0 : this.#durable;
    const upTo = this.#entryEnd(from);
    if (upTo === from) return null;
    const events = this.#uncut.slice(from, upTo);
    return {
      bytes: sum(events),
      log: isSegment ? [] : encodeChunks(this.of.space, this.of.run, events),
      sets: isSegment ? this.#segments(events) : [],
      commit: (n) => this.#committed(upTo, isSegment, n),
      fail: (error) => this.#fatal = error,
    };
  }

  #segments(events: readonly EncodedEvent[]): LaneSets {
    const { space, run, expireInMs } = this.of;
    return encodeSegments(events).map(({ epoch, lastSeq, value }) => ({
      key: runLogKey(space, run, epoch, lastSeq),
      value,
      expireInMs,
    }));
  }

  #committed(upTo: number, isSegment: boolean, n: number): void {
    const now = this.#clock.monotonic();
    if (isSegment) {
      this.#uncut = this.#uncut.slice(upTo);
      this.#uncutBytes = sum(this.#uncut);
      this.#durable = Math.max(this.#durable - upTo, 0);
      if (this.#durable === 0) this.#pagedFrom = null;
      this.#cutAtMs = now;
    } else {
      this.#durable = upTo;
      this.#pagedFrom ??= n;
    }
    this.#leadBytes = sum(this.#uncut.slice(this.#durable));
    // What came while the flush was under way is at most that old.
    this.#leadSinceMs = now;
  }

  /** Where an entry is full that begins with an event; an answer that is continued begins with all of it. */
  #entryEnd(from: number): number {
    let bytes = 0;
    for (let index = from; index < this.#uncut.length; index += 1) {
      bytes += this.#uncut[index].bytes;
      if (bytes > ENTRY_BYTES && index > from) return index;
    }
    return this.#uncut.length;
  }

  #mustCut(): boolean {
    return this.#uncutBytes >= SEGMENT_BYTES ||
      this.#clock.monotonic() < this.#followedUntilMs;
  }

  #isOld(): boolean {
    const age = this.#clock.monotonic() - this.#cutAtMs;
    return age >= (this.of.isLazy ? LAZY_SEGMENT_MS : SEGMENT_MS);
  }

  /** Whether something is to be made durable now. */
  #hasDue(): boolean {
    if (this.#durable === this.#uncut.length) return false;
    const age = this.#clock.monotonic() - this.#leadSinceMs;
    return !this.of.isLazy || age >= LAZY_FLUSH_MS;
  }

  /** Whether what a lazy run has is better written once, as a segment, than twice. */
  #isWorthSegment(): boolean {
    return this.of.isLazy === true && this.#durable === 0 &&
      this.#uncutBytes >= LAZY_SEGMENT_LEAST_BYTES;
  }

  #isBehind(): boolean {
    const hasLead = this.#durable < this.#uncut.length;
    return this.#leadBytes > MAX_LEAD_BYTES ||
      (hasLead && this.#clock.monotonic() - this.#leadSinceMs > MAX_LEAD_MS);
  }
}

function sum(events: readonly EncodedEvent[]): number {
  return events.reduce((bytes, each) => bytes + each.bytes, 0);
}

type LaneSets = NonNullable<LaneEntry["sets"]>;

/** A run's share of a flush. */
interface LogPart {
  /** Bytes of its events. */
  bytes: number;
  log: Uint8Array[];
  sets: LaneSets;
  commit(n: number): void;
  fail(error: Error): void;
}

/** Writes the logs of all runs that an incarnation owns. */
export class LogWriter {
  /** Rings after every flush, whatever became of it. */
  readonly flushed = new Bell();
  readonly #lane: Lane;
  readonly #clock: Clock;
  readonly #logs = new Set<RunLog>();
  #isFlushing = false;
  #cancelTimer: (() => void) | null = null;

  constructor(lane: Lane, clock: Clock) {
    this.#lane = lane;
    this.#clock = clock;
  }

  /** Begins to write a run's events. */
  open(of: LoggedRun): RunLog {
    const log = new RunLog(this, this.#clock, of);
    this.#logs.add(log);
    return log;
  }

  /** The log has ended, and nothing of it is in pages alone any more. */
  forget(log: RunLog): void {
    this.#logs.delete(log);
    this.wake();
  }

  /** Sees to it that a flush comes. */
  wake(): void {
    if (this.#isFlushing || this.#cancelTimer !== null) return;
    this.#cancelTimer = this.#clock.after(FLUSH_MS, () => {
      this.#cancelTimer = null;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    const parts = this.#takeParts();
    let isFailing = false;
    for (const group of grouped(parts)) {
      isFailing = !await this.#write(group) || isFailing;
    }
    this.#trim();
    this.#isFlushing = false;
    this.flushed.ring();
    // A store that fails is left alone for a moment; the lane itself knows when it answers again.
    if (isFailing) await sleep(this.#clock, FLUSH_MS);
    if ([...this.#logs].some((log) => log.isDirty || log.isPaged)) this.wake();
  }

  #takeParts(): LogPart[] {
    const parts: LogPart[] = [];
    let cuts = Math.max(LEAST_CUTS, Math.ceil(this.#logs.size / CUT_FLUSHES));
    for (const log of this.#logs) {
      const part = log.take(cuts > 0);
      if (part === null) continue;
      if (part.sets.length > 0) cuts -= 1;
      parts.push(part);
    }
    return parts;
  }

  /**
   * Writes some runs' shares in one entry. What the store refuses is tried run by run, so that one run's
   * event fails that run and no other.
   */
  async #write(parts: LogPart[]): Promise<boolean> {
    const log = parts.flatMap((part) => part.log);
    const sets = parts.flatMap((part) => part.sets);
    try {
      const { n } = await this.#lane.write({ log, sets, urgency: "now" });
      for (const part of parts) part.commit(n);
      return true;
    } catch (error) {
      if (error instanceof FencedError) {
        for (const part of parts) part.fail(error);
      } else if (error instanceof TypeError) {
        if (parts.length === 1) parts[0].fail(error);
        else for (const part of parts) await this.#write([part]);
      }
      return false;
    }
  }

  /** Pages older than what any run still needs of them are given back. */
  #trim(): void {
    let oldest = this.#lane.n + 1;
    for (const { pagedFrom } of this.#logs) {
      if (pagedFrom !== null) oldest = Math.min(oldest, pagedFrom);
    }
    this.#lane.trimLog(oldest);
  }
}

/** Groups of shares that each fit an entry of the lane. */
function* grouped(parts: readonly LogPart[]): Generator<LogPart[]> {
  let group: LogPart[] = [];
  let bytes = 0;
  let segments = 0;
  for (const part of parts) {
    const isFull = bytes + part.bytes > ENTRY_BYTES ||
      segments + part.sets.length > ENTRY_SEGMENTS;
    if (group.length > 0 && isFull) {
      yield group;
      group = [];
      bytes = 0;
      segments = 0;
    }
    group.push(part);
    bytes += part.bytes;
    segments += part.sets.length;
  }
  if (group.length > 0) yield group;
}
