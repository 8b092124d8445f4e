/** Addresses of a host that may be connected to. */
import { lookup } from "node:dns/promises";
import { parseAddress } from "./ip_address.ts";
import {
  mayConnect,
  notReachable,
  type OutgoingAllowList,
} from "./outgoing_rules.ts";

/** Asks the system's resolver; tests give their own. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** An address as a socket wants it. */
export interface SocketAddress {
  address: string;
  family: 4 | 6;
}

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * The addresses of a host, without those that may not be connected to.
 * @param signal ends the wait; the resolver itself cannot be stopped
 * @throws {AppError} 400 `address_refused` when none is left; what the resolver reports of a name is not
 * told apart from it, so that nobody learns which names a private network has
 * @throws the signal's reason
 */
export async function resolveAllowed(
  host: string,
  allow: OutgoingAllowList,
  signal: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<SocketAddress[]> {
  signal.throwIfAborted();
  const literal = parseAddress(host);
  const found = literal === null
    ? await orAborted(resolve(host).catch(() => []), signal)
    : [host];
  const allowed = found.flatMap((text): SocketAddress[] => {
    const address = parseAddress(text);
    return address !== null && mayConnect(address, host, allow)
      ? [{
        address: address.toString(),
        family: address.kind() === "ipv4" ? 4 : 6,
      }]
      : [];
  });
  if (allowed.length === 0) throw notReachable();
  return allowed;
}

async function orAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
