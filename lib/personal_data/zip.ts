/**
 * A ZIP archive as a stream (PKWARE APPNOTE 6.3.10): nothing of it is held in memory but a line for each
 * entry, since the sizes follow the contents and the directory comes last.
 */
import { crc32 } from "node:zlib";

/** A file in the archive. */
export interface ZipEntry {
  /** Path with slashes. */
  name: string;
  modifiedAt: Date;
  content: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

interface Written {
  name: Uint8Array;
  time: number;
  date: number;
  crc: number;
  compressedBytes: number;
  bytes: number;
  offset: number;
}

const VERSION_NEEDED = 45;
/** Sizes follow the contents (bit 3); names are UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATE = 8;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

/** Fields of 2, 4 and 8 bytes, little endian. */
class Fields {
  readonly #bytes: number[] = [];

  u16(...values: number[]): this {
    for (const value of values) this.#bytes.push(value & 0xff, value >> 8);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      this.u16(value & MAX_U16, Math.floor(value / 0x1_0000) & MAX_U16);
    }
    return this;
  }

  u64(...values: number[]): this {
    for (const value of values) {
      this.u32(value % 0x1_0000_0000, Math.floor(value / 0x1_0000_0000));
    }
    return this;
  }

  bytes(...more: Uint8Array[]): Uint8Array<ArrayBuffer> {
    const length = more.reduce((sum, part) => sum + part.length, 0);
    const whole = new Uint8Array(this.#bytes.length + length);
    whole.set(this.#bytes);
    let at = this.#bytes.length;
    for (const part of more) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** The archive, piece by piece. @throws {RangeError} for an entry of 4 GiB or more */
export async function* zip(
  entries: AsyncIterable<ZipEntry>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const written: Written[] = [];
  let offset = 0;
  for await (const { name, modifiedAt, content } of entries) {
    const entry: Written = {
      name: new TextEncoder().encode(name),
      ...dosTime(modifiedAt),
      crc: 0,
      compressedBytes: 0,
      bytes: 0,
      offset,
    };
    const header = localHeader(entry);
    yield header;
    offset += header.length;
    for await (const part of deflated(content, entry)) {
      entry.compressedBytes += part.length;
      yield part;
    }
    if (entry.bytes > MAX_U32 || entry.compressedBytes > MAX_U32) {
      throw new RangeError(`Entry "${name}" is too large for the archive`);
    }
    const after = descriptor(entry);
    yield after;
    offset += entry.compressedBytes + after.length;
    written.push(entry);
  }
  let directoryBytes = 0;
  for (const entry of written) {
    const line = directoryEntry(entry);
    directoryBytes += line.length;
    yield line;
  }
  yield ending(written.length, directoryBytes, offset);
}

/** Compresses, and notes size and checksum of what went in. */
function deflated(
  content: AsyncIterable<Uint8Array<ArrayBuffer>>,
  entry: Written,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const measured = async function* () {
    for await (const part of content) {
      entry.bytes += part.length;
      entry.crc = crc32(part, entry.crc);
      yield part;
    }
  };
  return ReadableStream.from(measured())
    .pipeThrough(new CompressionStream("deflate-raw"));
}

/** Local time of MS-DOS, which has no zone: UTC is what is written. */
function dosTime(at: Date): { time: number; date: number } {
  return {
    time: at.getUTCHours() << 11 | at.getUTCMinutes() << 5 |
      at.getUTCSeconds() >> 1,
    date: Math.max(at.getUTCFullYear() - 1980, 0) << 9 |
      at.getUTCMonth() + 1 << 5 | at.getUTCDate(),
  };
}

function localHeader({ name, time, date }: Written): Uint8Array<ArrayBuffer> {
  return new Fields().u32(0x0403_4b50)
    .u16(VERSION_NEEDED, FLAGS, DEFLATE, time, date)
    .u32(0, 0, 0).u16(name.length, 0).bytes(name);
}

function descriptor(
  { crc, compressedBytes, bytes }: Written,
): Uint8Array<ArrayBuffer> {
  return new Fields().u32(0x0807_4b50, crc, compressedBytes, bytes).bytes();
}

function directoryEntry(entry: Written): Uint8Array<ArrayBuffer> {
  const { name, time, date, crc, compressedBytes, bytes, offset } = entry;
  const isFar = offset >= MAX_U32;
  const extra = isFar
    ? new Fields().u16(0x0001, 8).u64(offset).bytes()
    : new Uint8Array();
  return new Fields().u32(0x0201_4b50)
    .u16(VERSION_NEEDED, VERSION_NEEDED, FLAGS, DEFLATE, time, date)
    .u32(crc, compressedBytes, bytes)
    .u16(name.length, extra.length, 0, 0, 0)
    .u32(0, isFar ? MAX_U32 : offset).bytes(name, extra);
}

/** The end of the directory, in its form for many entries and long archives (Zip64) where it takes that. */
function ending(
  count: number,
  directoryBytes: number,
  offset: number,
): Uint8Array<ArrayBuffer> {
  const isLarge = count >= MAX_U16 || offset >= MAX_U32 ||
    directoryBytes >= MAX_U32;
  const large = isLarge
    ? new Fields().u32(0x0606_4b50).u64(44)
      .u16(VERSION_NEEDED, VERSION_NEEDED).u32(0, 0)
      .u64(count, count, directoryBytes, offset)
      .u32(0x0706_4b50, 0).u64(offset + directoryBytes).u32(1).bytes()
    : new Uint8Array();
  const short = Math.min(count, MAX_U16);
  const end = new Fields().u32(0x0605_4b50).u16(0, 0, short, short)
    .u32(Math.min(directoryBytes, MAX_U32), Math.min(offset, MAX_U32))
    .u16(0).bytes();
  return new Fields().bytes(large, end);
}
