/**
 * Search over 10,000 threads of four messages with 400 characters each: how long indexing and a search
 * take, how long the event loop is held, and how big the index is.
 */
import { SearchRig, WORKSPACE } from "@/lib/chat/search/testing/search_rig.ts";
import { openStore } from "@/lib/kv/open.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";

const THREADS = 10_000;
const MESSAGES = 4;
const MESSAGE_LENGTH = 400;
/** Different words; the first are common, as in a language. */
const WORDS = 30_000;
const SEARCHES = 25;

const QUERIES = {
  "a rare word": () => "w29000",
  "a common word": () => "w1x",
  "three words": () => "w12x w40x w300",
  "the beginning of a word": () => "w1",
  "one letter": () => "w",
  "a phrase": () => '"w3x w1x"',
} as const;

export interface SearchCosts {
  indexSeconds: number;
  megabytes: number;
  segments: number;
  coldMs: number;
  /** Of each kind of query: median and worst. */
  searchMs: Record<string, { median: number; worst: number }>;
  /** Longest turns of the event loop, in milliseconds. */
  longestTurnMs: { indexing: number; searching: number };
}

/** Watches how late a timer of one millisecond fires. */
function watchLoop(): { stop(): number } {
  let longest = 0;
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before - 1);
    before = now;
  }, 1);
  return {
    stop: () => {
      clearInterval(timer);
      return longest;
    },
  };
}

function makeText(random: () => number): string {
  let text = "";
  while (text.length < MESSAGE_LENGTH) {
    // Zipf's law, roughly: the word's rank is uniform on a logarithmic scale.
    const rank = Math.floor(WORDS ** random());
    text += `w${rank}${rank < 1_000 ? "x" : ""} `;
  }
  return text;
}

export async function searchCosts(threads = THREADS): Promise<SearchCosts> {
  const folder = await Deno.makeTempDir();
  const store = await openStore({ location: `${folder}/freshet.db` });
  try {
    const rig = new SearchRig(store);
    const random = seededRandom(1);
    for (let made = 0; made < threads; made += 1) {
      await rig.add({
        title: makeText(random).slice(0, 40),
        texts: Array.from({ length: MESSAGES }, () => makeText(random)),
        updatedAt: new Date(Date.UTC(2026, 0, 1) + made * 60_000).toISOString(),
        isSilent: true,
      });
    }
    const indexLoop = watchLoop();
    const begun = performance.now();
    rig.consumers.start();
    await rig.settled();
    const indexSeconds = (performance.now() - begun) / 1_000;
    await rig.consumers.stop();
    const indexing = indexLoop.stop();

    const searchLoop = watchLoop();
    const cold = performance.now();
    await rig.find("w12x", { limit: 20 });
    const coldMs = performance.now() - cold;
    const searchMs: SearchCosts["searchMs"] = {};
    for (const [name, query] of Object.entries(QUERIES)) {
      const times: number[] = [];
      for (let run = 0; run < SEARCHES; run += 1) {
        const from = performance.now();
        await rig.find(query(), { limit: 20 });
        times.push(performance.now() - from);
      }
      times.sort((one, other) => one - other);
      searchMs[name] = {
        median: times[times.length >> 1],
        worst: times[times.length - 1],
      };
    }
    const searching = searchLoop.stop();
    const { segments } = await rig.index.load(WORKSPACE);
    const bytes = segments.reduce((sum, each) => sum + each.bytes, 0);
    return {
      indexSeconds,
      coldMs,
      searchMs,
      megabytes: bytes / 1e6,
      segments: segments.length,
      longestTurnMs: { indexing, searching },
    };
  } finally {
    store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The figures as lines to print. */
export function searchLines(costs: SearchCosts): string[] {
  return [
    `indexing 10,000 threads anew: ${costs.indexSeconds.toFixed(1)} s, ` +
    `${costs.megabytes.toFixed(1)} MB in ${costs.segments} segments`,
    `first search after a start, with loading: ${costs.coldMs.toFixed(0)} ms`,
    ...Object.entries(costs.searchMs).map(([name, { median, worst }]) =>
      `${name}: ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`
    ),
    `longest turn of the event loop: indexing ${
      costs.longestTurnMs.indexing.toFixed(0)
    } ms, searching ${costs.longestTurnMs.searching.toFixed(0)} ms`,
  ];
}
