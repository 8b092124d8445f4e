import assert from "node:assert/strict";
import type { LiveThread } from "@/lib/shared/live/live_wire.ts";
import {
  groupByAge,
  type ThreadRow,
  withNews,
  withRow,
} from "./thread_rows.ts";

const row = (id: string, updatedAt: string): ThreadRow => ({
  id,
  title: id,
  updatedAt,
  isRunning: false,
  isUnread: false,
  isPinned: false,
  version: 1,
});
const NOW = new Date("2026-11-21T12:00:00Z");

Deno.test("groupByAge: groups by the viewer's days, newest first, without empty groups", () => {
  const rows = [
    row("old", "2026-11-13T12:00:00Z"),
    row("week", "2026-11-14T12:00:00Z"),
    row("morning", "2026-11-21T01:00:00Z"),
    row("noon", "2026-11-21T11:00:00Z"),
  ];
  const groups = groupByAge(rows, NOW, "UTC");
  assert.deepEqual(
    groups.map(({ title, rows }) => [title, rows.map(({ id }) => id)]),
    [
      ["Today", ["noon", "morning"]],
      ["Last 7 days", ["week"]],
      ["Older", ["old"]],
    ],
  );
  assert.deepEqual(
    groupByAge([rows[2]], NOW, "America/Los_Angeles").map(({ title }) => title),
    ["Last 7 days"],
  );
});

Deno.test("groupByAge: a clock that runs ahead is still today", () => {
  assert.equal(
    groupByAge([row("a", "2026-11-22T08:00:00Z")], NOW, "UTC")[0].title,
    "Today",
  );
});

Deno.test("withRow: changes the row that is there, and adds one that is not", () => {
  const [a, b] = [row("a", "x"), row("b", "x")];
  assert.deepEqual(withRow([a], b), [b, a]);
  assert.deepEqual(withRow([a, b], { ...b, title: "new" }), [a, {
    ...b,
    title: "new",
  }]);
});

const facts = (id: string, more: Partial<LiveThread> = {}): LiveThread => ({
  id,
  title: id,
  updatedAt: "2026-11-21T11:00:00Z",
  pinned: false,
  archived: false,
  unread: false,
  activeRunId: null,
  temporary: false,
  projectId: null,
  version: 2,
  ...more,
});

Deno.test("groupByAge: pinned rows come first, whatever their age", () => {
  const rows = [
    row("noon", "2026-11-21T11:00:00Z"),
    { ...row("old", "2026-01-01T00:00:00Z"), isPinned: true },
  ];
  const groups = groupByAge(rows, NOW, "UTC");
  assert.deepEqual(groups.map(({ title }) => title), ["Pinned", "Today"]);
});

Deno.test("withNews: adds, changes and removes rows", () => {
  const changed = (thread: LiveThread) =>
    withNews([row("a", "x")], { kind: "changed", thread });
  const ids = (rows: ThreadRow[]) => rows.map(({ id }) => id);
  assert.deepEqual(ids(changed(facts("b"))), ["b", "a"]);
  assert.equal(
    changed(facts("a", { activeRunId: "run_1" }))[0].isRunning,
    true,
  );
  assert.equal(changed(facts("a", { unread: true }))[0].isUnread, true);
  assert.deepEqual(changed(facts("a", { archived: true })), []);
  assert.deepEqual(ids(changed(facts("b", { temporary: true }))), ["a"]);
  assert.deepEqual(
    withNews([row("a", "x")], { kind: "deleted", threadId: "a" }),
    [],
  );
});

Deno.test("withNews: an older version says nothing", () => {
  const rows = [{ ...row("a", "x"), version: 3 }];
  assert.equal(withNews(rows, { kind: "changed", thread: facts("a") }), rows);
});
