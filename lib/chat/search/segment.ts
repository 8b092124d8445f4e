/** Reads a segment of the index as `segment_writer.ts` describes it, without unpacking it. */
import { ByteReader } from "./bytes.ts";
import { BLOCK_TERMS, ID_LENGTH, SEGMENT_LAYOUT } from "./segment_writer.ts";

/** A term of the dictionary, and where its postings are. */
export interface TermEntry {
  term: string;
  documents: number;
  /** From `start` to `end` of the segment's bytes. */
  start: number;
  end: number;
}

const HEAD_NUMBERS = 5;
const decoder = new TextDecoder();

export class Segment {
  readonly bytes: Uint8Array;
  readonly threads: number;
  readonly documents: number;
  readonly threadIds: readonly string[];
  readonly flags: Uint8Array;
  /** Newest activity of each thread when this was written, seconds since 1970 UTC. */
  readonly updatedAt: Uint32Array;
  /** First document of each thread, and behind the last one's. */
  readonly firstDocument: Uint32Array;
  /** Thread of each document. */
  readonly threadOf: Uint32Array;
  readonly kinds: Uint8Array;
  readonly #documentIds: Uint8Array;
  readonly #terms: number;
  readonly #blockTerms: Uint32Array;
  readonly #blockPostings: Uint32Array;
  readonly #dictionary: number;
  readonly #postings: number;

  /** @throws {RangeError} for bytes of another layout */
  constructor(bytes: Uint8Array) {
    const reader = new ByteReader(bytes);
    const [layout, threads, documents, terms, dictionaryLength] = reader
      .uint32s(HEAD_NUMBERS);
    if (layout !== SEGMENT_LAYOUT) {
      throw new RangeError(`Segment has the unknown layout "${layout}"`);
    }
    this.bytes = bytes;
    this.threads = threads;
    this.documents = documents;
    this.#terms = terms;
    const ids = decoder.decode(reader.raw(threads * ID_LENGTH));
    this.threadIds = Array.from(
      { length: threads },
      (_, index) => ids.slice(index * ID_LENGTH, (index + 1) * ID_LENGTH),
    );
    this.flags = reader.raw(threads);
    this.updatedAt = reader.uint32s(threads);
    this.firstDocument = new Uint32Array(threads + 1);
    this.firstDocument.set(reader.uint32s(threads));
    this.firstDocument[threads] = documents;
    this.threadOf = new Uint32Array(documents);
    for (let thread = 0; thread < threads; thread += 1) {
      this.threadOf.fill(
        thread,
        this.firstDocument[thread],
        this.firstDocument[thread + 1],
      );
    }
    this.#documentIds = reader.raw(documents * ID_LENGTH);
    this.kinds = reader.raw(documents);
    const blocks = Math.ceil(terms / BLOCK_TERMS);
    this.#blockTerms = reader.uint32s(blocks);
    this.#blockPostings = reader.uint32s(blocks);
    this.#dictionary = reader.at;
    this.#postings = reader.at + dictionaryLength;
  }

  /** Id of a document, without prefix. */
  documentId(document: number): string {
    const from = document * ID_LENGTH;
    return decoder.decode(this.#documentIds.subarray(from, from + ID_LENGTH));
  }

  /** The terms from the given one on, in their order. */
  *termsFrom(term: string): Generator<TermEntry, void, void> {
    const reader = new ByteReader(this.bytes);
    const first = this.#blockOf(term, reader);
    reader.at = this.#dictionary + (this.#blockTerms[first] ?? 0);
    let start = this.#postings + (this.#blockPostings[first] ?? 0);
    let current = "";
    for (let at = first * BLOCK_TERMS; at < this.#terms; at += 1) {
      const shared = at % BLOCK_TERMS === 0 ? 0 : reader.number();
      current = current.slice(0, shared) + reader.text();
      const documents = reader.number();
      const end = start + reader.number();
      if (current >= term) yield { term: current, documents, start, end };
      start = end;
    }
  }

  /** The last block whose first term is not behind the given one. */
  #blockOf(term: string, reader: ByteReader): number {
    let [low, high] = [0, this.#blockTerms.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      reader.at = this.#dictionary + this.#blockTerms[middle];
      if (reader.text() <= term) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}

/** Steps through the postings of a term. */
export class Postings {
  /** The document on which it stands; -1 before the first `next`. */
  document = -1;
  /** How often the term is in it. */
  count = 0;
  readonly #reader: ByteReader;
  readonly #end: number;
  /** Where the places of the document begin. */
  #places = 0;

  constructor(segment: Segment, { start, end }: TermEntry) {
    this.#reader = new ByteReader(segment.bytes, start);
    this.#end = end;
    this.document = -1;
  }

  /** Goes to the next document. False: there is none. */
  next(): boolean {
    const reader = this.#reader;
    if (reader.at >= this.#end) return false;
    const step = reader.number();
    this.document += step >>> 1;
    this.count = step & 1 ? reader.number() : 1;
    this.#places = reader.at;
    const { bytes } = reader;
    // Each place ends with a byte that has its highest bit clear.
    for (let left = this.count; left > 0;) {
      if (bytes[reader.at++] < 0x80) left -= 1;
    }
    return true;
  }

  /** The places of the term in the document, as they are stored. */
  packedPlaces(): Uint8Array {
    return this.#reader.bytes.subarray(this.#places, this.#reader.at);
  }

  /** The places of the term in the document, counted in words. */
  places(): number[] {
    const reader = new ByteReader(this.#reader.bytes, this.#places);
    const places: number[] = [];
    let place = 0;
    for (let left = this.count; left > 0; left -= 1) {
      place += reader.number();
      places.push(place);
    }
    return places;
  }
}
