/**
 * What proxies say about a request: `Forwarded` (RFC 7239) and the `X-Forwarded-*` family. Only read
 * here; whether it counts is decided in `client_address.ts`.
 */
import { type IpAddress, parseAddress } from "@/lib/net/ip_address.ts";

/** Lists in the order of the header: the client's side first, the nearest proxy's word last. */
export interface Forwarding {
  /** Who made the request that the proxy took; null for what is not an address. */
  for: (IpAddress | null)[];
  protocols: (string | null)[];
  hosts: (string | null)[];
}

/** One pair of `Forwarded`, up to what ends it: `;`, `,` or the end of the header. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*(;|,|$)/y;

/** A name or an address, with a port or without: RFC 3986 `host [":" port]`. */
const HOST =
  /^(?:[a-z\d](?:[a-z\d._-]{0,253})|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** A host as `Host` may name it, in small letters, or null. */
export function parseHost(text: string): string | null {
  return HOST.test(text) ? text.toLowerCase() : null;
}

/** `http` or `https`, also where the proxy says it of a WebSocket; else null. */
function parseProtocol(text: string): string | null {
  const name = text.toLowerCase();
  if (name === "https" || name === "wss") return "https";
  return name === "http" || name === "ws" ? "http" : null;
}

/** The address of a node, which may come with a port: `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`. */
function parseNode(text: string): IpAddress | null {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
  if (bracketed !== null) return parseAddress(bracketed[1]);
  const withPort = /^([^:]*):\d{1,5}$/.exec(text);
  return parseAddress(withPort === null ? text : withPort[1]);
}

function list(header: string | null): string[] {
  return header === null || header.trim() === ""
    ? []
    : header.split(",").map((part) => part.trim());
}

/** Elements of `Forwarded`, or null where it is not as RFC 7239 has it: then no part of it can be told apart. */
function parseForwarded(header: string): Map<string, string>[] | null {
  const elements: Map<string, string>[] = [];
  let element = new Map<string, string>();
  PAIR.lastIndex = 0;
  for (;;) {
    const match = PAIR.exec(header);
    if (match === null) return null;
    const [, name, token, quoted, end] = match;
    if (name !== undefined) {
      const key = name.toLowerCase();
      if (element.has(key)) return null;
      element.set(key, token ?? quoted.replace(/\\(.)/g, "$1"));
    }
    if (end === ";") continue;
    elements.push(element);
    element = new Map();
    if (end === "") return elements;
  }
}

function fromForwarded(header: string): Forwarding | null {
  const elements = parseForwarded(header);
  if (elements === null) return null;
  const each = <T>(name: string, parse: (text: string) => T) =>
    elements.map((element) => {
      const text = element.get(name);
      return text === undefined ? null : parse(text);
    });
  return {
    for: each("for", parseNode),
    protocols: each("proto", parseProtocol),
    hosts: each("host", parseHost),
  };
}

/**
 * Reads the headers. `X-Forwarded-For` is what nearly every proxy writes, so where it is there
 * `Forwarded` is not read: a proxy that writes the one would pass the other on as the client made it up.
 * `X-Real-IP` counts where neither is there.
 */
export function readForwarding(headers: Headers): Forwarding {
  const forwardedFor = list(headers.get("x-forwarded-for"));
  const forwarded = headers.get("forwarded");
  if (forwardedFor.length === 0 && forwarded !== null) {
    return fromForwarded(forwarded) ?? { for: [], protocols: [], hosts: [] };
  }
  const nodes = forwardedFor.length > 0
    ? forwardedFor
    : list(headers.get("x-real-ip"));
  return {
    for: nodes.map(parseNode),
    protocols: list(headers.get("x-forwarded-proto")).map(parseProtocol),
    hosts: list(headers.get("x-forwarded-host")).map(parseHost),
  };
}
