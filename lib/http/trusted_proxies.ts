/** The setting `TRUSTED_PROXIES`: whose word about the client counts. */
import { wrongSetting } from "@/lib/config/config_error.ts";
import {
  type IpAddress,
  isIn,
  type Network,
  parseNetwork,
} from "@/lib/net/ip_address.ts";

/** The proxies of this server. */
export interface TrustedProxies {
  /** Whether none is trusted. */
  readonly isEmpty: boolean;
  has(address: IpAddress): boolean;
}

/**
 * Reads the setting: addresses and networks in CIDR form, by comma or blank; undefined and an empty text
 * trust nobody.
 * @throws {ConfigError} for a part that is neither
 */
export function readTrustedProxies(text: string | undefined): TrustedProxies {
  const parts = (text ?? "").split(/[\s,]+/).filter((part) => part !== "");
  const networks = parts.map((part): Network => {
    const network = parseNetwork(part);
    if (network !== null) return network;
    throw wrongSetting(
      "TRUSTED_PROXIES",
      part,
      "want addresses or networks in CIDR form, such as 10.0.0.0/8 or ::1",
    );
  });
  return {
    isEmpty: networks.length === 0,
    has: (address) => isIn(address, networks),
  };
}

/** Trusts nobody: the connection's own address is the client's. */
export const NO_PROXIES: TrustedProxies = readTrustedProxies(undefined);
