/** Tells from when events were sent and when they came what lies between. */
import type { Check, ProbeEvent } from "./doctor_report.ts";

/** An event that came. */
export interface Arrival extends ProbeEvent {
  /** When it came, in milliseconds of a clock of its own. */
  seenMs: number;
  /** Events that came in one piece have the same number. */
  piece: number;
}

export interface Watched {
  arrivals: readonly Arrival[];
  /** How many were sent, how far apart; milliseconds. */
  events: number;
  gapMs: number;
  /** Why it ended before the last event; null: it did not. */
  failure: string | null;
}

type Verdict = Omit<Check, "id">;

/** Fewer pieces than this part of the events were put together on the way. */
const PIECES_RATIO = 0.25;
/** And what is so many gaps late. */
const LATE_GAPS = 2;

/** Of events that come one after the other. */
export function judgeStream(watched: Watched): Verdict {
  const { arrivals, events, gapMs } = watched;
  const cut = judgeEnd(watched);
  if (cut !== null) return cut;
  const pieces = new Set(arrivals.map(({ piece }) => piece)).size;
  const lateMs = lateness(arrivals);
  const isCollected = pieces <= Math.max(1, PIECES_RATIO * events) &&
    lateMs >= LATE_GAPS * gapMs;
  if (!isCollected) {
    return {
      status: "good",
      text:
        `${events} events came one by one as they were sent, none more than ${
          duration(lateMs)
        } late.`,
      problem: null,
    };
  }
  return {
    status: "bad",
    text: pieces === 1
      ? `${events} events that were sent over ${
        duration(events * gapMs)
      } came all at once: something between collects them.`
      : `${events} events came in ${pieces} pieces, up to ${
        duration(lateMs)
      } late: something between collects them.`,
    problem: "buffering",
  };
}

/** Of two events with silence between them. */
export function judgeSilence(watched: Watched): Verdict {
  const { gapMs } = watched;
  return judgeEnd(watched) ?? {
    status: "good",
    text: `The connection outlived ${duration(gapMs)} of silence.`,
    problem: null,
  };
}

/** Of events that go on for long. */
export function judgeLength(watched: Watched): Verdict {
  const { events, gapMs } = watched;
  return judgeEnd(watched) ?? {
    status: "good",
    text: `The connection lasted ${duration((events - 1) * gapMs)}.`,
    problem: null,
  };
}

function judgeEnd(
  { arrivals, events, failure, gapMs }: Watched,
): Verdict | null {
  const last = arrivals.at(-1);
  if (last?.n === events) return null;
  const why = failure === null ? "" : ` (${failure})`;
  if (last === undefined) {
    return {
      status: "bad",
      text: `Nothing came${why}.`,
      problem: failure === null ? "buffering" : "idle",
    };
  }
  return {
    status: "bad",
    text: `It was cut after ${
      duration(last.atMs)
    }, ${last.n} of ${events} events in${why}: something between ends what is silent for ${
      duration(gapMs)
    }, or lasts long.`,
    problem: "idle",
  };
}

/** By how much the latest event is later than the one that came soonest, in milliseconds. */
function lateness(arrivals: readonly Arrival[]): number {
  const ways = arrivals.map(({ seenMs, atMs }) => seenMs - atMs);
  return Math.max(...ways) - Math.min(...ways);
}

/** `0.2 s`, `85 ms`, `2 min`. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  return `${Number((ms / 60_000).toFixed(1))} min`;
}
