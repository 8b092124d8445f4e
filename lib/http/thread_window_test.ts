import assert from "node:assert/strict";
import type { Message } from "@/lib/shared/wire.ts";
import { windowOf } from "./thread_window.ts";

/** A branch of turns; question `n` has the id `n`. */
function branch(turns: number): Message[] {
  return Array.from({ length: turns * 2 }, (_, index) => ({
    id: index % 2 === 0 ? String(index / 2 + 1) : `answer ${index}`,
    role: index % 2 === 0 ? "user" : "assistant",
  } as Message));
}

function firstTurn(turns: number, search: string): [string, number] {
  const { messages, earlierTurns } = windowOf(
    branch(turns),
    new URL(`http://localhost/c/x${search}`),
  );
  return [messages[0].id, earlierTurns];
}

Deno.test("windowOf: shows the newest 50 turns", () => {
  assert.deepEqual(firstTurn(300, ""), ["251", 250]);
});

Deno.test("windowOf: shows all of a short thread", () => {
  assert.deepEqual(firstTurn(50, ""), ["1", 0]);
  assert.deepEqual(windowOf([], new URL("http://x/")).earlierTurns, 0);
});

Deno.test("windowOf: goes back by 50 turns at a time, to the first", () => {
  assert.deepEqual(firstTurn(300, "?before=251"), ["201", 200]);
  assert.deepEqual(firstTurn(300, "?before=21"), ["1", 0]);
});

Deno.test("windowOf: takes no nonsense", () => {
  for (const before of ["0", "-3", "x", "1.5", "", "9999"]) {
    assert.deepEqual(firstTurn(300, `?before=${before}`), ["251", 250]);
  }
});
