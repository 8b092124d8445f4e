import assert from "node:assert/strict";
import { renderToString } from "preact-render-to-string";
import { UsageBody } from "@/components/usage/UsageBody.tsx";
import { silentLogger } from "@/lib/observe/log.ts";
import type { UsageChoice } from "@/lib/shared/usage/usage_choice.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import { bucketStarts } from "@/lib/usage/usage_buckets.ts";
import type { UsageQuestion, UsageReport } from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import { loadUsagePage } from "./usage_page.ts";
import { TABLE_ROWS } from "./usage_page_parts.ts";

const NOW_MS = Date.parse("2026-11-21T14:20:00Z");
const CHOICE: UsageChoice = {
  path: "/admin/usage",
  range: "30d",
  fromDay: null,
  toDay: null,
  timeZone: "UTC",
  isZoneChosen: false,
  groupBy: "model",
  measure: null,
  filters: {},
  all: null,
  sort: null,
};

type Numbers = UsageReport["totals"];

function numbers(requests: number, more: Partial<Numbers> = {}): Numbers {
  const times = { n: requests, p50: 500, p95: 1_500, p99: 2_500 };
  return {
    requests,
    errors: 0,
    inputTokens: 1_000 * requests,
    cachedInputTokens: 0,
    outputTokens: 100 * requests,
    costMicroUsd: 9_876 * requests,
    unpricedRequests: 0,
    estimatedRequests: 0,
    cacheHits: 0,
    joined: 0,
    savedMicroUsd: 0,
    activeUsers: Math.min(requests, 3),
    ttftMs: times,
    tokensPerSecond: times,
    totalMs: times,
    overheadMs: times,
    ...more,
  };
}

/** A workspace in which each of some groups asked something each day, but for some days. */
function answer(
  question: UsageQuestion,
  { groups, each, gaps = [], rows }: {
    groups: number;
    each: Numbers;
    gaps?: readonly number[];
    /** In place of groups that are all the same. */
    rows?: UsageReport["groups"];
  },
): UsageReport {
  const { fromMs, toMs, bucket, timeZone, groupBy, series } = question;
  const name = (index: number) => `${groupBy}-with-a-long-name/${index}`;
  const starts = bucketStarts(fromMs, toMs, bucket, timeZone)
    .filter((_, index) => !gaps.includes(index));
  const keys: (string | null)[] = groupBy === null
    ? [null]
    : [...Array.from({ length: Math.min(groups, series) }, (_, i) => name(i))]
      .concat(groups > series ? ["other"] : []);
  return {
    fromMs,
    toMs,
    bucket,
    timeZone,
    totals: each,
    groups: groupBy === null ? [] : rows ??
      Array.from({ length: groups }, (_, i) => ({ key: name(i), ...each })),
    series: starts.flatMap((startMs) =>
      keys.map((key) => ({ startMs, key, ...each }))
    ),
    asOfMs: NOW_MS,
  };
}

async function load(
  choice: UsageChoice,
  scene: Parameters<typeof answer>[1],
): Promise<UsagePageView> {
  const parts = {
    caller: { workspace: "wsp_a", user: "usr_1", groups: [], isOperator: true },
    log: silentLogger(),
    services: {
      store: { clock: { now: () => NOW_MS } },
      usage: {
        query: {
          ask: (_: string, question: UsageQuestion) =>
            Promise.resolve(answer(question, scene)),
        },
      },
      budgets: { effective: () => Promise.resolve([]) },
      users: { account: () => Promise.resolve(null) },
      groups: { findMany: () => Promise.resolve([]) },
      apiKeys: { named: () => Promise.resolve([]) },
    },
  };
  // Of the services a page calls these alone.
  const state = parts as unknown as State;
  return await loadUsagePage(state, choice, new AbortController().signal);
}

function html(view: UsagePageView): string {
  return renderToString(
    <UsageBody
      view={view}
      title="Usage and cost"
      whose="Workspace"
      isAdmin
      tableRows={TABLE_ROWS}
    />,
  );
}

Deno.test("loadUsagePage: so many series have colours, the others are one, and nothing is lost", async () => {
  const each = numbers(40);
  const view = await load(CHOICE, { groups: 30, each });
  const bars = view.bars!;
  assert.equal(bars.length, 8);
  assert.equal(bars.at(-1)!.label, "23 others");
  assert.equal(new Set(bars.map(({ hue }) => hue)).size, 8);
  const total = bars.reduce((sum, bar) => sum + bar.total, 0);
  assert.equal(total, 30 * each.costMicroUsd);
  // Exactly as many as there are colours need no others.
  const eight = await load(CHOICE, { groups: 8, each });
  assert.ok(eight.bars!.every(({ part }) => part !== null));
});

Deno.test("loadUsagePage: a day without records is a gap in every series, not a zero", async () => {
  const view = await load(CHOICE, {
    groups: 2,
    each: numbers(40),
    gaps: [3],
  });
  assert.equal(view.places.length, 30);
  assert.ok(view.bars!.every(({ values }) => values[3] === null));
  assert.ok(view.bars!.every(({ values }) => values[4]! > 0));
  assert.equal(view.moments[3].numbers, null);
});

Deno.test("loadUsagePage: what has no price is counted by answers, and never told as free", async () => {
  const each = numbers(40, { costMicroUsd: 0, unpricedRequests: 40 });
  const view = await load(CHOICE, { groups: 2, each });
  assert.equal(view.measure, "requests");
  const page = html(view);
  assert.match(page, /40 answers are unpriced: <a href="\/admin\/prices">/);
  assert.match(page, /reading-figure">unpriced</);
  assert.doesNotMatch(page, /\$0\.00/);
});

Deno.test("usage page: percentiles of fewer than 20 are dashes, with how many there are", async () => {
  const view = await load(CHOICE, { groups: 1, each: numbers(19) });
  const page = html(view).replaceAll(/ +>/g, ">");
  assert.match(page, /First token, p95<\/dt><dd class="reading-figure">–</);
  assert.match(page, /<td class="num soft">19<\/td>/);
  assert.match(page, /No day has 20 streamed answers/);
});

Deno.test("usage page: nothing before is no change, and one answer alone fills a page", async () => {
  const page = html(
    await load({ ...CHOICE, range: "24h" }, {
      groups: 1,
      each: numbers(1),
    }),
  );
  assert.doesNotMatch(page, /NaN|Infinity|undefined|null/);
});

Deno.test("usage page: 90 days of 8 models with long names stay far below 100 KB of HTML", async () => {
  const choices: Partial<UsageChoice>[] = [
    { range: "90d" },
    { range: "90d", groupBy: "user", all: 1 },
    { range: "all" },
  ];
  for (const change of choices) {
    const view = await load({ ...CHOICE, ...change }, {
      groups: 400,
      each: numbers(4_321),
    });
    const bytes = new TextEncoder().encode(html(view)).length;
    // The navigation and the drawings of the icons take less than 20 KB.
    assert.ok(bytes < 80_000, `${JSON.stringify(change)}: ${bytes} bytes`);
  }
});

Deno.test("usage page: names are text, whatever they hold", async () => {
  const view = await load(
    { ...CHOICE, filters: { model: [`"><img src=x onerror=alert(1)>`] } },
    { groups: 1, each: numbers(40) },
  );
  assert.doesNotMatch(html(view), /<img/);
});

Deno.test("loadUsagePage: the file is of the same rows as the page", async () => {
  const view = await load(
    {
      ...CHOICE,
      path: "/usage",
      filters: { key: ["none"], model: ["a", "b"] },
    },
    { groups: 1, each: numbers(40) },
  );
  const query = new URL(view.csvHref, "http://h").searchParams;
  assert.deepEqual(query.getAll("model"), ["a", "b"]);
  assert.deepEqual(query.getAll("key"), ["none"]);
  assert.deepEqual(query.getAll("user"), ["usr_1"]);
  assert.equal(query.get("from"), "2026-10-23T00:00:00.000Z");
  assert.equal(query.get("to"), "2026-11-21T14:20:00.000Z");
});

Deno.test("loadUsagePage: the table of all is read a page at a time", async () => {
  const view = await load({ ...CHOICE, groupBy: "user", all: 3 }, {
    groups: 120,
    each: numbers(40),
  });
  assert.equal(view.groups!.count, 120);
  assert.equal(view.groups!.parts.length, 20);
  const page = html(view);
  assert.match(page, /page 3 of 3/);
});

Deno.test("loadUsagePage: the table is in the order that was chosen, what says nothing last", async () => {
  const times = { n: 40, p50: 1, p95: 9_000, p99: 9_000 };
  const few = { n: 3, p50: 1, p95: 99_000, p99: 99_000 };
  const rows = [
    { key: "dear", ...numbers(40) },
    { key: "broken", ...numbers(30, { errors: 9 }) },
    { key: "slow", ...numbers(20, { ttftMs: times }) },
    { key: "rare", ...numbers(10, { ttftMs: few }) },
  ];
  const first = async (sort: UsageChoice["sort"]) => {
    const view = await load({ ...CHOICE, all: 1, sort }, {
      groups: 4,
      each: numbers(40),
      rows,
    });
    return view.groups!.parts.map(({ key }) => key);
  };
  assert.deepEqual((await first("cost"))[0], "dear");
  assert.deepEqual((await first("errors"))[0], "broken");
  const bySpeed = await first("first");
  assert.deepEqual([bySpeed[0], bySpeed.at(-1)], ["slow", "rare"]);
});
