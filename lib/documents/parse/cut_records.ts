/**
 * Cuts bytes where records end, so that each piece can be parsed by itself: a quoted cell may hold line
 * breaks, and whatever is read of a document may end in the middle of one.
 */

export interface CutOptions {
  /** One ASCII character; null: a record is a line, and quotes mean nothing. */
  delimiter: string | null;
  /** Whether nothing comes behind these bytes. */
  isEnd: boolean;
  /** Ends behind so many records. */
  mostRecords?: number;
  /** Ends at the first record that ends behind so many bytes. */
  mostBytes?: number;
}

export interface Cut {
  /** Bytes of whole records from the start on. */
  end: number;
  records: number;
  /** The record behind `end` is not whole and begins inside a quoted cell. */
  isOpenQuote: boolean;
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** @throws {TypeError} for a delimiter that is no ASCII character */
export function cutRecords(bytes: Uint8Array, options: CutOptions): Cut {
  const { isEnd, mostRecords = Infinity, mostBytes = Infinity } = options;
  const delimiter = options.delimiter?.charCodeAt(0) ?? -1;
  if (delimiter > 0x7f) throw new TypeError("A delimiter is one of ASCII");
  let end = 0;
  let records = 0;
  if (delimiter === -1) {
    while (records < mostRecords && end < mostBytes) {
      const at = bytes.indexOf(LINE_FEED, end);
      if (at === -1) break;
      end = at + 1;
      records += 1;
    }
  } else {
    let at = 0;
    while (at < bytes.length && records < mostRecords && end < mostBytes) {
      const next = recordEnd(bytes, at, delimiter);
      if (next === -1) break;
      if (next === -2) return { end, records, isOpenQuote: true };
      at = next;
      end = next;
      records += 1;
    }
  }
  const isWhole = records < mostRecords && end < mostBytes;
  if (isEnd && isWhole && end < bytes.length) {
    return { end: bytes.length, records: records + 1, isOpenQuote: false };
  }
  return { end, records, isOpenQuote: false };
}

/** Where the record that begins at `from` ends; -1: not in these bytes; -2: neither does a quoted cell. */
function recordEnd(bytes: Uint8Array, from: number, delimiter: number): number {
  let isCellStart = true;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === LINE_FEED) return at + 1;
    if (byte === QUOTE && isCellStart) {
      const close = closingQuote(bytes, at + 1);
      if (close === -1) return -2;
      at = close;
      isCellStart = false;
    } else isCellStart = byte === delimiter;
  }
  return -1;
}

/** Where a quoted cell ends whose text begins at `from`: two quotes in a row are one of its text. */
function closingQuote(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(QUOTE, from);
  while (at !== -1 && bytes[at + 1] === QUOTE) {
    at = bytes.indexOf(QUOTE, at + 2);
  }
  return at;
}
