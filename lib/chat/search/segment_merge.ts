/** Makes one segment out of several that follow each other. */
import { ByteWriter } from "./bytes.ts";
import { Postings, type Segment, type TermEntry } from "./segment.ts";
import {
  KIND,
  type Kind,
  REPLACES,
  SegmentWriter,
  type ThreadRow,
} from "./segment_writer.ts";
import type { Slices } from "./slices.ts";
import { makeView } from "./view.ts";

/** A document on its way into the merged segment. */
interface Kept {
  id: string;
  kind: Kind;
  segment: number;
  document: number;
}

const NOT_KEPT = 0xffffffff;
const POSTINGS_BETWEEN_LOOKS = 1_024;

/**
 * @param segments oldest first
 * @param isWhole nothing is older than these, so that nothing has to be hidden any more
 */
export async function mergeSegments(
  segments: readonly Segment[],
  isWhole: boolean,
  slices: Slices,
): Promise<Uint8Array<ArrayBuffer>> {
  const { rows, targets } = await placeDocuments(segments, isWhole, slices);
  const writer = await SegmentWriter.of(rows, slices);
  const cursors = segments.map((segment, index) => {
    const terms = segment.termsFrom("");
    return { index, terms, entry: terms.next().value ?? null };
  });
  const packed = new ByteWriter();
  while (true) {
    let term: string | null = null;
    for (const { entry } of cursors) {
      if (entry !== null && (term === null || entry.term < term)) {
        term = entry.term;
      }
    }
    if (term === null) break;
    const sources: Source[] = [];
    for (const cursor of cursors) {
      if (cursor.entry?.term !== term) continue;
      sources.push({
        segment: segments[cursor.index],
        targets: targets[cursor.index],
        entry: cursor.entry,
      });
      cursor.entry = cursor.terms.next().value ?? null;
    }
    packed.clear();
    const documents = await mergePostings(sources, packed, slices);
    if (documents > 0) writer.term(term, documents, packed.view());
    if (slices.isDue) await slices.pause();
  }
  return writer.finish();
}

/** The threads of the merged segment, and where each document of each segment goes. */
async function placeDocuments(
  segments: readonly Segment[],
  isWhole: boolean,
  slices: Slices,
): Promise<{ rows: ThreadRow[]; targets: Uint32Array[] }> {
  const view = await makeView(segments, slices);
  const kept: Kept[][] = view.threadIds.map(() => []);
  const flags = new Uint8Array(view.threadIds.length);
  /** Documents that newer segments hide again, of each thread. */
  const gone: (Set<string> | undefined)[] = [];
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index];
    for (let thread = 0; thread < segment.threads; thread += 1) {
      const number = view.numbers[index][thread];
      for (
        let document = segment.firstDocument[thread];
        document < segment.firstDocument[thread + 1];
        document += 1
      ) {
        const kind = segment.kinds[document] as Kind;
        const isAlive = view.alive[index][document] === 1;
        if (!isAlive && (isWhole || kind !== KIND.gone)) continue;
        // A hiding document stays only while there is nothing newer with its id, and once.
        const id = segment.documentId(document);
        if (!isAlive) {
          if (flags[number] || gone[number]?.has(id)) continue;
          if (kept[number].some((other) => other.id === id)) continue;
          (gone[number] ??= new Set()).add(id);
        }
        kept[number].push({ id, kind, segment: index, document });
      }
      flags[number] |= segment.flags[thread] & REPLACES;
      if (thread % POSTINGS_BETWEEN_LOOKS === 0 && slices.isDue) {
        await slices.pause();
      }
    }
  }
  const targets = segments.map((segment) =>
    new Uint32Array(segment.documents).fill(NOT_KEPT)
  );
  const order = view.threadIds.map((id, number) => ({ id, number }))
    .filter(({ number }) => !isWhole || kept[number].length > 0);
  order.sort((one, other) => one.id < other.id ? -1 : 1);
  let next = 0;
  const rows = order.map(({ id, number }): ThreadRow => {
    const documents = kept[number].sort((one, other) =>
      one.id < other.id ? -1 : 1
    );
    for (const { segment, document } of documents) {
      targets[segment][document] = next++;
    }
    return {
      id,
      flags: isWhole ? 0 : flags[number],
      updatedAt: view.updatedAt[number],
      documents,
    };
  });
  return { rows, targets };
}

interface Source {
  segment: Segment;
  targets: Uint32Array;
  entry: TermEntry;
}

/** Packs the postings of one term from all segments that have it; how many documents are left. */
async function mergePostings(
  sources: readonly Source[],
  into: ByteWriter,
  slices: Slices,
): Promise<number> {
  const heads = sources.map(({ segment, targets, entry }) => {
    const postings = new Postings(segment, entry);
    return { postings, targets, target: advance(postings, targets) };
  });
  let documents = 0;
  let before = -1;
  while (true) {
    let lowest = heads[0];
    for (const head of heads) {
      if (head.target < lowest.target) lowest = head;
    }
    if (lowest.target === NOT_KEPT) return documents;
    const { count } = lowest.postings;
    into.number((lowest.target - before) * 2 + (count > 1 ? 1 : 0));
    if (count > 1) into.number(count);
    into.raw(lowest.postings.packedPlaces());
    before = lowest.target;
    documents += 1;
    lowest.target = advance(lowest.postings, lowest.targets);
    if (documents % POSTINGS_BETWEEN_LOOKS === 0 && slices.isDue) {
      await slices.pause();
    }
  }
}

/** Goes to the next document that is kept, and says where it goes. */
function advance(postings: Postings, targets: Uint32Array): number {
  while (postings.next()) {
    const target = targets[postings.document];
    if (target !== NOT_KEPT) return target;
  }
  return NOT_KEPT;
}
