/**
 * How an alert comes and goes. Pure: what was, what is seen now, and what follows. All that it knows is in
 * its state, so it goes on after a restart, or in another process, as if nothing had been.
 *
 * Lengths of time are sums of the steps between looks, each bounded: a clock that jumps forward, or hours
 * in which nobody looked, count as one long step, and a clock that jumps back as none.
 */

/** When it fires and when it is over. */
export interface AlertCondition {
  /** Which side of `limit` is bad. */
  bad: "above" | "below";
  limit: number;
  /** It counts as well again at this value or on the good side of it: at `limit`, or further away. */
  clearAt: number;
  /** How long it has to be bad before it fires. */
  forMs: number;
  /** How long it has to be well again before it is over. */
  clearForMs: number;
  /** Without any value for so long, nothing is known any more, and it is over. */
  blindForMs: number;
}

export type AlertPhase = "pending" | "firing";

/** An alert that waits to fire or fires; what is well has no state. Times are milliseconds. */
export interface AlertState {
  phase: AlertPhase;
  /** When it became bad, since 1970 UTC. */
  sinceMs: number;
  /** When it fired, since 1970 UTC; it stays the same whatever the clock does, since it names the firing. */
  firedAtMs: number | null;
  /** When it was looked at last, since 1970 UTC. */
  atMs: number;
  /** How long it has been bad, as far as that was seen; counted until it fires. */
  heldMs: number;
  /** How long it has been well again without a break. */
  clearMs: number;
  /** Whether nothing was known at the last look, and for how long. */
  isBlind: boolean;
  blindMs: number;
  /** The last value that was seen. */
  value: number;
  /** The worst one. */
  worst: number;
  /** Whether somebody was told that it fires. */
  isTold: boolean;
}

/** What is seen at one time. */
export interface AlertLook {
  /** Null: not known. */
  value: number | null;
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
  /** Nobody is to be told that it fires. */
  isSilenced: boolean;
  /** A longer time since the last look counts as this, in milliseconds. */
  longestStepMs: number;
}

/** Why a firing alert is over. */
export type AlertEnding = "recovered" | "unknown" | "removed";

export interface AlertStep {
  /** Null: it is well. */
  state: AlertState | null;
  /** What people are told now. Each `fired` is followed by one `resolved` before the next. */
  tells: "fired" | "resolved" | null;
  /** It fired and is over, told or not; null: it is not. */
  ended: { ending: AlertEnding; last: AlertState } | null;
}

/** Looks once at an alert. @param before null: it was well */
export function lookAt(
  before: AlertState | null,
  condition: AlertCondition,
  look: AlertLook,
): AlertStep {
  const { value, nowMs } = look;
  if (before === null) {
    if (value === null || !isBad(value, condition)) return WELL;
    return advance(
      {
        phase: "pending",
        sinceMs: nowMs,
        firedAtMs: null,
        atMs: nowMs,
        heldMs: 0,
        clearMs: 0,
        isBlind: false,
        blindMs: 0,
        value,
        worst: value,
        isTold: false,
      },
      condition,
      look,
    );
  }
  const stepMs = Math.min(
    Math.max(nowMs - before.atMs, 0),
    look.longestStepMs,
  );
  const state: AlertState = {
    ...before,
    atMs: nowMs,
    sinceMs: Math.min(before.sinceMs, nowMs),
  };
  if (value === null) {
    state.isBlind = true;
    state.blindMs += stepMs;
    if (state.blindMs > condition.blindForMs) return over(before, "unknown");
    return advance(state, condition, look);
  }
  // What happened while nothing was known counts neither way.
  const seenMs = before.isBlind ? 0 : stepMs;
  const bad = isBad(value, condition);
  state.isBlind = false;
  state.blindMs = 0;
  state.value = value;
  if (bad) state.worst = worse(state.worst, value, condition);
  if (state.phase === "pending") {
    if (!bad) return WELL;
    state.heldMs += seenMs;
    return advance(state, condition, look);
  }
  if (!isClear(value, condition)) state.clearMs = 0;
  else {
    // The step to the first look at which it is well may have been bad all along.
    const wasClear = isClear(before.value, condition);
    state.clearMs += wasClear ? seenMs : 0;
    if (state.clearMs >= condition.clearForMs) return over(state, "recovered");
  }
  return advance(state, condition, look);
}

/** Its rule is gone or switched off. */
export function removeAlert(before: AlertState | null): AlertStep {
  return before === null ? WELL : over(before, "removed");
}

const WELL: AlertStep = { state: null, tells: null, ended: null };

function over(state: AlertState, ending: AlertEnding): AlertStep {
  if (state.phase === "pending") return WELL;
  // Who was told that it fires is told that it is over, silence or not.
  return {
    state: null,
    tells: state.isTold ? "resolved" : null,
    ended: { ending, last: state },
  };
}

/** Fires what has been bad for long enough, and tells what nobody was told yet. */
function advance(
  state: AlertState,
  condition: AlertCondition,
  { isSilenced, nowMs, value }: AlertLook,
): AlertStep {
  const isBadNow = value !== null && isBad(value, condition);
  const isDue = state.phase === "pending" && isBadNow &&
    state.heldMs >= condition.forMs;
  const next: AlertState = isDue
    ? { ...state, phase: "firing", firedAtMs: nowMs }
    : state;
  const mayTell = isBadNow && !next.isTold && !isSilenced;
  if (next.phase === "pending" || !mayTell) {
    return { state: next, tells: null, ended: null };
  }
  return { state: { ...next, isTold: true }, tells: "fired", ended: null };
}

function isBad(value: number, { bad, limit }: AlertCondition): boolean {
  return bad === "above" ? value > limit : value < limit;
}

function isClear(
  value: number,
  { bad, clearAt }: AlertCondition,
): boolean {
  return bad === "above" ? value <= clearAt : value >= clearAt;
}

function worse(
  one: number,
  other: number,
  { bad }: AlertCondition,
): number {
  return bad === "above" ? Math.max(one, other) : Math.min(one, other);
}
