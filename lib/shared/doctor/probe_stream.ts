/** Watches a stream of the server's: which event comes when, and in which piece. */
import type { ProbeEvent } from "./doctor_report.ts";
import type { Arrival, Watched } from "./judge_stream.ts";

export interface ProbedStream extends Watched {
  /** Null: there was no answer. */
  response: Response | null;
}

export interface StreamProbe {
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds that only grow. */
  nowMs: () => number;
  path: string;
  method: "GET" | "POST";
  events: number;
  gapMs: number;
  signal: AbortSignal;
}

/** Beyond the time that the stream takes, in milliseconds. */
const SPARE_MS = 15_000;

export async function probeStream(probe: StreamProbe): Promise<ProbedStream> {
  const { fetch, nowMs, path, method, events, gapMs, signal } = probe;
  const arrivals: Arrival[] = [];
  const watched = { arrivals, events, gapMs };
  let response: Response | null = null;
  try {
    response = await fetch(`${path}?events=${events}&gapMs=${gapMs}`, {
      method,
      cache: "no-store",
      signal: AbortSignal.any([
        signal,
        AbortSignal.timeout(events * gapMs + SPARE_MS),
      ]),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { ...watched, response, failure: `status ${response.status}` };
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (let piece = 0;; piece += 1) {
      const { done, value } = await reader.read();
      if (done) return { ...watched, response, failure: null };
      const seenMs = nowMs();
      text += decoder.decode(value, { stream: true });
      const ends = text.split("\n\n");
      text = ends.pop() ?? "";
      for (const event of ends) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        const { n, atMs }: ProbeEvent = JSON.parse(data);
        arrivals.push({ n, atMs, seenMs, piece });
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    const failure = error instanceof Error ? error.message : String(error);
    return { ...watched, response, failure };
  }
}
