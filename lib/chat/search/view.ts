/** The segments of an index as one: what of the older ones newer ones hide, and each thread once. */
import type { Segment } from "./segment.ts";
import { KIND, REPLACES } from "./segment_writer.ts";
import type { Slices } from "./slices.ts";

export interface View {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** Of each segment, of each document: 1 when it counts. */
  readonly alive: readonly Uint8Array[];
  /** Of each segment: number of each of its threads among all. */
  readonly numbers: readonly Uint32Array[];
  /** Ids of all threads, without prefix. */
  readonly threadIds: readonly string[];
  /** Newest activity of all threads, seconds since 1970 UTC. */
  readonly updatedAt: readonly number[];
  /** Documents that count. */
  readonly documents: number;
}

const DOCUMENTS_BETWEEN_LOOKS = 512;

/** @param segments oldest first */
export async function makeView(
  segments: readonly Segment[],
  slices: Slices,
): Promise<View> {
  const numberOf = new Map<string, number>();
  const threadIds: string[] = [];
  /** Of each thread, the oldest segment that has it. */
  const oldest: number[] = [];
  const numbers: Uint32Array[] = [];
  for (const [index, segment] of segments.entries()) {
    const ofSegment = new Uint32Array(segment.threads);
    for (const [place, id] of segment.threadIds.entries()) {
      let number = numberOf.get(id);
      if (number === undefined) {
        number = threadIds.length;
        numberOf.set(id, number);
        threadIds.push(id);
        oldest.push(index);
      }
      ofSegment[place] = number;
    }
    numbers.push(ofSegment);
    if (slices.isDue) await slices.pause();
  }
  const updatedAt = new Array<number>(threadIds.length).fill(0);
  /** Threads of which nothing older counts. */
  const replaced = new Set<number>();
  /** Of threads that older segments have too: the documents of newer ones. */
  const known = new Map<number, Set<string>>();
  const alive: Uint8Array[] = new Array(segments.length);
  let documents = 0;
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index];
    const ofSegment = alive[index] = new Uint8Array(segment.documents);
    for (let thread = 0; thread < segment.threads; thread += 1) {
      const number = numbers[index][thread];
      updatedAt[number] ||= segment.updatedAt[thread];
      if (!replaced.has(number)) {
        const isShared = oldest[number] < index;
        documents += reviveThread(
          segment,
          thread,
          ofSegment,
          known.get(number),
          isShared ? (ids) => known.set(number, ids) : null,
        );
        if (segment.flags[thread] & REPLACES) replaced.add(number);
      }
      if (thread % DOCUMENTS_BETWEEN_LOOKS === 0 && slices.isDue) {
        await slices.pause();
      }
    }
  }
  return { segments, alive, numbers, threadIds, updatedAt, documents };
}

/** Marks the documents of a thread that no newer segment hides; how many they are. */
function reviveThread(
  segment: Segment,
  thread: number,
  alive: Uint8Array,
  hidden: Set<string> | undefined,
  keep: ((ids: Set<string>) => void) | null,
): number {
  const from = segment.firstDocument[thread];
  const to = segment.firstDocument[thread + 1];
  const ids = keep === null ? null : hidden ?? new Set<string>();
  const found: string[] = [];
  let count = 0;
  for (let document = from; document < to; document += 1) {
    const id = hidden !== undefined || ids !== null
      ? segment.documentId(document)
      : "";
    if (ids !== null) found.push(id);
    if (hidden?.has(id) || segment.kinds[document] === KIND.gone) continue;
    alive[document] = 1;
    count += 1;
  }
  if (ids !== null) {
    for (const id of found) ids.add(id);
    keep!(ids);
  }
  return count;
}
