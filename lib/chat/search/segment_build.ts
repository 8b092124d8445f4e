/** Makes a segment out of the texts of threads. */
import { ByteWriter } from "./bytes.ts";
import {
  type Kind,
  REPLACES,
  SegmentWriter,
  type ThreadRow,
} from "./segment_writer.ts";
import type { Slices } from "./slices.ts";
import { tokensOf } from "./tokens.ts";

/** A thread as it changed: what is here counts instead of what older segments say. */
export interface ThreadChange {
  /** Without prefix. */
  id: string;
  /** Nothing in older segments counts for it any more. */
  replaces: boolean;
  /** Newest activity, milliseconds since 1970 UTC. */
  updatedAtMs: number;
  documents: { id: string; kind: Kind; text: string }[];
}

/** Words between two looks at the clock. */
const WORDS_BETWEEN_LOOKS = 256;

const byId = (one: { id: string }, other: { id: string }) =>
  one.id < other.id ? -1 : one.id > other.id ? 1 : 0;

/** Ids occur once each: threads among themselves, documents in their thread. */
export async function buildSegment(
  changes: readonly ThreadChange[],
  slices: Slices,
): Promise<Uint8Array<ArrayBuffer>> {
  const threads = changes.toSorted(byId).map((change) => ({
    ...change,
    documents: change.documents.toSorted(byId),
  }));
  // Of each term: document, place, document, place, … in their order.
  const terms = new Map<string, number[]>();
  let document = 0;
  for (const thread of threads) {
    for (const { text } of thread.documents) {
      let place = 0;
      for (const { term } of tokensOf(text)) {
        const known = terms.get(term);
        if (known === undefined) terms.set(term, [document, place]);
        else known.push(document, place);
        place += 1;
        if (place % WORDS_BETWEEN_LOOKS === 0 && slices.isDue) {
          await slices.pause();
        }
      }
      document += 1;
      if (slices.isDue) await slices.pause();
    }
  }
  const writer = await SegmentWriter.of(
    threads.map(({ id, replaces, updatedAtMs, documents }): ThreadRow => ({
      id,
      flags: replaces ? REPLACES : 0,
      updatedAt: Math.floor(updatedAtMs / 1_000),
      documents,
    })),
    slices,
  );
  const packed = new ByteWriter();
  for (const bucket of inBuckets(terms.keys())) {
    for (const term of bucket.sort()) {
      packed.clear();
      const documents = pack(terms.get(term)!, packed);
      writer.term(term, documents, packed.view());
      if (slices.isDue) await slices.pause();
    }
  }
  return writer.finish();
}

/** Terms by their first code unit, in its order: sorting all at once would hold the loop for long. */
function inBuckets(terms: Iterable<string>): string[][] {
  const buckets = new Map<number, string[]>();
  for (const term of terms) {
    const code = term.charCodeAt(0);
    const bucket = buckets.get(code);
    if (bucket === undefined) buckets.set(code, [term]);
    else bucket.push(term);
  }
  return [...buckets.keys()].sort((one, other) => one - other)
    .map((code) => buckets.get(code)!);
}

/** Packs the postings of a term; how many documents have it. */
function pack(postings: readonly number[], into: ByteWriter): number {
  let documents = 0;
  let before = -1;
  for (let from = 0; from < postings.length;) {
    const document = postings[from];
    let to = from;
    while (to < postings.length && postings[to] === document) to += 2;
    const count = (to - from) / 2;
    into.number((document - before) * 2 + (count > 1 ? 1 : 0));
    if (count > 1) into.number(count);
    let place = 0;
    for (let at = from + 1; at < to; at += 2) {
      into.number(postings[at] - place);
      place = postings[at];
    }
    before = document;
    documents += 1;
    from = to;
  }
  return documents;
}
