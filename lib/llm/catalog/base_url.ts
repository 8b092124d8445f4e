/**
 * Where a provider that is added while the server runs may be. Who runs the server names it, and most of
 * them name a model server of their own machine or house, so loopback and private networks are fine here,
 * unlike for what users set (lib/net). What stays refused has no model server at the other end: link-local
 * addresses and the metadata services of clouds, which give their credentials to whoever asks.
 */
import { AppError } from "@/lib/errors.ts";
import {
  isIn,
  type Network,
  parseAddress,
  parseNetwork,
} from "@/lib/net/ip_address.ts";
import {
  bareHost,
  type OutgoingAllowList,
  refused,
} from "@/lib/net/outgoing_rules.ts";

const MAX_CHARACTERS = 2_000;

function networks(...texts: string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === null) throw new TypeError(`Want a network, not "${text}"`);
    return network;
  });
}

const REFUSED = networks(
  "0.0.0.0/8", // this network
  "100.100.100.200", // Alibaba's metadata service
  "168.63.129.16", // Azure's
  "169.254.0.0/16", // link-local, with the metadata services of most clouds
  "192.0.0.192", // Oracle's
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast among them
  "::", // unspecified
  "fd00:ec2::/32", // Amazon's metadata service and time
  "fe80::/10", // link-local
  "ff00::/8", // multicast
);

/** Tells of an address whether a connection may not lead to it. What an admin has allowed is never refused. */
export function refusesAddress(
  { networks }: Pick<OutgoingAllowList, "networks">,
): (address: string) => boolean {
  return (text) => {
    const address = parseAddress(text);
    if (address === null) return true;
    return isIn(address, REFUSED) && !isIn(address, networks);
  };
}

/**
 * A base address as it is kept: without the slashes at its end.
 * @throws {AppError} 400 `address_refused`, which names the field `baseUrl`
 */
export function checkBaseUrl(
  text: string,
  allow: Pick<OutgoingAllowList, "networks">,
): string {
  const trimmed = text.trim().replace(/\/+$/, "");
  const reason = trimmed.length > MAX_CHARACTERS
    ? "it is longer than 2,000 characters"
    : reasonAgainst(trimmed, allow);
  if (reason === null) return trimmed;
  const { status, code, message } = refused(reason);
  throw new AppError({
    status,
    code,
    message,
    errors: [{ path: "baseUrl", message }],
  });
}

function reasonAgainst(
  text: string,
  allow: Pick<OutgoingAllowList, "networks">,
): string | null {
  const url = URL.parse(text);
  if (url === null) {
    return "it is not a URL, such as http://127.0.0.1:11434/v1";
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return "it must begin with http:// or https://";
  }
  if (url.username !== "" || url.password !== "") {
    return "it holds a user name or password";
  }
  if (url.search !== "" || url.hash !== "") {
    return "nothing may follow its path, no ? and no #";
  }
  const host = bareHost(url);
  if (parseAddress(host) === null) return null;
  // The parser reads 0x7f.1 and 2130706433 as 127.0.0.1; nobody who means well writes so.
  const isPlain = url.hostname.startsWith("[") || text.includes(host);
  if (!isPlain) return "its host is a number in an unusual form";
  return refusesAddress(allow)(host)
    ? "no model server can be at such an address"
    : null;
}
