/** Segments against the same done by hand, over random changes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseQuery } from "./query.ts";
import { Ranking } from "./rank.ts";
import { Segment } from "./segment.ts";
import { buildSegment, type ThreadChange } from "./segment_build.ts";
import { mergeSegments } from "./segment_merge.ts";
import { KIND, TITLE_ID } from "./segment_writer.ts";
import { Slices } from "./slices.ts";
import { tokensOf } from "./tokens.ts";
import { makeView } from "./view.ts";

const RUNS = Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 150);
const WORDS = ["ab", "abc", "b", "bad", "c", "dé", "水位", "🌊x", "z9"];

const idOf = (number: number) => String(number).padStart(22, "0");

const document = fc.record({
  number: fc.integer({ min: 1, max: 4 }),
  words: fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }),
  isGone: fc.boolean(),
});

const change = fc.record({
  thread: fc.integer({ min: 1, max: 5 }),
  replaces: fc.boolean(),
  documents: fc.uniqueArray(document, {
    maxLength: 4,
    selector: ({ number }) => number,
  }),
});

const batch = fc.uniqueArray(change, {
  minLength: 1,
  maxLength: 4,
  selector: ({ thread }) => thread,
});

type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;

function toChanges(changes: Batch, index: number): ThreadChange[] {
  return changes.map(({ thread, replaces, documents }) => ({
    id: idOf(thread),
    replaces,
    updatedAtMs: index * 1_000,
    documents: documents.map(({ number, words, isGone }) => ({
      id: number === 1 ? TITLE_ID : idOf(number),
      kind: isGone ? KIND.gone : number === 1 ? KIND.title : KIND.user,
      text: isGone ? "" : words.join(" "),
    })),
  }));
}

/** What counts after all the changes: of each thread, of each document, its words. */
function byHand(batches: readonly Batch[]): Map<string, Map<string, string>> {
  const threads = new Map<string, Map<string, string>>();
  for (const [index, each] of batches.entries()) {
    for (const { id, replaces, documents } of toChanges(each, index)) {
      const known = replaces ? undefined : threads.get(id);
      const texts = known ?? new Map<string, string>();
      threads.set(id, texts);
      for (const { id, kind, text } of documents) {
        if (kind === KIND.gone) texts.delete(id);
        else texts.set(id, text);
      }
    }
  }
  return threads;
}

function threadsWith(
  threads: ReturnType<typeof byHand>,
  word: string,
  isPrefix: boolean,
): string[] {
  const [{ term }] = tokensOf(word);
  return [...threads].filter(([, texts]) =>
    [...texts.values()].some((text) =>
      [...tokensOf(text)].some((token) =>
        isPrefix ? token.term.startsWith(term) : token.term === term
      )
    )
  ).map(([id]) => id).toSorted();
}

async function check(
  segments: readonly Segment[],
  threads: ReturnType<typeof byHand>,
): Promise<void> {
  const slices = new Slices();
  const view = await makeView(segments, slices);
  const alive = [...threads.values()].reduce((sum, { size }) => sum + size, 0);
  assert.equal(view.documents, alive);
  for (const word of WORDS) {
    for (const query of [word, `"${word}"`]) {
      const ranking = await Ranking.of(view, parseQuery(query), slices);
      const found = ranking.after(null, 100).map(({ threadId }) => threadId);
      const isPrefix = query === word;
      assert.deepEqual(
        found.toSorted(),
        threadsWith(threads, word, isPrefix),
        query,
      );
    }
  }
}

Deno.test("segments: whatever changes in whatever order, and however it is merged, what counts is found", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 6 }),
      fc.nat({ max: 5 }),
      async (batches, split) => {
        const slices = new Slices();
        const segments: Segment[] = [];
        for (const [index, each] of batches.entries()) {
          const bytes = await buildSegment(toChanges(each, index), slices);
          segments.push(new Segment(bytes));
        }
        const threads = byHand(batches);
        await check(segments, threads);
        const kept = segments.slice(0, split % segments.length);
        const newer = segments.slice(kept.length);
        const merged = new Segment(
          await mergeSegments(newer, kept.length === 0, slices),
        );
        await check([...kept, merged], threads);
        const whole = new Segment(
          await mergeSegments([...kept, merged], true, slices),
        );
        await check([whole], threads);
        assert.ok([...whole.kinds].every((kind) => kind !== KIND.gone));
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("segments: places survive a merge, so that phrases are still phrases", async () => {
  const slices = new Slices();
  const make = async (id: number, text: string) =>
    new Segment(
      await buildSegment([{
        id: idOf(id),
        replaces: false,
        updatedAtMs: 0,
        documents: [{ id: idOf(9), kind: KIND.user, text }],
      }], slices),
    );
  const far = "pad ".repeat(300);
  const merged = new Segment(
    await mergeSegments(
      [
        await make(1, `a b c ${far} b a`),
        await make(2, `b a ${far} a c b a b`),
      ],
      true,
      slices,
    ),
  );
  const view = await makeView([merged], slices);
  const find = async (query: string) =>
    (await Ranking.of(view, parseQuery(query), slices)).after(null, 9)
      .map(({ threadId }) => Number(threadId)).toSorted();
  assert.deepEqual(await find('"a b c"'), [1]);
  assert.deepEqual(await find('"a c b a b"'), [2]);
  assert.deepEqual(await find('"pad b a"'), [1]);
  assert.deepEqual(await find('"b a"'), [1, 2]);
  assert.deepEqual(await find('"c a"'), []);
});
