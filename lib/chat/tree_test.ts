import assert from "node:assert/strict";
import type { MessageRecord } from "./records.ts";
import { MessageTree } from "./tree.ts";

const message = (id: string, parentId: string | null): MessageRecord => ({
  v: 1,
  id,
  threadId: "thr_1",
  parentId,
  role: "user",
  text: { inline: id },
  status: "complete",
  runId: null,
  model: null,
  usage: null,
  error: null,
  createdAt: "2026-01-01T00:00:00.000Z",
});

const tree = new MessageTree([
  message("q1", null),
  message("a1", "q1"),
  message("a2", "q1"),
  message("q2", "a2"),
]);

Deno.test("MessageTree.branch: goes from the first question to the given message", () => {
  assert.deepEqual(tree.branch("q2").map(({ id }) => id), ["q1", "a2", "q2"]);
  assert.deepEqual(tree.branch("a1").map(({ id }) => id), ["q1", "a1"]);
});

Deno.test("MessageTree.branch: is empty for no message and for one of another thread", () => {
  assert.deepEqual(tree.branch(null), []);
  assert.deepEqual(tree.branch("elsewhere"), []);
});

Deno.test("MessageTree.siblings: lists answers to the same question, oldest first", () => {
  assert.deepEqual(tree.siblings(tree.get("a2")!), ["a1", "a2"]);
  assert.deepEqual(tree.siblings(tree.get("q1")!), ["q1"]);
});
