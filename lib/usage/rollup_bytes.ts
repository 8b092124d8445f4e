/** Bytes that are written and read number by number: unsigned LEB128, as WebAssembly has it. */
import type { Histogram } from "./histogram.ts";

const FIRST_BYTES = 1_024;

export class ByteWriter {
  #buffer = new Uint8Array(FIRST_BYTES);
  /** How many there are; what is beyond a smaller number is written over. */
  length = 0;

  /** What has been written; good until more is. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.length);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** @throws {RangeError} for what is not whole, or not from 0 to 2^53 - 1 */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`"${value}" is no whole number that can be packed`);
    }
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.length++] = rest;
  }

  /** How many buckets hold something, then for each its distance from the one before, and its count. */
  histogram(histogram: Histogram): void {
    this.number(histogram.size);
    let last = 0;
    for (const bucket of [...histogram.keys()].sort((a, b) => a - b)) {
      this.number(bucket - last);
      this.number(histogram.get(bucket)!);
      last = bucket;
    }
  }

  #reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(wanted, 2 * this.#buffer.length));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Where it reads next. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws {TypeError} at the end of the bytes */
  number(): number {
    const bytes = this.#bytes;
    // Most numbers are one byte.
    let byte = bytes[this.at++];
    if (byte < 128) return byte;
    let value = 0;
    let scale = 1;
    while (byte >= 128) {
      value += (byte - 128) * scale;
      scale *= 128;
      byte = bytes[this.at++];
    }
    if (byte === undefined) throw new TypeError("Cells are cut off");
    return value + byte * scale;
  }

  /** @throws {TypeError} when there are fewer */
  bytes(length: number): Uint8Array {
    const from = this.at;
    return this.#bytes.subarray(from, this.skip(length));
  }

  /** @throws {TypeError} when there are fewer bytes */
  assertLeft(length: number): void {
    if (this.at + length > this.#bytes.length) {
      throw new TypeError("Cells are cut off");
    }
  }

  /** Goes on by so many bytes, and tells where it is then. @throws {TypeError} when there are fewer */
  skip(length: number): number {
    this.assertLeft(length);
    this.at += length;
    return this.at;
  }
}
