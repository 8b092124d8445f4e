/** Who sends a request and how the browser sees this server, through the proxies that `TRUSTED_PROXIES` names. */
import { parseHost, readForwarding } from "@/lib/http/forwarding.ts";
import type { TrustedProxies } from "@/lib/http/trusted_proxies.ts";
import { type IpAddress, parseAddress } from "@/lib/net/ip_address.ts";

/** A request as its client sees it. */
export interface ClientAddress {
  /** Address of the client without a port, or `unknown` where the connection has none. */
  address: string;
  /** What the client speaks, maybe to a proxy. */
  protocol: "http" | "https";
  /** Name and port that the client used, in small letters; null where it named none that can be one. */
  host: string | null;
}

/** Who is at the other end of the connection; a socket of this machine counts as its loopback address. */
function peerOf(info: Deno.ServeHandlerInfo): IpAddress | null {
  const { remoteAddr } = info;
  if (remoteAddr.transport === "unix") return parseAddress("127.0.0.1");
  if (remoteAddr.transport !== "tcp") return null;
  const name = remoteAddr.hostname.replace(/%.*$/, "");
  return parseAddress(name === "localhost" ? "127.0.0.1" : name);
}

/**
 * Reads who sends a request. Each trusted hop is asked who it had the request from, the nearest first; the
 * first one that is not trusted is the client, whatever stands before it: the client may have made that
 * up. A hop that tells no address ends the search at itself.
 *
 * @param trusted proxies whose forwarding headers count; from anybody else they are not read
 */
export function clientAddress(
  request: Request,
  info: Deno.ServeHandlerInfo,
  trusted: TrustedProxies,
): ClientAddress {
  const direct = {
    protocol: request.url.startsWith("https:") ? "https" : "http",
    host: parseHost(request.headers.get("host") ?? ""),
  } as const;
  const peer = peerOf(info);
  if (trusted.isEmpty || peer === null || !trusted.has(peer)) {
    return { address: peer?.toString() ?? "unknown", ...direct };
  }
  const forwarding = readForwarding(request.headers);
  const nodes = forwarding.for;
  let client = peer;
  let hops = 0;
  while (hops < nodes.length && trusted.has(client)) {
    const before = nodes[nodes.length - 1 - hops];
    if (before === null) break;
    client = before;
    hops += 1;
  }
  // What was said of the hop that the client itself made; a proxy that replaces the header says it once.
  const word = <T>(said: readonly T[]): T | undefined =>
    said[Math.max(0, said.length - Math.max(1, hops))];
  const protocol = word(forwarding.protocols);
  return {
    address: client.toString(),
    protocol: protocol === "https" || protocol === "http"
      ? protocol
      : direct.protocol,
    host: word(forwarding.hosts) ?? direct.host,
  };
}
