/** Internet addresses and networks of them, in the forms that settings and headers have. */
import ipaddr from "ipaddr.js";

/** An address of version 4 or 6; one of version 4 in the clothes of version 6 is of version 4. */
export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** First address and number of the bits that are the same in all. */
export type Network = readonly [IpAddress, number];

/** Bits of `::ffff:0:0/96`, the addresses of version 4 within version 6. */
const MAPPED_BITS = 96;

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

/** Reads a network in CIDR form (RFC 4632); an address alone is the network of itself. */
export function parseNetwork(text: string): Network | null {
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

/** Whether an address is in one of the networks. */
export function isIn(
  address: IpAddress,
  networks: readonly Network[],
): boolean {
  return networks.some(([network, bits]) =>
    network.kind() === address.kind() && address.match(network, bits)
  );
}
