/**
 * Cells packed into bytes: a table of their texts, then for each cell the places of its texts, its sums,
 * and the buckets of its histograms that hold something. Numbers are unsigned LEB128.
 */
import { type Histogram, HISTOGRAM_VERSION } from "./histogram.ts";
import {
  type Cell,
  COUNTERS,
  DIMENSIONS,
  emptyCounters,
  emptyMeasures,
  MEASURES,
} from "./rollup_cell.ts";

/** Version of the format and of the table of buckets. */
const FORMAT = [1, HISTOGRAM_VERSION] as const;

/** A part is closed before it has more bytes than that; the store takes 64 KiB a value. */
export const MAX_PART_BYTES = 48 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Packs cells into as few parts as their sizes allow; none make no part. @throws {RangeError} */
export function packCells(cells: Iterable<Cell>): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let part = new PartWriter();
  for (const cell of cells) {
    if (!part.add(cell)) {
      parts.push(part.finish());
      part = new PartWriter();
      if (!part.add(cell)) throw new RangeError("A cell is larger than a part");
    }
  }
  if (part.cells > 0) parts.push(part.finish());
  return parts;
}

/** The cells of one part. @throws {TypeError} for bytes of another format */
export function* unpackCells(bytes: Uint8Array): Generator<Cell, void, void> {
  const reader = new Reader(bytes);
  for (const wanted of FORMAT) {
    const version = reader.number();
    if (version !== wanted) {
      throw new TypeError(`Cells are of format "${version}", not "${wanted}"`);
    }
  }
  const texts: string[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    texts.push(reader.text());
  }
  for (let left = reader.number(); left > 0; left -= 1) {
    yield readCell(reader, texts);
  }
}

function readCell(reader: Reader, texts: readonly string[]): Cell {
  const dimensions: Record<string, string> = {};
  for (const name of DIMENSIONS) {
    const text = texts[reader.number()];
    if (text === undefined) throw new TypeError("Cells name a missing text");
    dimensions[name] = text;
  }
  const counters = emptyCounters();
  for (const name of COUNTERS) counters[name] = reader.number();
  const measures = emptyMeasures();
  for (const name of MEASURES) readHistogram(reader, measures[name]);
  return { dimensions: dimensions as Cell["dimensions"], counters, measures };
}

function readHistogram(reader: Reader, histogram: Histogram): void {
  let bucket = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    bucket += reader.number();
    histogram.set(bucket, reader.number());
  }
}

/** One part in the making. */
class PartWriter {
  readonly #texts = new Map<string, number>();
  #textBytes = 0;
  #body: number[] = [];
  cells = 0;

  /** False: the part is full without it, and as it was. */
  add(cell: Cell): boolean {
    const added: string[] = [];
    let textBytes = 0;
    const places = DIMENSIONS.map((name) => {
      const text = cell.dimensions[name];
      let place = this.#texts.get(text);
      if (place === undefined) {
        place = this.#texts.size;
        this.#texts.set(text, place);
        added.push(text);
        textBytes += encoder.encode(text).length + 3;
      }
      return place;
    });
    const bytes: number[] = [];
    for (const place of places) writeNumber(bytes, place);
    for (const name of COUNTERS) writeNumber(bytes, cell.counters[name]);
    for (const name of MEASURES) writeHistogram(bytes, cell.measures[name]);
    const size = this.#body.length + this.#textBytes + bytes.length + textBytes;
    if (size > MAX_PART_BYTES) {
      for (const text of added) this.#texts.delete(text);
      return false;
    }
    for (const byte of bytes) this.#body.push(byte);
    this.#textBytes += textBytes;
    this.cells += 1;
    return true;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const head: number[] = [...FORMAT];
    writeNumber(head, this.#texts.size);
    for (const text of this.#texts.keys()) {
      const bytes = encoder.encode(text);
      writeNumber(head, bytes.length);
      for (const byte of bytes) head.push(byte);
    }
    writeNumber(head, this.cells);
    return Uint8Array.from([...head, ...this.#body]);
  }
}

function writeHistogram(bytes: number[], histogram: Histogram): void {
  writeNumber(bytes, histogram.size);
  let last = 0;
  for (const bucket of [...histogram.keys()].sort((a, b) => a - b)) {
    writeNumber(bytes, bucket - last);
    writeNumber(bytes, histogram.get(bucket)!);
    last = bucket;
  }
}

/** @param value whole, from 0 to 2^53 - 1 */
function writeNumber(bytes: number[], value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`"${value}" is no whole number that can be packed`);
  }
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    while (true) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new TypeError("Cells are cut off");
      this.#at += 1;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  text(): string {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new TypeError("Cells are cut off");
    const text = decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return text;
  }
}
