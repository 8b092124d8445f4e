/** Which threads have everything that a query asks for, the best first. */
import { findClause } from "./matches.ts";
import type { Clause } from "./query.ts";
import { KIND } from "./segment_writer.ts";
import type { Slices } from "./slices.ts";
import type { View } from "./view.ts";

/** A place among the results; what has the same score is sorted by its newest activity. */
export interface RankPlace {
  score: number;
  /** Seconds since 1970 UTC. */
  updatedAt: number;
  /** Without prefix. */
  threadId: string;
}

export interface RankedThread extends RankPlace {
  /** Messages that have something of the query, the best first, without prefix. */
  messages: string[];
}

/** A word in a title counts as much as in this many messages. */
const TITLE_WEIGHT = 4;
/** What has everything in one place is worth more. */
const TOGETHER = 1.25;
/** Scores are whole numbers of this part, so that nearly equal ones are equal. */
const STEPS_PER_POINT = 10;
const DOCUMENTS_BETWEEN_LOOKS = 4_096;

export class Ranking {
  readonly #view: View;
  readonly #all: number;
  readonly #found: Uint16Array;
  readonly #scores: Float64Array;
  /** Of each segment, of each document: the clauses it has, and its score. */
  readonly #inDocuments: Uint16Array[];
  readonly #documentScores: Float32Array[];
  #places: (RankPlace & { number: number })[] = [];

  private constructor(view: View, clauses: number) {
    this.#view = view;
    this.#all = 2 ** clauses - 1;
    this.#found = new Uint16Array(view.threadIds.length);
    this.#scores = new Float64Array(view.threadIds.length);
    this.#inDocuments = view.segments.map(({ documents }) =>
      new Uint16Array(documents)
    );
    this.#documentScores = view.segments.map(({ documents }) =>
      new Float32Array(documents)
    );
  }

  /** Finds and ranks all threads. At most 16 clauses. */
  static async of(
    view: View,
    clauses: readonly Clause[],
    slices: Slices,
  ): Promise<Ranking> {
    const ranking = new Ranking(view, clauses.length);
    for (const [index, clause] of clauses.entries()) {
      const isSome = await ranking.#add(clause, 1 << index, slices);
      if (!isSome) return ranking;
    }
    await ranking.#sort(slices);
    return ranking;
  }

  /** Threads that have everything. */
  get count(): number {
    return this.#places.length;
  }

  /** Up to `count` threads behind a place (null: from the first on). */
  after(place: RankPlace | null, count: number): RankedThread[] {
    const first = place === null
      ? 0
      : this.#places.findIndex((each) => compare(each, place) > 0);
    if (first === -1) return [];
    const chosen = this.#places.slice(first, first + count);
    const messages = this.#messagesOf(chosen.map(({ number }) => number));
    return chosen.map(({ number, score, updatedAt, threadId }) => ({
      score,
      updatedAt,
      threadId,
      messages: messages.get(number) ?? [],
    }));
  }

  /** Adds what has the clause; false when nothing does that has all before it. */
  async #add(clause: Clause, bit: number, slices: Slices): Promise<boolean> {
    const { segments, alive, numbers } = this.#view;
    const needed = bit - 1;
    const best = new Float32Array(this.#found.length);
    const weights: Float32Array[] = [];
    let documents = 0;
    let isSome = false;
    for (const [index, segment] of segments.entries()) {
      const found = await findClause(segment, clause, slices);
      weights.push(found);
      for (let document = 0; document < found.length; document += 1) {
        if (document % DOCUMENTS_BETWEEN_LOOKS === 0 && slices.isDue) {
          await slices.pause();
        }
        if (found[document] === 0) continue;
        const number = numbers[index][segment.threadOf[document]];
        if (alive[index][document] === 0) {
          found[document] = 0;
          continue;
        }
        documents += 1;
        if ((this.#found[number] & needed) !== needed) continue;
        isSome = true;
        if (segment.kinds[document] === KIND.title) {
          found[document] *= TITLE_WEIGHT;
        }
        if (found[document] > best[number]) best[number] = found[document];
        this.#found[number] |= bit;
        this.#inDocuments[index][document] |= bit;
      }
    }
    // What few have says more; in whole steps, so that scores hold while the index grows.
    const rarity = Math.max(
      1,
      Math.round(Math.log2((this.#view.documents + 1) / (documents + 1))),
    );
    for (let number = 0; number < best.length; number += 1) {
      this.#scores[number] += best[number] * rarity;
    }
    for (const [index, found] of weights.entries()) {
      const scores = this.#documentScores[index];
      for (let document = 0; document < found.length; document += 1) {
        scores[document] += found[document] * rarity;
      }
      if (slices.isDue) await slices.pause();
    }
    return isSome;
  }

  async #sort(slices: Slices): Promise<void> {
    const { threadIds, updatedAt, segments, numbers } = this.#view;
    const isTogether = new Uint8Array(threadIds.length);
    if (this.#all > 1) {
      for (const [index, masks] of this.#inDocuments.entries()) {
        for (let document = 0; document < masks.length; document += 1) {
          if (masks[document] !== this.#all) continue;
          isTogether[numbers[index][segments[index].threadOf[document]]] = 1;
        }
        if (slices.isDue) await slices.pause();
      }
    }
    for (const [number, threadId] of threadIds.entries()) {
      if (this.#found[number] !== this.#all) continue;
      const points = this.#scores[number] * (isTogether[number] ? TOGETHER : 1);
      this.#places.push({
        number,
        threadId,
        updatedAt: updatedAt[number],
        score: Math.round(points * STEPS_PER_POINT),
      });
    }
    if (slices.isDue) await slices.pause();
    this.#places.sort(compare);
  }

  #messagesOf(threads: readonly number[]): Map<number, string[]> {
    const wanted = new Set(threads);
    const found = new Map<
      number,
      { id: string; clauses: number; score: number }[]
    >();
    for (const [index, segment] of this.#view.segments.entries()) {
      const ofSegment = this.#view.numbers[index];
      for (let thread = 0; thread < segment.threads; thread += 1) {
        const number = ofSegment[thread];
        if (!wanted.has(number)) continue;
        for (
          let document = segment.firstDocument[thread];
          document < segment.firstDocument[thread + 1];
          document += 1
        ) {
          const mask = this.#inDocuments[index][document];
          if (mask === 0 || segment.kinds[document] === KIND.title) continue;
          const match = {
            id: segment.documentId(document),
            clauses: bits(mask),
            score: this.#documentScores[index][document],
          };
          const known = found.get(number);
          if (known === undefined) found.set(number, [match]);
          else known.push(match);
        }
      }
    }
    return new Map(
      [...found].map(([number, matches]) => [
        number,
        matches.sort((one, other) =>
          other.clauses - one.clauses || other.score - one.score ||
          (one.id < other.id ? 1 : -1)
        ).map(({ id }) => id),
      ]),
    );
  }
}

function compare(one: RankPlace, other: RankPlace): number {
  return other.score - one.score || other.updatedAt - one.updatedAt ||
    (one.threadId < other.threadId
      ? 1
      : one.threadId > other.threadId
      ? -1
      : 0);
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
