/** What the stream doctor asks of the server: events at known times, and how it sees a request. */
import type { Context } from "fresh";
import { invalidRequest } from "@/lib/errors.ts";
import { clientAddress } from "@/lib/http/client_address.ts";
import { NO_PROXIES } from "@/lib/http/trusted_proxies.ts";
import { parseAddress } from "@/lib/net/ip_address.ts";
import type { ProbeEvent } from "@/lib/shared/doctor/doctor_report.ts";
import type { DoctorEcho } from "@/lib/shared/wire.ts";
import { onHangUp, SSE_HEADERS } from "@/lib/streams/sse.ts";
import type { State } from "@/utils.ts";
import { accessSignal } from "./access_signal.ts";
import { accessOf } from "./live_access.ts";
import { takeProbeSeat } from "./probe_seats.ts";

const MOST_EVENTS = 200;
const LONGEST_GAP_MS = 15_000;
const LONGEST_MS = 180_000;
/** A socket that its client keeps ends after this. */
const LONGEST_SOCKET_MS = LONGEST_MS + LONGEST_GAP_MS;

/** When events are to come. */
export interface ProbeTimes {
  events: number;
  gapMs: number;
  /** Silence before the last one, which comes beyond the events; a socket's alone. */
  quietMs: number;
}

/**
 * @throws {AppError} 400 `invalid_request` for numbers that are none, or too large
 */
export function readProbeTimes({ searchParams }: URL): ProbeTimes {
  const read = (name: keyof ProbeTimes, otherwise: number, most: number) => {
    const value = Number(searchParams.get(name) ?? otherwise);
    if (Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw invalidRequest(name, `must be a whole number up to ${most}`);
  };
  const events = read("events", 24, MOST_EVENTS);
  const gapMs = read("gapMs", 120, LONGEST_GAP_MS);
  const quietMs = read("quietMs", 0, LONGEST_GAP_MS);
  if (events * gapMs + quietMs > LONGEST_MS) {
    throw invalidRequest("events", "take longer than three minutes");
  }
  return { events, gapMs, quietMs };
}

/** Calls back at the time of each event, then when all are over; the returned function ends it before. */
function atTimes(
  { events, gapMs, quietMs }: ProbeTimes,
  send: (event: ProbeEvent) => void,
  over: () => void,
): () => void {
  const startMs = performance.now();
  let n = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const next = () => {
    n += 1;
    send({ n, atMs: performance.now() - startMs });
    // Whoever has gone is noticed while something is sent to them, so from within that call.
    if (isStopped) return;
    const hasMore = n < events + (quietMs > 0 ? 1 : 0);
    if (hasMore) timer = setTimeout(next, n < events ? gapMs : quietMs);
    else over();
  };
  if (events > 0) next();
  else over();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/** Events as server-sent ones, with the headers that answers have. */
export function probeStreamResponse(ctx: Context<State>): Response {
  const times = { ...readProbeTimes(ctx.url), quietMs: 0 };
  const leave = takeProbeSeat(ctx.state.caller.user);
  const encoder = new TextEncoder();
  let stop = () => {};
  let hangUp = { finish: () => {}, hangUp: () => {} };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        stop();
        leave();
        hangUp.finish();
        controller.close();
      };
      hangUp = onHangUp(accessSignal(ctx), end);
      if (isOver) return;
      stop = atTimes(times, (event) => {
        const text = `data: ${JSON.stringify(event)}\n\n`;
        controller.enqueue(encoder.encode(text));
      }, end);
    },
    cancel() {
      stop();
      leave();
      hangUp.finish();
    },
  });
  return new Response(body, { headers: SSE_HEADERS });
}

/** @throws {TypeError} for a request that is no whole upgrade, with the seat given back */
function upgrade(request: Request, idleTimeout: number, leave: () => void) {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout });
  } catch (error) {
    leave();
    throw error;
  }
}

/** The same over a WebSocket, which says again what it is told. */
export function probeSocketResponse(ctx: Context<State>): Response {
  const times = readProbeTimes(ctx.url);
  const { liveFeed, admission } = ctx.state.services;
  // As sockets of pages are kept.
  const idleTimeout = 2 * liveFeed.heartbeatMs / 1_000;
  const leave = takeProbeSeat(ctx.state.caller.user);
  const { socket, response } = upgrade(ctx.req, idleTimeout, leave);
  const closed = Promise.withResolvers<void>();
  const access = accessOf(ctx, closed.promise);
  let stop = () => {};
  const end = () => {
    stop();
    if (socket.readyState <= WebSocket.OPEN) socket.close(1000, "Done");
  };
  access.addEventListener("abort", end);
  const longest = setTimeout(end, LONGEST_SOCKET_MS);
  socket.onopen = () => {
    stop = atTimes(times, (event) => {
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify(event));
      }
    }, () => {});
  };
  socket.onmessage = ({ data }) => {
    if (data === "echo") socket.send("echo");
    else end();
  };
  const onGone = () => {
    stop();
    clearTimeout(longest);
    leave();
    closed.resolve();
  };
  socket.onclose = onGone;
  socket.onerror = onGone;
  admission.count(closed.promise);
  return response;
}

/** Request headers that proxies add: none is a secret, and none a host, which may be made up. */
const PROXY_HEADERS = [
  "via",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-real-ip",
  "x-request-start",
  "cdn-loop",
  "cf-connecting-ip",
  "cf-ray",
  "cf-visitor",
  "true-client-ip",
  "x-envoy-external-address",
  "fly-client-ip",
  "x-amzn-trace-id",
  "x-cloud-trace-context",
];
const FORWARDING = [
  "via",
  "forwarded",
  "x-forwarded-for",
  "x-real-ip",
  "cf-connecting-ip",
];
const MOST_CHARACTERS = 200;

/** How the server sees a request. */
export function doctorEcho({ req, info, state }: Context<State>): DoctorEcho {
  const { client, services: { proxies } } = state;
  const peer = parseAddress(clientAddress(req, info, NO_PROXIES).address);
  const headers = Object.fromEntries(
    PROXY_HEADERS.flatMap((name) => {
      const value = req.headers.get(name);
      return value === null ? [] : [[name, value.slice(0, MOST_CHARACTERS)]];
    }),
  );
  const { address, protocol } = client;
  return {
    address,
    protocol,
    isForwarded: FORWARDING.some((name) => req.headers.has(name)),
    isProxyTrusted: peer !== null && proxies.has(peer),
    headers,
  };
}
