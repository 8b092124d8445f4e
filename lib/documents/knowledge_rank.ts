/** Which chunks of some documents say most about a question. */
import { Postings } from "@/lib/chat/search/segment.ts";
import { KIND } from "@/lib/chat/search/segment_writer.ts";
import type { Slices } from "@/lib/chat/search/slices.ts";
import { tokensOf } from "@/lib/chat/search/tokens.ts";
import type { View } from "@/lib/chat/search/view.ts";
import { chunkNumber } from "./chunk/chunk_id.ts";

export interface RankedChunk {
  /** Id of the document without its prefix. */
  document: string;
  number: number;
  score: number;
}

/** Words of a question that count; the rest of a long one is left out. */
const MAX_TERMS = 40;
const LONGEST_QUESTION = 8_000;
const POSTINGS_BETWEEN_LOOKS = 1_024;

/** How soon a word that comes again adds little; BM25's k1, without its length since chunks are alike. */
const SATURATION = 1.2;

/** A chunk must have this share of what the best one has. */
const LEAST_SHARE = 0.25;

/**
 * The best chunks, best first, by BM25 (Robertson and Zaragoza 2009). Every word may be missing, since
 * questions have many that documents have not; a word that is everywhere counts for nothing.
 * @param documents ids without their prefix
 */
export async function rankChunks(
  view: View,
  documents: ReadonlySet<string>,
  question: string,
  most: number,
  slices: Slices,
): Promise<RankedChunk[]> {
  const isWanted = view.threadIds.map((id) => documents.has(id));
  const all = countChunks(view, isWanted);
  if (all === 0) return [];
  const scores = view.segments.map(({ documents }) =>
    new Float32Array(documents)
  );
  for (const term of termsOf(question)) {
    const found = await collect(view, isWanted, term, slices);
    let having = 0;
    for (const { weights } of found) having += weights.length;
    if (having === 0) continue;
    const rarity = Math.log(1 + (all - having + 0.5) / (having + 0.5));
    for (const { segment, chunks, weights } of found) {
      for (const [place, chunk] of chunks.entries()) {
        scores[segment][chunk] += rarity * weights[place];
      }
    }
  }
  const ranked: RankedChunk[] = [];
  for (const [index, ofSegment] of scores.entries()) {
    const segment = view.segments[index];
    for (const [chunk, score] of ofSegment.entries()) {
      if (score === 0) continue;
      ranked.push({
        document: segment.threadIds[segment.threadOf[chunk]],
        number: chunkNumber(segment.documentId(chunk)),
        score,
      });
    }
    if (slices.isDue) await slices.pause();
  }
  ranked.sort((one, other) => other.score - one.score);
  const least = (ranked[0]?.score ?? 0) * LEAST_SHARE;
  return ranked.slice(0, most).filter(({ score }) => score >= least);
}

function termsOf(question: string): Set<string> {
  const terms = new Set<string>();
  for (
    const { term, isTail } of tokensOf(question.slice(0, LONGEST_QUESTION))
  ) {
    if (!isTail) terms.add(term);
    if (terms.size === MAX_TERMS) break;
  }
  return terms;
}

function countChunks(view: View, isWanted: readonly boolean[]): number {
  let count = 0;
  for (const [index, segment] of view.segments.entries()) {
    for (let chunk = 0; chunk < segment.documents; chunk += 1) {
      if (counts(view, isWanted, index, chunk)) count += 1;
    }
  }
  return count;
}

function counts(
  { segments, alive, numbers }: View,
  isWanted: readonly boolean[],
  index: number,
  chunk: number,
): boolean {
  const segment = segments[index];
  return alive[index][chunk] === 1 && segment.kinds[chunk] !== KIND.title &&
    isWanted[numbers[index][segment.threadOf[chunk]]];
}

interface Found {
  segment: number;
  chunks: number[];
  weights: number[];
}

async function collect(
  view: View,
  isWanted: readonly boolean[],
  term: string,
  slices: Slices,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const [index, segment] of view.segments.entries()) {
    const entry = segment.termsFrom(term).next().value;
    if (!entry || entry.term !== term) continue;
    const ofSegment: Found = { segment: index, chunks: [], weights: [] };
    const postings = new Postings(segment, entry);
    for (let seen = 1; postings.next(); seen += 1) {
      if (seen % POSTINGS_BETWEEN_LOOKS === 0 && slices.isDue) {
        await slices.pause();
      }
      const { document, count } = postings;
      if (!counts(view, isWanted, index, document)) continue;
      ofSegment.chunks.push(document);
      ofSegment.weights.push(
        count * (SATURATION + 1) / (count + SATURATION),
      );
    }
    found.push(ofSegment);
  }
  return found;
}
