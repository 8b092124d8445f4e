/**
 * Which addresses are of the public internet. Everything that is not is refused where users set an
 * address: networks of the house, this machine, its cloud's metadata service, and the forms of version 6
 * that lead to an address of version 4 within.
 *
 * Source: IANA's registries of special-purpose addresses, IPv4 and IPv6.
 */
import {
  type IpAddress,
  isIn,
  type Network,
  parseNetwork,
} from "./ip_address.ts";

function networks(...texts: string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === null) throw new TypeError(`Want a network, not "${text}"`);
    return network;
  });
}

const NOT_PUBLIC_4 = networks(
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // shared by carriers
  "127.0.0.0/8", // loopback
  "168.63.129.16", // Azure's metadata service, in the middle of public ones
  "169.254.0.0/16", // link-local, metadata services among them
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.31.196.0/24", // AS112
  "192.52.193.0/24", // tunnels (AMT)
  "192.88.99.0/24", // relays of 6to4
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast among them
);

/** Global unicast; whatever is outside is special, NAT64, mapped and compatible forms among them. */
const PUBLIC_6 = networks("2000::/3");

const NOT_PUBLIC_6 = networks(
  "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4
  "2620:4f:8000::/48", // AS112
  "3fff::/20", // documentation
);

/** Whether an address is one of the public internet. */
export function isPublic(address: IpAddress): boolean {
  return address.kind() === "ipv4"
    ? !isIn(address, NOT_PUBLIC_4)
    : isIn(address, PUBLIC_6) && !isIn(address, NOT_PUBLIC_6);
}
