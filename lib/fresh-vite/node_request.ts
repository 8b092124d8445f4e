import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

/** Turns a request of Vite's server into the one the app's handler takes. */
export function toRequest(
  incoming: IncomingMessage & { originalUrl?: string },
  protocol: "http" | "https",
  signal: AbortSignal,
): Request {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index];
    // HTTP/2 carries method and path as ":" headers.
    if (!name.startsWith(":")) {
      headers.append(name, incoming.rawHeaders[index + 1]);
    }
  }
  const host = headers.get("host") ?? "localhost";
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody
    ? Readable.toWeb(incoming) as unknown as ReadableStream<
      Uint8Array<ArrayBuffer>
    >
    : null;
  const path = incoming.originalUrl ?? incoming.url ?? "/";
  return new Request(new URL(`${protocol}://${host}${path}`), {
    method,
    headers,
    body,
    signal,
    ...(hasBody ? { duplex: "half" } : {}),
  });
}

/** Who asked, in the shape `Deno.serve` tells it. `completed` resolves when the connection is done. */
export function toServeInfo(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Deno.ServeHandlerInfo<Deno.NetAddr> {
  const completed = new Promise<void>((resolve) => {
    outgoing.once("close", () => resolve());
  });
  return {
    remoteAddr: {
      transport: "tcp",
      hostname: incoming.socket.remoteAddress ?? "localhost",
      port: incoming.socket.remotePort ?? 0,
    },
    completed,
  };
}

/**
 * Sends `response`, its body chunk by chunk as it comes. Once the client is gone no more is read, and
 * as in Fresh's development server the body's `cancel()` is not called: `signal` alone tells it.
 */
export async function sendResponse(
  outgoing: ServerResponse,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  outgoing.statusCode = response.status;
  if (response.statusText) outgoing.statusMessage = response.statusText;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  // A client of an event stream waits for the headers before the first event.
  outgoing.flushHeaders();
  if (response.body === null) {
    outgoing.end();
    return;
  }
  const gone = new Promise<"gone">((resolve) => {
    if (signal.aborted) resolve("gone");
    signal.addEventListener("abort", () => resolve("gone"), { once: true });
  });
  const reader = response.body.getReader();
  for (;;) {
    const step = await Promise.race([reader.read(), gone]);
    if (step === "gone") return;
    if (step.done) break;
    if (!outgoing.write(step.value)) {
      const drained = new Promise<"drained">((resolve) => {
        outgoing.once("drain", () => resolve("drained"));
      });
      if (await Promise.race([drained, gone]) === "gone") return;
    }
  }
  outgoing.end();
}
