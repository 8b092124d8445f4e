/** The setting `TRUSTED_PROXIES`: whose word about the client counts. */
import ipaddr from "ipaddr.js";
import { wrongSetting } from "@/lib/config/config_error.ts";

/** An address of version 4 or 6; one of version 4 in the clothes of version 6 is of version 4. */
export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

type Network = [IpAddress, number];

/** Bits of `::ffff:0:0/96`, the addresses of version 4 within version 6. */
const MAPPED_BITS = 96;

/** The proxies of this server. */
export interface TrustedProxies {
  /** Whether any is trusted. */
  readonly isEmpty: boolean;
  has(address: IpAddress): boolean;
}

/**
 * Reads an address in its usual form: four decimal numbers, or version 6 without a zone. Other spellings
 * of version 4 (octal, hexadecimal, fewer parts) are none, as are names.
 */
export function parseAddress(text: string): IpAddress | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function parseNetwork(text: string): Network | null {
  const [addressText, bitsText, more] = text.split("/");
  const address = parseAddress(addressText);
  if (address === null || more !== undefined) return null;
  const most = address.kind() === "ipv4" ? 32 : 128;
  if (bitsText === undefined) return [address, most];
  if (!/^\d{1,3}$/.test(bitsText)) return null;
  const isMapped = address.kind() === "ipv4" && addressText.includes(":");
  const bits = Number(bitsText) - (isMapped ? MAPPED_BITS : 0);
  return bits >= 0 && bits <= most ? [address, bits] : null;
}

/** Networks by comma or blank, such as `10.0.0.0/8, 2001:db8::/32, 127.0.0.1`. */
export function readNetworks(
  text: string,
): { networks: Network[]; wrong: string | null } {
  const networks: Network[] = [];
  for (const part of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const network = parseNetwork(part);
    if (network === null) return { networks, wrong: part };
    networks.push(network);
  }
  return { networks, wrong: null };
}

/** Whether an address is in one of the networks. */
export function isIn(
  address: IpAddress,
  networks: readonly Network[],
): boolean {
  return networks.some(([network, bits]) =>
    network.kind() === address.kind() && address.match(network, bits)
  );
}

/**
 * Reads the setting; undefined and an empty text trust nobody.
 * @throws {ConfigError} for a part that is not an address or a network in CIDR form
 */
export function readTrustedProxies(text: string | undefined): TrustedProxies {
  const { networks, wrong } = readNetworks(text ?? "");
  if (wrong !== null) {
    throw wrongSetting(
      "TRUSTED_PROXIES",
      wrong,
      "want addresses or networks in CIDR form, such as 10.0.0.0/8 or ::1",
    );
  }
  return {
    isEmpty: networks.length === 0,
    has: (address) => isIn(address, networks),
  };
}

/** Trusts nobody: the connection's own address is the client's. */
export const NO_PROXIES: TrustedProxies = readTrustedProxies(undefined);
