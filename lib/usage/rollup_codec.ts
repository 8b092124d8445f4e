/**
 * Cells packed into bytes: which dimensions they have, a table of their texts, then for each cell the
 * places of its texts, how many bytes follow, its sums, and the buckets of its histograms that hold
 * something. Numbers are unsigned LEB128.
 */
import { HISTOGRAM_VERSION } from "./histogram.ts";
import { ByteReader, ByteWriter } from "./rollup_bytes.ts";
import {
  type Cell,
  COUNTERS,
  type Dimension,
  DIMENSIONS,
  emptyCounters,
  emptyMeasures,
  MEASURES,
} from "./rollup_cell.ts";

/** Version of the format and of the table of buckets. */
const FORMAT = [2, HISTOGRAM_VERSION] as const;

/** A part is closed before it has more bytes than that; the store takes 64 KiB a value. */
export const MAX_PART_BYTES = 48 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What of its cells a part holds. */
export interface CellShape {
  /** The others count as none. */
  readonly dimensions: readonly Dimension[];
  /** Whether there are histograms. */
  readonly hasTimes: boolean;
}

/** All that a cell has. */
export const WHOLE: CellShape = { dimensions: DIMENSIONS, hasTimes: true };

/** Packs cells into as few parts as their sizes allow; none make no part. @throws {RangeError} */
export function packCells(
  cells: Iterable<Cell>,
  shape: CellShape = WHOLE,
): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let part = new PartWriter(shape);
  for (const cell of cells) {
    if (!part.add(cell)) {
      parts.push(part.finish());
      part = new PartWriter(shape);
      if (!part.add(cell)) throw new RangeError("A cell is larger than a part");
    }
  }
  if (part.cells > 0) parts.push(part.finish());
  return parts;
}

/** The cells of one part. @throws {TypeError} for bytes of another format */
export function* unpackCells(bytes: Uint8Array): Generator<Cell, void, void> {
  const reader = new CellReader(bytes);
  while (reader.next()) {
    reader.load();
    yield reader.cell();
  }
}

/**
 * Reads the cells of a part one after the other, in place: sums over many thousands of them make no
 * objects. @throws {TypeError} for bytes of another format
 */
export class CellReader {
  /** The places of the cell's texts, by dimension; -1 where the part does not tell them apart. */
  readonly places = new Int32Array(DIMENSIONS.length).fill(-1);
  /** The cell's sums, in the order of `COUNTERS`. */
  readonly counters = new Float64Array(COUNTERS.length);
  readonly #bytes: ByteReader;
  readonly #told: readonly number[];
  readonly #hasTimes: boolean;
  /** All texts one after the other, and where each begins; the last one is the end. */
  readonly #texts: string;
  readonly #starts: Uint32Array;
  #left: number;
  #sumsAt = 0;
  #timesAt = 0;
  #nextAt: number;

  constructor(bytes: Uint8Array) {
    const reader = this.#bytes = new ByteReader(bytes);
    for (const wanted of FORMAT) {
      const version = reader.number();
      if (version !== wanted) {
        throw new TypeError(
          `Cells are of format "${version}", not "${wanted}"`,
        );
      }
    }
    const mask = reader.number();
    this.#told = DIMENSIONS.flatMap((_, place) =>
      (mask >> place) % 2 === 1 ? [place] : []
    );
    this.#hasTimes = reader.number() === 1;
    this.#starts = readStarts(reader);
    this.#texts = decoder.decode(reader.bytes(reader.number()));
    this.#left = reader.number();
    this.#nextAt = reader.at;
  }

  /** How many texts there are. */
  get texts(): number {
    return this.#starts.length - 1;
  }

  text(place: number): string {
    return this.#texts.slice(this.#starts[place], this.#starts[place + 1]);
  }

  /** Where a text is; -1: no cell has it. Found without making a string of each. */
  placeOf(text: string): number {
    const starts = this.#starts;
    if (text === "") {
      for (let place = 0; place < this.texts; place += 1) {
        if (starts[place] === starts[place + 1]) return place;
      }
      return -1;
    }
    let at = this.#texts.indexOf(text);
    while (at !== -1) {
      let low = 0;
      let high = this.texts;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle] < at) low = middle + 1;
        else high = middle;
      }
      // An empty text begins where the next one does.
      while (starts[low] === at && starts[low + 1] === at) low += 1;
      if (starts[low] === at && starts[low + 1] === at + text.length) {
        return low;
      }
      at = this.#texts.indexOf(text, at + 1);
    }
    return -1;
  }

  /** Goes on to the texts of the next cell. False: there is none. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    const reader = this.#bytes;
    reader.at = this.#nextAt;
    for (const dimension of this.#told) {
      const place = reader.number();
      if (place >= this.texts) {
        throw new TypeError("Cells name a missing text");
      }
      this.places[dimension] = place;
    }
    const length = reader.number();
    this.#sumsAt = reader.at;
    this.#nextAt = reader.skip(length);
    return true;
  }

  /** The first of the cell's sums alone: its requests. */
  requests(): number {
    this.#bytes.at = this.#sumsAt;
    return this.#bytes.number();
  }

  /** Reads the cell's sums; what is not wanted by its texts is spared that. */
  load(): void {
    const reader = this.#bytes;
    reader.at = this.#sumsAt;
    for (let place = 0; place < this.counters.length; place += 1) {
      this.counters[place] = reader.number();
    }
    this.#timesAt = reader.at;
  }

  /** After `load`: calls back with each bucket of the cell's histograms that holds something. */
  times(visit: (measure: number, bucket: number, count: number) => void): void {
    if (!this.#hasTimes) return;
    const reader = this.#bytes;
    reader.at = this.#timesAt;
    for (let measure = 0; measure < MEASURES.length; measure += 1) {
      let bucket = 0;
      for (let left = reader.number(); left > 0; left -= 1) {
        bucket += reader.number();
        visit(measure, bucket, reader.number());
      }
    }
  }

  /** After `load`: the cell as an object of its own. */
  cell(): Cell {
    const dimensions: Record<string, string> = {};
    for (const [place, name] of DIMENSIONS.entries()) {
      const text = this.places[place];
      dimensions[name] = text === -1 ? "" : this.text(text);
    }
    const counters = emptyCounters();
    for (const [place, name] of COUNTERS.entries()) {
      counters[name] = this.counters[place];
    }
    const measures = emptyMeasures();
    this.times((measure, bucket, count) =>
      measures[MEASURES[measure]].set(bucket, count)
    );
    return {
      dimensions: dimensions as Cell["dimensions"],
      counters,
      measures,
    };
  }
}

/** Where each text begins in all of them, out of the lengths of each in UTF-16. */
function readStarts(reader: ByteReader): Uint32Array {
  const count = reader.number();
  // A text takes a byte at least, if only that of its length.
  reader.assertLeft(count);
  const starts = new Uint32Array(count + 1);
  for (let place = 0; place < count; place += 1) {
    starts[place + 1] = starts[place] + reader.number();
  }
  return starts;
}

/** One part in the making. */
class PartWriter {
  readonly #shape: CellShape;
  readonly #told: readonly Dimension[];
  readonly #texts = new Map<string, number>();
  #textBytes = 0;
  readonly #body = new ByteWriter();
  /** Of one cell, what follows its texts. */
  readonly #rest = new ByteWriter();
  cells = 0;

  constructor(shape: CellShape) {
    this.#shape = shape;
    this.#told = DIMENSIONS.filter((name) => shape.dimensions.includes(name));
  }

  /** False: the part is full without it, and as it was. */
  add({ dimensions, counters, measures }: Cell): boolean {
    const before = this.#body.length;
    const added: string[] = [];
    let textBytes = 0;
    for (const name of this.#told) {
      const text = dimensions[name];
      let place = this.#texts.get(text);
      if (place === undefined) {
        place = this.#texts.size;
        this.#texts.set(text, place);
        added.push(text);
        textBytes += encoder.encode(text).length + 3;
      }
      this.#body.number(place);
    }
    this.#rest.length = 0;
    for (const name of COUNTERS) this.#rest.number(counters[name]);
    if (this.#shape.hasTimes) {
      for (const name of MEASURES) this.#rest.histogram(measures[name]);
    }
    this.#body.number(this.#rest.length);
    this.#body.bytes(this.#rest.view());
    if (this.#body.length + this.#textBytes + textBytes > MAX_PART_BYTES) {
      this.#body.length = before;
      for (const text of added) this.#texts.delete(text);
      return false;
    }
    this.#textBytes += textBytes;
    this.cells += 1;
    return true;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const part = new ByteWriter();
    for (const version of FORMAT) part.number(version);
    const mask = this.#told.reduce(
      (sum, name) => sum + 2 ** DIMENSIONS.indexOf(name),
      0,
    );
    part.number(mask);
    part.number(this.#shape.hasTimes ? 1 : 0);
    const texts = [...this.#texts.keys()];
    part.number(texts.length);
    for (const text of texts) part.number(text.length);
    const bytes = encoder.encode(texts.join(""));
    part.number(bytes.length);
    part.bytes(bytes);
    part.number(this.cells);
    part.bytes(this.#body.view());
    return part.view().slice();
  }
}
