/** The proxies of this server, whose word about the client counts. */
import {
  type IpAddress,
  isIn,
  type Network,
  parseNetwork,
} from "@/lib/net/ip_address.ts";

/** Which addresses are those of proxies. */
export interface TrustedProxies {
  /** Whether none is trusted. */
  readonly isEmpty: boolean;
  has(address: IpAddress): boolean;
}

/**
 * @param texts networks in CIDR form and addresses, as the setting `TRUSTED_PROXIES` was read; anything
 * else among them is a bug and a TypeError
 */
export function trustedProxies(texts: readonly string[]): TrustedProxies {
  const networks = texts.map((text): Network => {
    const network = parseNetwork(text);
    if (network === null) throw new TypeError(`Want a network, not "${text}"`);
    return network;
  });
  return {
    isEmpty: networks.length === 0,
    has: (address) => isIn(address, networks),
  };
}

/** Trusts nobody: the connection's own address is the client's. */
export const NO_PROXIES: TrustedProxies = trustedProxies([]);
