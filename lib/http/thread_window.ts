/** Which turns of a long thread its page shows. */
import { TURNS_AT_ONCE } from "@/lib/shared/chat/turns.ts";
import type { Message } from "@/lib/shared/wire.ts";

export interface ThreadWindow {
  /** From the first turn on view to the end of the branch. */
  messages: Message[];
  /** How many turns come before. */
  earlierTurns: number;
}

/**
 * The end of a branch: its newest 50 turns, or with `?before=N` everything from 50 turns before turn N on.
 * What is no number of a turn counts as not given.
 */
export function windowOf(branch: Message[], url: URL): ThreadWindow {
  const starts = branch.flatMap(({ role }, index) =>
    role === "user" ? [index] : []
  );
  const asked = Number(url.searchParams.get("before") ?? NaN);
  const isTurn = Number.isInteger(asked) && asked > 0;
  const before = isTurn ? Math.min(asked - 1, starts.length) : starts.length;
  const earlierTurns = Math.max(0, before - TURNS_AT_ONCE);
  return {
    messages: earlierTurns === 0 ? branch : branch.slice(starts[earlierTurns]),
    earlierTurns,
  };
}
