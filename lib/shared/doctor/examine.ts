/** Looks at the way between this client and the server, all at the same time. */
import type { DoctorEcho } from "@/lib/shared/wire.ts";
import {
  type Check,
  CHECK_IDS,
  DOCTOR_PATHS,
  type DoctorReport,
} from "./doctor_report.ts";
import { judgeLength, judgeSilence, judgeStream } from "./judge_stream.ts";
import { probeSocket } from "./probe_socket.ts";
import { type ProbedStream, probeStream } from "./probe_stream.ts";
import { proxiesOf, PROXY_TITLES } from "./proxies.ts";

export interface ExamineParts {
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  openSocket: (path: string) => WebSocket;
  nowMs: () => number;
  /** Hears of each check that is done. */
  onCheck?: (check: Check) => void;
  signal: AbortSignal;
  sizes?: Partial<ExamineSizes>;
}

/** How long is looked. */
export interface ExamineSizes {
  events: number;
  gapMs: number;
  quietMs: number;
  /** 0: length is not looked at. */
  longMs: number;
}

/** Three seconds of events; a silence that is longer than that between signs of life. */
const SIZES: ExamineSizes = {
  events: 24,
  gapMs: 120,
  quietMs: 11_000,
  longMs: 0,
};
/** As far apart as the signs of life of a stream that has nothing to say. */
const LONG_GAP_MS = 10_000;
const ECHO_DEADLINE_MS = 10_000;

/** @throws the signal's reason */
export async function examine(parts: ExamineParts): Promise<DoctorReport> {
  const { fetch, openSocket, nowMs, onCheck, signal } = parts;
  const { events, gapMs, quietMs, longMs } = { ...SIZES, ...parts.sizes };
  const checks: Check[] = [];
  const tell = (check: Check) => {
    checks.push(check);
    onCheck?.(check);
  };
  const watch = (
    method: "GET" | "POST",
    more: { events: number; gapMs: number },
  ) =>
    probeStream({
      fetch,
      nowMs,
      path: DOCTOR_PATHS.stream,
      method,
      signal,
      ...more,
    });
  const [stream, echo] = await Promise.all([
    // Answers are asked for by POST.
    watch("POST", { events, gapMs }).then((watched) => {
      tell({ id: "stream", ...judgeStream(watched) });
      tell({ id: "compression", ...judgeCompression(watched) });
      return watched;
    }),
    readEcho(fetch, signal).then(({ echo, headers }) => {
      tell({ id: "address", ...judgeAddress(echo, headers) });
      return echo;
    }),
    watch("GET", { events: 2, gapMs: quietMs }).then((watched) =>
      tell({ id: "quiet", ...judgeSilence(watched) })
    ),
    probeSocket({
      open: openSocket,
      nowMs,
      path: DOCTOR_PATHS.socket,
      events,
      gapMs,
      quietMs,
      signal,
    }).then((verdict) => tell({ id: "socket", ...verdict })),
    longMs === 0 ? null : watch("GET", {
      events: Math.max(2, Math.ceil(longMs / LONG_GAP_MS) + 1),
      gapMs: Math.min(LONG_GAP_MS, longMs),
    }).then((watched) => tell({ id: "long", ...judgeLength(watched) })),
  ]);
  const headers = stream.response?.headers ?? new Headers();
  checks.sort((a, b) => CHECK_IDS.indexOf(a.id) - CHECK_IDS.indexOf(b.id));
  return {
    checks,
    proxies: proxiesOf(headers, echo?.headers ?? {}),
    facts: factsOf(headers, echo),
  };
}

async function readEcho(
  fetch: ExamineParts["fetch"],
  signal: AbortSignal,
): Promise<{ echo: DoctorEcho | null; headers: Headers }> {
  try {
    const answer = await fetch(DOCTOR_PATHS.echo, {
      cache: "no-store",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ECHO_DEADLINE_MS)]),
    });
    const { headers } = answer;
    if (answer.ok) return { echo: await answer.json(), headers };
    await answer.body?.cancel();
  } catch {
    signal.throwIfAborted();
  }
  return { echo: null, headers: new Headers() };
}

type Verdict = Omit<Check, "id">;

function judgeCompression({ response }: ProbedStream): Verdict {
  if (response === null) {
    return { status: "unsure", text: "There was no answer.", problem: null };
  }
  const encoding = response.headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    return {
      status: "bad",
      text:
        `The stream comes compressed (${encoding}), which the server does not do and asks others not to.`,
      problem: "compression",
    };
  }
  const control = response.headers.get("cache-control") ?? "";
  if (!control.includes("no-transform")) {
    return {
      status: "unsure",
      text:
        "It comes uncompressed, but something between has changed cache-control, which asks not to change the stream.",
      problem: null,
    };
  }
  return {
    status: "good",
    text: "The stream comes as the server sends it, uncompressed.",
    problem: null,
  };
}

function judgeAddress(echo: DoctorEcho | null, headers: Headers): Verdict {
  if (echo === null) {
    return {
      status: "unsure",
      text: "The server could not be asked what it sees.",
      problem: null,
    };
  }
  const { isForwarded, isProxyTrusted, address, protocol } = echo;
  if (!isForwarded) {
    const [proxy] = proxiesOf(headers, echo.headers);
    if (proxy !== undefined) {
      return {
        status: "unsure",
        text: `${
          PROXY_TITLES[proxy]
        } answers, but does not say who asks: everybody has its address, ${address}.`,
        problem: "address",
      };
    }
    return {
      status: "good",
      text:
        `No proxy shows itself; the server sees ${address}, over ${protocol}.`,
      problem: null,
    };
  }
  if (isProxyTrusted) {
    return {
      status: "good",
      text:
        `The proxy says who asks and is believed: ${address}, over ${protocol}.`,
      problem: null,
    };
  }
  return {
    status: "bad",
    text:
      `A proxy says who asks, but TRUSTED_PROXIES does not name it: everybody has its address, ${address}.`,
    problem: "address",
  };
}

/** Headers of answers that tell of a way through others. */
const TELLING = ["server", "via", "cf-ray", "x-served-by", "alt-svc"];

function factsOf(
  headers: Headers,
  echo: DoctorEcho | null,
): DoctorReport["facts"] {
  const facts: DoctorReport["facts"] = [];
  for (const name of TELLING) {
    const value = headers.get(name);
    if (value !== null) facts.push([`Answer: ${name}`, value]);
  }
  for (const [name, value] of Object.entries(echo?.headers ?? {})) {
    facts.push([`Request: ${name}`, value]);
  }
  return facts;
}
