import assert from "node:assert/strict";
import { readFilterTexts } from "./request_filter.ts";
import { countNewer, withFresh, withOlder } from "./request_merge.ts";
import type { RequestRow, RequestsView } from "./request_view.ts";

function row(id: string, status = "completed"): RequestRow {
  return {
    id,
    startedAt: "2026-11-21T14:00:00.000Z",
    model: "m1",
    who: null,
    status,
    httpStatus: 200,
    error: null,
    path: "first",
    cache: null,
    totalMs: 1,
  };
}

function view(
  ids: readonly string[],
  backTo: string | null,
  more: Partial<RequestsView> = {},
): RequestsView {
  return {
    filter: readFilterTexts(new URL("http://localhost/?model=m1")),
    labels: {},
    errors: {},
    rows: ids.map((id) => row(id)),
    failedToday: null,
    reach: { looked: 10, backTo },
    nextCursor: backTo === null ? null : `before ${backTo}`,
    cursor: null,
    nowMs: 0,
    ...more,
  };
}

const idsOf = ({ rows }: RequestsView) => rows.map(({ id }) => id);

Deno.test("withOlder: what follows stands below, once, and the reach is that of both", () => {
  const whole = withOlder(view(["d", "c"], "14:00"), view(["c", "a"], "13:00"));
  assert.deepEqual(idsOf(whole), ["d", "c", "a"]);
  assert.deepEqual(whole.reach, { looked: 20, backTo: "13:00" });
  assert.equal(whole.nextCursor, "before 13:00");
});

Deno.test("withFresh: a first page alone is what was read", () => {
  const fresh = view(["e", "d"], "14:01");
  assert.deepEqual(withFresh(view(["d", "c"], "14:01"), fresh), fresh);
});

Deno.test("withFresh: rows that a search has found further back stay below", () => {
  const grown = withOlder(view(["d"], "14:00"), view(["b", "a"], null));
  const merged = withFresh(grown, view(["e", "d"], "14:00"));
  assert.deepEqual(idsOf(merged), ["e", "d", "b", "a"]);
  assert.equal(merged.nextCursor, null);
});

Deno.test("withFresh: what ran and is not among the fresh ones has ended elsewhere", () => {
  const grown = view(["d", "a"], "13:00", {
    rows: [row("d", "running"), row("a")],
  });
  assert.deepEqual(idsOf(withFresh(grown, view(["e"], "14:00"))), ["e", "a"]);
});

Deno.test("countNewer: those on top that are not shown, all where none is", () => {
  assert.equal(
    countNewer(view(["b", "a"], null), view(["d", "c", "b"], null)),
    2,
  );
  assert.equal(countNewer(view([], null), view(["b", "a"], null)), 2);
  assert.equal(countNewer(view(["b"], null), view(["b"], null)), 0);
});

Deno.test("withFresh: a full page stays a page, however long it is followed", () => {
  const full = (from: number) =>
    Array.from({ length: 50 }, (_, index) => `req_${from - index}`);
  const fresh = view(full(160), "14:10");
  assert.equal(withFresh(view(full(150), "14:00"), fresh), fresh);
});
