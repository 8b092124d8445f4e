/** Watches a WebSocket of the server's: whether it opens, answers at once, and outlives a silence. */
import type { Check, ProbeEvent } from "./doctor_report.ts";
import { type Arrival, duration, judgeStream } from "./judge_stream.ts";

export interface SocketProbe {
  open: (path: string) => WebSocket;
  nowMs: () => number;
  path: string;
  events: number;
  gapMs: number;
  quietMs: number;
  signal: AbortSignal;
}

const OPEN_DEADLINE_MS = 10_000;
const SPARE_MS = 15_000;

type Verdict = Omit<Check, "id">;

export async function probeSocket(probe: SocketProbe): Promise<Verdict> {
  const { open, nowMs, path, events, gapMs, quietMs, signal } = probe;
  signal.throwIfAborted();
  const over = Promise.withResolvers<Verdict>();
  const arrivals: Arrival[] = [];
  let isOpen = false;
  let answeredMs: number | null = null;
  const end = (verdict: Verdict) => over.resolve(verdict);
  let socket: WebSocket;
  try {
    socket = open(`${path}?events=${events}&gapMs=${gapMs}&quietMs=${quietMs}`);
  } catch {
    return notOpened;
  }
  const timers = [
    setTimeout(() => isOpen || end(notOpened), OPEN_DEADLINE_MS),
    setTimeout(
      () => end(brokenOff(arrivals, "nothing more came")),
      OPEN_DEADLINE_MS + events * gapMs + quietMs + SPARE_MS,
    ),
  ];
  const onAbort = () => over.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.onopen = () => {
    isOpen = true;
    socket.send("echo");
  };
  socket.onmessage = ({ data }) => {
    const seenMs = nowMs();
    if (data === "echo") {
      answeredMs = seenMs;
      return;
    }
    const event: ProbeEvent = JSON.parse(String(data));
    arrivals.push({ ...event, seenMs, piece: Math.round(seenMs) });
    if (event.n !== events + 1) return;
    // The last one comes after the silence.
    const verdict = judgeStream({
      arrivals: arrivals.slice(0, -1),
      events,
      gapMs,
      failure: null,
    });
    if (verdict.status === "bad") end(verdict);
    else if (answeredMs === null) end(unanswered);
    else end(isWell(quietMs));
  };
  // What is wrong shows in the end, which comes next.
  socket.onerror = () => {};
  socket.onclose = ({ code }) =>
    end(isOpen ? brokenOff(arrivals, `code ${code}`) : notOpened);
  try {
    return await over.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const timer of timers) clearTimeout(timer);
    socket.onclose = null;
    if (socket.readyState <= WebSocket.OPEN) socket.close();
  }
}

const notOpened: Verdict = {
  status: "bad",
  text:
    "It could not be opened: something between does not pass the upgrade on. Pages then follow by a stream, which takes one of the browser’s few connections.",
  problem: "socket",
};

const unanswered: Verdict = {
  status: "bad",
  text: "It opened, but what was sent to the server has not come back.",
  problem: "socket",
};

function brokenOff(arrivals: readonly Arrival[], why: string): Verdict {
  const last = arrivals.at(-1);
  return {
    status: "bad",
    text: last === undefined
      ? `It opened and ended before anything came (${why}).`
      : `It ended after ${duration(last.atMs)} and silence (${why}).`,
    problem: last === undefined ? "socket" : "idle",
  };
}

function isWell(quietMs: number): Verdict {
  return {
    status: "good",
    text: `It opened, went both ways at once, and outlived ${
      duration(quietMs)
    } of silence.`,
    problem: null,
  };
}
