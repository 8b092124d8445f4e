/** Where the clauses of a query are found. */
import type { Clause } from "./query.ts";
import { Postings, type Segment, type TermEntry } from "./segment.ts";
import type { Slices } from "./slices.ts";

/** A word that only begins with what was typed counts less. */
const PREFIX_WEIGHT = 0.7;
const POSTINGS_BETWEEN_LOOKS = 4_096;

/** How often a term is there says little after the third time. */
function weightOf(count: number): number {
  return count === 1 ? 1 : count === 2 ? 1.25 : 1.4;
}

/**
 * Finds the documents of a segment that have a clause.
 * @returns of each document, how well it fits: 0 for not at all, else up to 1.4
 */
export async function findClause(
  segment: Segment,
  { terms, isPrefix }: Clause,
  slices: Slices,
): Promise<Float32Array> {
  const weights = new Float32Array(segment.documents);
  if (terms.length > 1) {
    await findPhrase(segment, terms, isPrefix, weights, slices);
    return weights;
  }
  let seen = 0;
  for (const entry of entriesOf(segment, terms[0], isPrefix)) {
    const factor = entry.term === terms[0] ? 1 : PREFIX_WEIGHT;
    const postings = new Postings(segment, entry);
    while (postings.next()) {
      const weight = factor * weightOf(postings.count);
      const { document } = postings;
      if (weight > weights[document]) weights[document] = weight;
      seen += 1;
      if (seen % POSTINGS_BETWEEN_LOOKS === 0 && slices.isDue) {
        await slices.pause();
      }
    }
  }
  return weights;
}

function* entriesOf(
  segment: Segment,
  term: string,
  isPrefix: boolean,
): Generator<TermEntry, void, void> {
  for (const entry of segment.termsFrom(term)) {
    if (entry.term !== term && !(isPrefix && entry.term.startsWith(term))) {
      return;
    }
    yield entry;
  }
}

/** Documents in which the terms follow each other. */
async function findPhrase(
  segment: Segment,
  terms: readonly string[],
  isPrefix: boolean,
  weights: Float32Array,
  slices: Slices,
): Promise<void> {
  // Of each document, the places where the terms so far end.
  let ends: Map<number, Set<number>> | null = null;
  let seen = 0;
  for (const [index, term] of terms.entries()) {
    const next = new Map<number, Set<number>>();
    const mayGoOn = isPrefix && index === terms.length - 1;
    for (const entry of entriesOf(segment, term, mayGoOn)) {
      const postings = new Postings(segment, entry);
      while (postings.next()) {
        seen += 1;
        const { document } = postings;
        const before = ends?.get(document);
        if (ends === null || before !== undefined) {
          const places = postings.places().filter((place) =>
            before === undefined || before.has(place - 1)
          );
          if (places.length > 0) {
            const known = next.get(document);
            if (known === undefined) next.set(document, new Set(places));
            else for (const place of places) known.add(place);
          }
        }
        if (seen % POSTINGS_BETWEEN_LOOKS === 0 && slices.isDue) {
          await slices.pause();
        }
      }
    }
    ends = next;
    if (ends.size === 0) return;
  }
  for (const [document, places] of ends ?? []) {
    weights[document] = weightOf(places.size);
  }
}
