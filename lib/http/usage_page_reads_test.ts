import assert from "node:assert/strict";
import { createLogger } from "@/lib/observe/log.ts";
import type { UsageChoice } from "@/lib/shared/usage/usage_choice.ts";
import type { UsageQuestion, UsageReport } from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import { readUsage } from "./usage_page_reads.ts";
import { spanOf } from "./usage_page_span.ts";

const NOW_MS = Date.parse("2026-11-21T14:20:00Z");
const CHOICE: UsageChoice = {
  path: "/admin/usage",
  range: "30d",
  fromDay: null,
  toDay: null,
  timeZone: "Asia/Kolkata",
  isZoneChosen: false,
  groupBy: "model",
  measure: null,
  filters: {},
  all: null,
  sort: null,
};

/** What a page asks, answered by the test. */
function stateOf(
  answer: (question: UsageQuestion) => Promise<UsageReport>,
  lines: string[] = [],
): State {
  const parts = {
    caller: { workspace: "wsp_a", user: "usr_1", groups: [] },
    log: createLogger({
      write: (line) => lines.push(line),
      format: "json",
      level: "debug",
    }),
    services: {
      usage: {
        query: {
          ask: (_workspace: string, question: UsageQuestion) =>
            answer(question),
        },
      },
      budgets: { effective: () => Promise.resolve([]) },
    },
  };
  // Of the services the reads call these alone.
  return parts as unknown as State;
}

const EMPTY = { groups: [], series: [] } as unknown as UsageReport;

function read(state: State, deadlineMs = 10_000, choice = CHOICE) {
  return readUsage(state, {
    choice,
    span: spanOf(choice, NOW_MS),
    nowMs: NOW_MS,
    signal: new AbortController().signal,
    deadlineMs,
  });
}

Deno.test("readUsage: a list that is late is missing, and all else is there", async () => {
  const never = new Promise<UsageReport>(() => {});
  const reads = await read(
    stateOf(({ groupBy }) =>
      groupBy === "user" ? never : Promise.resolve(EMPTY)
    ),
    50,
  );
  assert.deepEqual(reads.missing, ["the list by user"]);
  assert.equal(
    reads.lists.find(({ group }) => group === "user")!.report,
    null,
  );
  assert.ok(reads.whole !== null && reads.grouped !== null);
});

Deno.test("readUsage: a list that fails is missing, and the log says why", async () => {
  const lines: string[] = [];
  const reads = await read(
    stateOf(
      ({ groupBy }) =>
        groupBy === "key"
          ? Promise.reject(new Error("The sum is damaged"))
          : Promise.resolve(EMPTY),
      lines,
    ),
  );
  assert.deepEqual(reads.missing, ["the list by key"]);
  assert.match(lines.join("\n"), /The sum is damaged/);
});

Deno.test("readUsage: who has gone is not waited for", async () => {
  const gone = new AbortController();
  const reading = readUsage(stateOf(() => new Promise(() => {})), {
    choice: CHOICE,
    span: spanOf(CHOICE, NOW_MS),
    nowMs: NOW_MS,
    signal: gone.signal,
  });
  gone.abort(new Error("The client hung up"));
  await assert.rejects(reading, /hung up/);
});

Deno.test("readUsage: everything is asked at once, lists by days of UTC, which are the fewest rows", async () => {
  const asked: UsageQuestion[] = [];
  const all = Promise.withResolvers<UsageReport>();
  const reading = read(stateOf((question) => {
    asked.push(question);
    return all.promise;
  }));
  assert.equal(asked.length, 7);
  all.resolve(EMPTY);
  await reading;
  const zones = asked.map(({ timeZone, groupBy, series }) =>
    `${groupBy} ${timeZone} ${series}`
  );
  assert.deepEqual(zones, [
    "model Asia/Kolkata 8",
    "null Asia/Kolkata 0",
    "model UTC 0",
    "user UTC 0",
    "key UTC 0",
    "provider UTC 0",
    "source UTC 0",
  ]);
});

Deno.test("readUsage: one's own page asks for oneself alone, whatever the address says", async () => {
  const asked: UsageQuestion[] = [];
  const own = {
    ...CHOICE,
    path: "/usage" as const,
    filters: { user: ["usr_2"], model: ["m"] },
  };
  await read(
    stateOf((question) => {
      asked.push(question);
      return Promise.resolve(EMPTY);
    }),
    1_000,
    own,
  );
  assert.ok(asked.length > 0);
  for (const { filters } of asked) {
    assert.deepEqual(filters.user, ["usr_1"]);
    assert.deepEqual(filters.model, ["m"]);
  }
});
