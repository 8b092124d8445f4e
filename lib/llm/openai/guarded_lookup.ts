/** Name resolution for a provider's connections that leaves out addresses it may not have. */
import { lookup, type LookupAddress } from "node:dns";

type Done = (
  error: Error | null,
  found: LookupAddress[] | string,
  family?: number,
) => void;

function notFound(host: string): Error {
  return Object.assign(
    new Error(`Host "${host}" has no address that may be asked`),
    { code: "ENOTFOUND" },
  );
}

/**
 * The `lookup` of a connection (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener). It
 * decides anew for each connection, so a name that changes between check and connection changes nothing.
 */
export function guardedLookup(refuses: (address: string) => boolean) {
  return (host: string, { all }: { all?: boolean }, done: Done): void => {
    lookup(host, { all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const allowed = found.filter(({ address }) => !refuses(address));
      if (allowed.length === 0) return done(notFound(host), []);
      const [{ address, family }] = allowed;
      return all === true ? done(null, allowed) : done(null, address, family);
    });
  };
}
