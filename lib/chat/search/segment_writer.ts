/**
 * Writes a segment of the index. In this order: counts; of each thread its id, flags, time and first
 * document; of each document its id and kind; the blocks of the dictionary; the dictionary; the postings.
 *
 * Threads are sorted by id, documents by thread and id, terms by UTF-16 code units. A block has 16 terms;
 * each is stored as what it adds to the one before. The postings of a term are, of each document that has
 * it, the distance to the document before (times two, plus one when the term is there more than once),
 * how often it is there when more than once, and the distances of its places.
 */
import { ByteWriter } from "./bytes.ts";
import type { Slices } from "./slices.ts";

/** Characters of an id behind its prefix. */
export const ID_LENGTH = 22;
/** Terms in a block of the dictionary. */
export const BLOCK_TERMS = 16;
/** The first number of a segment; another layout gets another. */
export const SEGMENT_LAYOUT = 1;

/** What a document is. `gone` hides an older one with its id. */
export const KIND = { title: 0, user: 1, assistant: 2, gone: 3 } as const;
export type Kind = typeof KIND[keyof typeof KIND];

/** What is in no older segment counts any more for the thread. */
export const REPLACES = 1;

/** Id of the document that is a thread's title. */
export const TITLE_ID = "0".repeat(ID_LENGTH);

export interface ThreadRow {
  /** Without prefix. */
  id: string;
  flags: number;
  /** Newest activity, seconds since 1970 UTC. */
  updatedAt: number;
  documents: { id: string; kind: Kind }[];
}

/** Takes the tables, then the terms in their order, each with its postings. */
export class SegmentWriter {
  readonly #head = new ByteWriter();
  readonly #dictionary = new ByteWriter();
  readonly #postings = new ByteWriter();
  readonly #blocks: [dictionary: number, postings: number][] = [];
  readonly #counts: { threads: number; documents: number };
  #terms = 0;
  #before = "";

  private constructor(threads: number, documents: number) {
    this.#counts = { threads, documents };
  }

  /** @param threads sorted by id, each with its documents sorted by id */
  static async of(
    threads: readonly ThreadRow[],
    slices: Slices,
  ): Promise<SegmentWriter> {
    let documents = 0;
    for (const thread of threads) documents += thread.documents.length;
    const writer = new SegmentWriter(threads.length, documents);
    const head = writer.#head;
    for (const { id } of threads) head.ascii(id);
    for (const { flags } of threads) head.byte(flags);
    for (const { updatedAt } of threads) head.uint32(updatedAt);
    let first = 0;
    for (const thread of threads) {
      head.uint32(first);
      first += thread.documents.length;
    }
    for (const thread of threads) {
      for (const { id } of thread.documents) head.ascii(id);
      if (slices.isDue) await slices.pause();
    }
    for (const thread of threads) {
      for (const { kind } of thread.documents) head.byte(kind);
    }
    return writer;
  }

  /** The next term, with as many documents as `documents` and their postings as described above. */
  term(term: string, documents: number, postings: Uint8Array): void {
    const dictionary = this.#dictionary;
    if (this.#terms % BLOCK_TERMS === 0) {
      this.#blocks.push([dictionary.length, this.#postings.length]);
      dictionary.text(term);
    } else {
      const shared = sharedLength(this.#before, term);
      dictionary.number(shared);
      dictionary.text(term.slice(shared));
    }
    dictionary.number(documents);
    dictionary.number(postings.length);
    this.#postings.raw(postings);
    this.#before = term;
    this.#terms += 1;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const { threads, documents } = this.#counts;
    const counts = new ByteWriter();
    counts.uint32(SEGMENT_LAYOUT);
    counts.uint32(threads);
    counts.uint32(documents);
    counts.uint32(this.#terms);
    counts.uint32(this.#dictionary.length);
    const blocks = new ByteWriter();
    for (const [dictionary] of this.#blocks) blocks.uint32(dictionary);
    for (const [, postings] of this.#blocks) blocks.uint32(postings);
    const pieces = [
      counts,
      this.#head,
      blocks,
      this.#dictionary,
      this.#postings,
    ];
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece.view(), at);
      at += piece.length;
    }
    return whole;
  }
}

/** Code units that two terms have in common at their beginning, never half a surrogate pair. */
function sharedLength(before: string, term: string): number {
  let length = 0;
  const longest = Math.min(before.length, term.length);
  while (
    length < longest && before.charCodeAt(length) === term.charCodeAt(length)
  ) length += 1;
  const code = length > 0 ? term.charCodeAt(length - 1) : 0;
  return code >= 0xd800 && code <= 0xdbff ? length - 1 : length;
}
