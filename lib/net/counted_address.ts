/** Which addresses are one client. */
import { parseAddress } from "./ip_address.ts";

/** A client of version 6 holds at least this much of the net, and picks addresses from it as it likes. */
const CLIENT_BITS = 64;

/**
 * The part of an address that stands for one client where clients are counted: an address of version 4,
 * or the network of 64 bits of one of version 6, as `2001:db8:1:2::/64`.
 */
export function countedAddress(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === null || parsed.kind() === "ipv4") return address;
  const bytes = parsed.toByteArray();
  const groups = Array.from(
    { length: CLIENT_BITS / 16 },
    (_, index) => (bytes[2 * index] * 256 + bytes[2 * index + 1]).toString(16),
  );
  return `${groups.join(":")}::/${CLIENT_BITS}`;
}
