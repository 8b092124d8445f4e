/** A question that met a limit: it waits beside a countdown, then it is sent by itself. */
import type { ChatSession } from "./session.ts";
import type { Refusal } from "./turns.ts";
import { withLast } from "./turns.ts";

/** Who has to wait for longer is told so, and asks again himself; in seconds. */
const LONGEST_WAIT = 600;

const TICK_MS = 1_000;

/** What the server says of trying again; the countdown says it better. */
const TRY_AGAIN = /\s*Try again [^.]*\.$/;

function withCountdown(refusal: Refusal, seconds: number): Refusal {
  const what = refusal.message.replace(TRY_AGAIN, "");
  const wait = seconds === 1 ? "1 second" : `${seconds} seconds`;
  return { ...refusal, message: `${what} It is sent by itself in ${wait}.` };
}

/**
 * Counts down beside the last question and sends it when the time is over, unless somebody was faster.
 * @param signal ends it when the page goes
 */
export function sendLater(session: ChatSession, signal: AbortSignal): void {
  const { store } = session;
  const { question, refusal } = store.last ?? {};
  const wait = refusal?.retryAfter;
  if (!question || !refusal || !wait || wait > LONGEST_WAIT) return;
  const dueAtMs = performance.now() + wait * TICK_MS;
  let shown = refusal;
  const tick = () => {
    // Another question, another try, or another answer has taken its place.
    if (signal.aborted || store.last?.refusal !== shown) return;
    const leftMs = dueAtMs - performance.now();
    if (leftMs <= 0) {
      session.retry(question.id);
      return;
    }
    shown = withCountdown(refusal, Math.ceil(leftMs / TICK_MS));
    store.change((turns) =>
      withLast(turns, (turn) => ({ ...turn, refusal: shown }))
    );
    setTimeout(tick, leftMs % TICK_MS || TICK_MS);
  };
  tick();
}
