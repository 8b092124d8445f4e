/** Puts an answer on the wire, as unkindly as it was told to. */
import type { Behaviour } from "./fake_upstream_behaviour.ts";
import type { AnswerEvent } from "./fake_upstream_chunks.ts";
import type { Gate } from "./fake_upstream_gate.ts";
import type { WireConnection } from "./fake_upstream_http.ts";
import type { Random } from "./fake_upstream_random.ts";

const encoder = new TextEncoder();

/** Most cuts in one write; more would only cost time. */
const MAX_CUTS = 3;
/** Part of the writes that are cut. */
const CUT_SHARE = 0.4;

/** Resolves after the given milliseconds, or when the client hangs up. */
export async function pause(
  ms: number,
  connection: WireConnection,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([waited, connection.closed]);
  clearTimeout(timer);
}

/**
 * Lets the reader take what was written, also one in this process: a timer turn polls the sockets,
 * which an immediate does not.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** The status line and headers of a response. */
export function responseHead(
  status: number,
  headers: Record<string, string>,
): Uint8Array {
  const lines = Object.entries({ "x-request-id": "req_fake", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return encoder.encode(`HTTP/1.1 ${status} Fake\r\n${lines.join("")}\r\n`);
}

/** A whole response in one write. */
export function wholeResponse(
  status: number,
  headers: Record<string, string>,
  body: string,
): Uint8Array {
  const bytes = encoder.encode(body);
  const head = responseHead(status, {
    ...headers,
    "content-length": String(bytes.length),
  });
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole;
}

function chunkFrame(text: string): Uint8Array {
  const length = encoder.encode(text).length;
  return encoder.encode(`${length.toString(16)}\r\n${text}\r\n`);
}

/** Writes bytes whole or in pieces, cut anywhere: inside an event, a character or a frame. */
async function writeSplit(
  bytes: Uint8Array,
  connection: WireConnection,
  random: Random,
): Promise<void> {
  const cutCount = random() < CUT_SHARE
    ? 1 + Math.floor(random() * MAX_CUTS)
    : 0;
  const cuts = Array.from(
    { length: cutCount },
    () => 1 + Math.floor(random() * (bytes.length - 1)),
  ).sort((left, right) => left - right);
  let from = 0;
  for (const to of cuts) {
    if (to <= from) continue;
    await connection.write(bytes.subarray(from, to));
    await nextTurn();
    from = to;
  }
  await connection.write(bytes.subarray(from));
}

function eventText(data: string, behaviour: Behaviour): string {
  const end = behaviour.lineEnd ?? "\n";
  const lines = behaviour.multiLine ? data.split(/(?<=^\{|,)(?=")/) : [data];
  const comment = behaviour.comments ? `: keep-alive${end}${end}` : "";
  const fields = lines.map((line) => `data: ${line}${end}`).join("");
  return `${comment}${fields}${end}`;
}

const ERROR_EVENT = {
  message: "The server had an error while processing your request.",
  type: "server_error",
  param: null,
  code: null,
};

/** What happens at a count of tokens; `null` when the answer just goes on. */
function mishap(behaviour: Behaviour, sentTokens: number): string | null {
  if (behaviour.stallAfter === sentTokens) return "stall";
  if (behaviour.cutAfter === sentTokens) return "cut";
  if (behaviour.endAfter === sentTokens) return "end";
  if (behaviour.malformedAfter === sentTokens) return "malformed";
  if (behaviour.errorAfter === sentTokens) return "error";
  return null;
}

export interface AnswerOnWire {
  events: AnswerEvent[];
  behaviour: Behaviour;
  connection: WireConnection;
  gate: Gate;
  random: Random;
}

/** Streams the events with headers, pace, gate and mishaps; returns when the response is over. */
export async function sendAnswer(answer: AnswerOnWire): Promise<void> {
  const { behaviour, connection, gate, random } = answer;
  await connection.write(responseHead(200, {
    "content-type": behaviour.contentType ?? "text/event-stream; charset=utf-8",
    "transfer-encoding": "chunked",
    "cache-control": "no-cache",
    ...behaviour.headers,
  }));
  let pending = "";
  let pendingEvents = 0;
  const flush = async () => {
    if (pending === "") return;
    const frame = chunkFrame(pending);
    pending = "";
    pendingEvents = 0;
    if (behaviour.split === false) await connection.write(frame);
    else await writeSplit(frame, connection, random);
  };
  const end = async (last = "") => {
    pending += last;
    await flush();
    await connection.write(encoder.encode("0\r\n\r\n"));
  };
  let sentTokens = 0;
  for (const event of answer.events) {
    if (connection.hungUp) return;
    const trouble = event.token || sentTokens > 0
      ? mishap(behaviour, sentTokens)
      : null;
    if (trouble !== null) await flush();
    if (trouble === "stall") return await connection.closed;
    if (trouble === "end") return await end();
    if (trouble === "malformed") {
      return await end(eventText('{"id": "chatcmpl-1", "choi', behaviour));
    }
    if (trouble === "error") {
      const body = { error: behaviour.errorEvent ?? ERROR_EVENT };
      return await end(eventText(JSON.stringify(body), behaviour));
    }
    if (trouble === "cut") {
      const frame = chunkFrame(eventText(event.data, behaviour));
      await connection.write(frame.subarray(0, Math.floor(frame.length / 2)));
      await nextTurn();
      return connection.cut();
    }
    if (event.token) {
      if (sentTokens === 0 && behaviour.firstTokenDelayMs) {
        await flush();
        await pause(behaviour.firstTokenDelayMs, connection);
      } else if (behaviour.tokensPerSecond) {
        await flush();
        await pause(1000 / behaviour.tokensPerSecond, connection);
      }
      await gate.pass(connection.closed);
      sentTokens++;
    }
    pending += eventText(event.data, behaviour);
    pendingEvents++;
    if (pendingEvents >= (behaviour.burst ?? 1)) await flush();
  }
  if (!behaviour.withoutDone) pending += eventText("[DONE]", behaviour);
  if (!behaviour.lingerAfterDone) return await end();
  await flush();
  await connection.closed;
}
