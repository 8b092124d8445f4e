/** Which addresses that a user has set may be asked; see `guardedFetch`. */
import { AppError } from "@/lib/errors.ts";
import {
  type IpAddress,
  isIn,
  type Network,
  parseAddress,
  parseNetwork,
} from "./ip_address.ts";
import { isPublic } from "./public_address.ts";

/** What an admin lets users reach beyond the public internet. */
export interface OutgoingAllowList {
  /** Names, in small letters: each may lead to any address. */
  readonly hosts: ReadonlySet<string>;
  readonly networks: readonly Network[];
}

/** What a request to an address that a user has set may be. */
export interface OutgoingRules {
  allow: OutgoingAllowList;
  /** Schemes; `http:` and `https:` unless told. */
  protocols?: readonly string[];
  /** Ports; 80, 443 and those from 1024 unless told. */
  ports?: readonly number[];
}

export const NOTHING_MORE: OutgoingAllowList = {
  hosts: new Set(),
  networks: [],
};

const PROTOCOLS = ["http:", "https:"];
const DEFAULT_PORTS: Record<string, number> = { "http:": 80, "https:": 443 };
const FIRST_FREE_PORT = 1024;

/** A name of the domain name system, also of a single label, in small letters. */
const NAME =
  /^(?=.{1,253}$)[a-z\d_]([a-z\d_-]{0,62})(\.[a-z\d_][a-z\d_-]{0,62})*$/;

/** An address that may not be asked, or not in this way. The message names nothing that the caller does not know. */
export function refused(reason: string): AppError {
  return new AppError({
    status: 400,
    code: "address_refused",
    message: `This address cannot be used: ${reason}.`,
  });
}

/** A network in CIDR form, an address or a name of a host; null for anything else. */
export function parseAllowed(text: string): Network | string | null {
  const name = text.trim().toLowerCase();
  const network = parseNetwork(name);
  if (network !== null) return network;
  // A name of numbers alone would be one more spelling of an address.
  return NAME.test(name) && !/(^|\.)(\d+|0x[\da-f]*)$/.test(name) ? name : null;
}

/** @param texts entries that `parseAllowed` takes */
export function readAllowList(texts: readonly string[]): OutgoingAllowList {
  const parsed = texts.map((text) => parseAllowed(text));
  return {
    hosts: new Set(parsed.filter((each) => typeof each === "string")),
    networks: parsed.filter((each) =>
      each !== null && typeof each === "object"
    ),
  };
}

/** The host of a URL without the brackets of version 6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Whether an address may be connected to on behalf of a host. */
export function mayConnect(
  address: IpAddress,
  host: string,
  { hosts, networks }: OutgoingAllowList,
): boolean {
  return isPublic(address) || hosts.has(host) || isIn(address, networks);
}

/**
 * Checks all of an address that can be told without asking for its host's addresses.
 * @throws {AppError} 400 `address_refused`
 */
export function checkUrl(text: string | URL, rules: OutgoingRules): URL {
  const url = URL.parse(String(text));
  if (url === null) throw refused("it is not a URL");
  if (!(rules.protocols ?? PROTOCOLS).includes(url.protocol)) {
    throw refused(`it cannot begin with ${url.protocol}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("it holds a user name or password");
  }
  checkPort(url, rules.ports);
  checkHost(url, String(text), rules.allow);
  return url;
}

/**
 * Checks an address that somebody gives in a field of a body, or of a form.
 * @throws {AppError} 400 `address_refused`, which names the field
 */
export function checkUrlField(
  path: string,
  text: string,
  rules: OutgoingRules,
): void {
  try {
    checkUrl(text, rules);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError({
      status: error.status,
      code: error.code,
      message: error.message,
      errors: [{ path, message: error.message }],
    });
  }
}

function checkPort(url: URL, ports: readonly number[] | undefined): void {
  const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  const isAllowed = ports?.includes(port) ??
    (port === 80 || port === 443 || port >= FIRST_FREE_PORT);
  if (!isAllowed) throw refused(`port ${port} is not for this`);
}

function checkHost(url: URL, text: string, allow: OutgoingAllowList): void {
  const host = bareHost(url);
  const address = parseAddress(host);
  if (address === null) {
    if (host.endsWith(".")) throw refused("its host ends in a dot");
    if (!NAME.test(host)) throw refused("its host is not a name");
    const isLocal = host === "localhost" || host.endsWith(".localhost");
    if (isLocal && !allow.hosts.has(host)) throw notReachable();
    return;
  }
  // The parser reads 0x7f.1 and 2130706433 as 127.0.0.1; nobody who means well writes so.
  const isPlain = address.kind() === "ipv6" ||
    (!host.includes(":") && text.includes(host));
  if (!isPlain) {
    throw refused("its host is a number in an unusual form");
  }
  if (!mayConnect(address, host, allow)) throw notReachable();
}

/** The refusal of a host that is not on the public internet. */
export function notReachable(): AppError {
  return refused("its host is not on the public internet, or has no address");
}
