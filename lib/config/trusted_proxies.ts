/** The proxies whose forwarding headers count. */
import ipaddr from "ipaddr.js";
import { wrongSetting as wrong } from "./config_error.ts";

/**
 * Reads `TRUSTED_PROXIES`: networks and addresses, separated by commas or spaces, each as a CIDR.
 * @throws {ConfigError} for the first one that is none
 */
export function readTrustedProxies(text: string | undefined): string[] {
  const parts = (text ?? "").split(/[\s,]+/).filter((part) => part !== "");
  return parts.map((part) => {
    try {
      if (part.includes("/")) {
        const [network, bits] = ipaddr.parseCIDR(part);
        return `${network}/${bits}`;
      }
      const address = ipaddr.parse(part);
      return `${address}/${address.kind() === "ipv4" ? 32 : 128}`;
    } catch {
      throw wrong(
        "TRUSTED_PROXIES",
        part,
        "want networks such as 10.0.0.0/8, separated by commas",
      );
    }
  });
}
