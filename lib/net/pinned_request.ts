/** One HTTP request over a socket to an address that was checked, whatever the name resolves to meanwhile. */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { bareHost } from "./outgoing_rules.ts";
import type { SocketAddress } from "./resolve.ts";

export interface PinnedRequest {
  url: URL;
  method: string;
  headers: Headers;
  body: Uint8Array | null;
  /** Addresses to connect to; the certificate is checked against the name in the URL all the same. */
  addresses: readonly SocketAddress[];
  /** Certificates that are trusted besides the system's, in PEM form. */
  caCerts?: readonly string[];
  signal: AbortSignal;
}

/** Most bytes of headers that an answer may have. */
const MAX_HEADER_BYTES = 32_768;

type LookupDone = (
  error: Error | null,
  found: SocketAddress[] | string,
  family?: number,
) => void;

/**
 * Sends it over a connection of its own.
 * @throws what the connection failed of, or the signal's reason
 */
export function pinnedRequest(
  request: PinnedRequest,
): Promise<IncomingMessage> {
  const { url, method, headers, body, addresses, caCerts, signal } = request;
  const lookup = (
    _host: string,
    { all }: { all?: boolean },
    done: LookupDone,
  ) =>
    all === true
      ? done(null, [...addresses])
      : done(null, addresses[0].address, addresses[0].family);
  const answered = Promise.withResolvers<IncomingMessage>();
  const send = url.protocol === "https:" ? https.request : http.request;
  const outgoing = send({
    host: bareHost(url),
    port: url.port === "" ? undefined : Number(url.port),
    path: url.pathname + url.search,
    method,
    headers: Object.fromEntries(headers),
    maxHeaderSize: MAX_HEADER_BYTES,
    // A pooled socket would be one that was checked for another request.
    agent: false,
    lookup,
    ...(caCerts === undefined ? {} : { ca: [...caCerts] }),
  });
  const abort = () => {
    answered.reject(signal.reason);
    outgoing.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });
  outgoing.on("response", (response) => {
    response.once("close", () => signal.removeEventListener("abort", abort));
    answered.resolve(response);
  });
  outgoing.on("error", (error) => {
    signal.removeEventListener("abort", abort);
    answered.reject(error);
  });
  if (signal.aborted) abort();
  else outgoing.end(body ?? undefined);
  return answered.promise;
}
