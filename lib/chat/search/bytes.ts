/** Numbers and texts packed into bytes: numbers as LEB128, seven bits a byte, lowest first. */

const FIRST_CAPACITY = 1_024;
const SHORT_LENGTH = 12;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ByteWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  number(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A text with its length before it. */
  text(text: string): void {
    const bytes = encoder.encode(text);
    this.number(bytes.length);
    this.raw(bytes);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A text of ASCII characters, without its length. */
  ascii(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index += 1) {
      this.#bytes[this.#length++] = text.charCodeAt(index);
    }
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Four bytes, lowest first. */
  uint32(value: number): void {
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) {
      this.#bytes[this.#length++] = (value >>> shift) & 0xff;
    }
  }

  /** What was written; a view that counts until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(
      Math.max(2 * this.#bytes.length, this.#length + more),
    );
    grown.set(this.view());
    this.#bytes = grown;
  }
}

/** Reads what a `ByteWriter` wrote. */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Where the next read begins. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.bytes[this.at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  text(): string {
    const length = this.number();
    const from = this.at;
    this.at += length;
    if (length > SHORT_LENGTH) return this.#decode(from);
    // Most are a few letters, for which calling the decoder takes longer.
    let text = "";
    for (let at = from; at < this.at; at += 1) {
      const byte = this.bytes[at];
      if (byte > 0x7f) return this.#decode(from);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #decode(from: number): string {
    return decoder.decode(this.bytes.subarray(from, this.at));
  }

  uint32s(count: number): Uint32Array {
    const values = new Uint32Array(count);
    const view = new DataView(
      this.bytes.buffer,
      this.bytes.byteOffset + this.at,
      4 * count,
    );
    for (let index = 0; index < count; index += 1) {
      values[index] = view.getUint32(4 * index, true);
    }
    this.at += 4 * count;
    return values;
  }

  raw(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
