/**
 * Folds what this process writes into the ledger into sums by the minute, once a second, in its lane: the
 * minutes as they are then, and with them the marks of the ledger pages that they hold go. A page is
 * either marked or in a sum, never both and never neither, whatever becomes of the process.
 */
import type { Lane, LedgerCommit } from "@/lib/kv/lane.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { type Clock, sleep } from "@/lib/clock.ts";
import { StorageError } from "@/lib/errors.ts";
import { decodeLedgerRow } from "./ledger_row.ts";
import { Cells } from "./rollup_cell.ts";
import { packCells } from "./rollup_codec.ts";
import { MINUTE_MS } from "./usage_grains.ts";
import {
  foldEntry,
  type MinuteSums,
  type UnfoldedMark,
} from "./usage_store.ts";

export interface UsageFoldParts {
  owner: Owner;
  clock: Clock;
  log: Logger;
  /** Bytes of a minute's sums from which on new rows begin others: each fold writes all of them. */
  fullBytes?: number;
}

/** How long rows wait to be folded, in milliseconds. */
const FOLD_MS = 1_000;

/** How long the last fold may take when the process ends, in milliseconds. */
const CLOSE_MS = 500;

const FULL_BYTES = 96 * 1024;

/**
 * Marks, and cells, of a minute from which on new rows begin other sums although these are not written
 * yet: the sums of a minute and all of their marks are one entry, which the lane takes whole or not.
 */
const MOST_MARKS = 100;
const MOST_CELLS = 1_000;

/** What one entry holds, so that the lane takes it: writes and deletes, and bytes of sums. */
const ENTRY_MUTATIONS = 300;
const ENTRY_BYTES = 256 * 1024;

/** How long a minute's sums are remembered after its beginning, in milliseconds. */
const KEPT_MS = 3 * MINUTE_MS;

/** What one process knows of a minute of a workspace. */
interface Minute {
  name: string;
  space: string;
  startMs: number;
  /** Tells its sums from others of the minute by the same process. */
  generation: number;
  cells: Cells;
  /** Batches that have been counted since the sums were written last. */
  marks: UnfoldedMark[];
}

/** A minute as an entry is to hold it. */
interface PackedMinute {
  minute: Minute;
  marks: UnfoldedMark[];
  sums: MinuteSums;
  bytes: number;
}

export class UsageFold {
  readonly #parts: UsageFoldParts;
  #lane: LaneFold | null = null;

  constructor(parts: UsageFoldParts) {
    this.#parts = parts;
  }

  start(): void {
    const { owner } = this.#parts;
    const begin = ({ id, lane }: { id: string; lane: Lane }) => {
      this.#lane?.stop();
      this.#lane = new LaneFold(id, lane, this.#parts);
    };
    begin(owner.incarnation);
    owner.subscribe(begin);
  }

  /** Folds now what has been written. */
  async flush(): Promise<void> {
    await this.#lane?.flush();
  }

  /** Folds what is left; what is not folded by then is by the next process, however silent the store is. */
  async close(deadlineMs = CLOSE_MS): Promise<void> {
    const late = new AbortController();
    await Promise.race([
      this.#lane?.close(),
      sleep(this.#parts.clock, deadlineMs, late.signal),
    ]);
    late.abort();
    this.#lane?.stop();
  }
}

/** Of one lane; what a lane that was fenced leaves is folded by another process. */
class LaneFold {
  readonly #incarnation: string;
  readonly #lane: Lane;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #fullBytes: number;
  readonly #minutes = new Map<string, Minute>();
  /** Minutes that hold what the store's do not. */
  readonly #changed = new Set<Minute>();
  #generations = 0;
  #cancelTimer: (() => void) | null = null;
  #folding: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    incarnation: string,
    lane: Lane,
    { clock, log, fullBytes = FULL_BYTES }: UsageFoldParts,
  ) {
    this.#incarnation = incarnation;
    this.#lane = lane;
    this.#clock = clock;
    this.#log = log;
    this.#fullBytes = fullBytes;
    lane.onLedger = (commit) => this.#committed(commit);
  }

  stop(): void {
    this.#isStopped = true;
    this.#lane.onLedger = null;
    this.#cancelTimer?.();
  }

  async flush(): Promise<void> {
    this.#folding = this.#folding.then(() => this.#fold());
    await this.#folding;
  }

  async close(): Promise<void> {
    await this.flush();
    this.stop();
  }

  #committed({ n, atMs, entries }: LedgerCommit): void {
    const startMs = atMs - atMs % MINUTE_MS;
    const minutes = new Map<string, Minute>();
    for (const { space, row } of entries) {
      let minute = minutes.get(space);
      if (minute === undefined) {
        // All that a batch has of a workspace is in the same sums, as its mark is.
        minutes.set(space, minute = this.#minute(space, startMs));
        minute.marks.push({ incarnation: this.#incarnation, space, n });
        this.#changed.add(minute);
      }
      minute.cells.addRow(decodeLedgerRow(row));
    }
    this.#foldSoon();
  }

  #foldSoon(): void {
    if (this.#isStopped) return;
    this.#cancelTimer ??= this.#clock.after(FOLD_MS, () => {
      this.#cancelTimer = null;
      this.#folding = this.#folding.then(() => this.#fold());
    });
  }

  #minute(space: string, startMs: number): Minute {
    const name = `${space} ${startMs}`;
    let minute = this.#minutes.get(name);
    if (minute === undefined || isLarge(minute)) {
      // Sums that were forgotten, or are full, are never written again: these have a name of their own.
      this.#generations += 1;
      const generation = this.#generations;
      const cells = new Cells();
      minute = { name, space, startMs, generation, cells, marks: [] };
      this.#minutes.set(name, minute);
    }
    return minute;
  }

  /** Writes the sums of all that has been counted. */
  async #fold(): Promise<void> {
    if (this.#isStopped || this.#changed.size === 0) return;
    let packed: PackedMinute[];
    try {
      packed = [...this.#changed].map((minute) => this.#pack(minute));
    } catch (error) {
      // Sums beyond what a number holds: they are no reason to end the process.
      return this.#giveUp(error);
    }
    this.#changed.clear();
    await Promise.all(inEntries(packed).map((entry) => this.#write(entry)));
    this.#forget();
  }

  #pack(minute: Minute): PackedMinute {
    const { space, startMs, generation, cells, marks } = minute;
    const parts = packCells(cells.values());
    const writer = `${this.#incarnation}.${generation}`;
    minute.marks = [];
    return {
      minute,
      marks,
      sums: { space, startMs, writer, parts },
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
    };
  }

  async #write(packed: readonly PackedMinute[]): Promise<void> {
    try {
      await this.#lane.write(foldEntry(
        packed.map(({ sums }) => sums),
        packed.flatMap(({ marks }) => marks),
      ));
    } catch (error) {
      if (!isBusy(error)) return this.#giveUp(error);
      for (const { minute, marks } of packed) {
        minute.marks.unshift(...marks);
        this.#changed.add(minute);
      }
      return this.#foldSoon();
    }
    for (const { minute, bytes } of packed) {
      if (bytes > this.#fullBytes) this.#close(minute);
    }
  }

  /** Whoever has the lane next finds the marks of what these sums lack. */
  #giveUp(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#log.warn("Usage is added up by the next process", { error });
  }

  /** What comes for the minute begins other sums; what has come meanwhile is written with these still. */
  #close(minute: Minute): void {
    if (this.#minutes.get(minute.name) === minute) {
      this.#minutes.delete(minute.name);
    }
  }

  #forget(): void {
    const overMs = this.#clock.now() - KEPT_MS;
    for (const minute of this.#minutes.values()) {
      if (minute.startMs < overMs) this.#close(minute);
    }
  }
}

/** Whether no more is to be counted in a minute before it has been written. */
function isLarge({ marks, cells }: Minute): boolean {
  return marks.length >= MOST_MARKS ||
    (marks.length > 0 && cells.size >= MOST_CELLS);
}

/** Minutes as entries that the lane takes; one that is large stands alone. */
function inEntries(packed: readonly PackedMinute[]): PackedMinute[][] {
  const entries: PackedMinute[][] = [];
  let mutations = Infinity;
  let bytes = Infinity;
  for (const each of packed) {
    // With the mark of its quarter of an hour.
    const own = each.sums.parts.length + 1 + each.marks.length;
    if (mutations + own > ENTRY_MUTATIONS || bytes + each.bytes > ENTRY_BYTES) {
      entries.push([]);
      mutations = 0;
      bytes = 0;
    }
    entries.at(-1)!.push(each);
    mutations += own;
    bytes += each.bytes;
  }
  return entries;
}

/** Whether an entry was not taken since too much waits: it may be later. */
function isBusy(error: unknown): boolean {
  return error instanceof StorageError && error.code === "storage_busy";
}
