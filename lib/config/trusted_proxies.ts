/** The proxies whose forwarding headers count. */
import { parseNetwork } from "@/lib/net/ip_address.ts";
import { wrongSetting as wrong } from "./config_error.ts";

/**
 * Reads `TRUSTED_PROXIES`: networks in CIDR form and addresses, separated by commas or spaces.
 * @throws {ConfigError} for the first one that is none
 */
export function readTrustedProxies(text: string | undefined): string[] {
  const parts = (text ?? "").split(/[\s,]+/).filter((part) => part !== "");
  for (const part of parts) {
    if (parseNetwork(part) === null) {
      throw wrong(
        "TRUSTED_PROXIES",
        part,
        "want networks such as 10.0.0.0/8, separated by commas",
      );
    }
  }
  return parts;
}
