/**
 * `ipFilter()`: lets only some addresses in, or keeps some out.
 *
 * Source: https://fresh.deno.dev/docs/plugins/ip-filter
 */
import type { Context } from "./context.ts";
import { matchesAddress } from "./ip_range.ts";
import type { MiddlewareFn } from "./middleware.ts";

/** Addresses and CIDR ranges, for example `192.168.0.0/16` or `::1`. */
export interface IPFilterRules {
  /** Refused, whatever `allowList` says. */
  denyList?: string[];
  /** When it holds something, everything else is refused. */
  allowList?: string[];
}

export interface IpFilterOptions {
  /** Answers a refused request; 403 by default. */
  onBlocked?: <State>(
    remote: { addr: string; type: "IPv4" | "IPv6" | undefined },
    ctx: Context<State>,
  ) => Response | Promise<Response>;
}

/** Refuses requests by the address of the peer, which behind a proxy is the proxy's. */
export function ipFilter<State>(
  rules: IPFilterRules,
  options: IpFilterOptions = {},
): MiddlewareFn<State> {
  const { denyList = [], allowList = [] } = rules;
  return async (ctx) => {
    const { remoteAddr } = ctx.info;
    const address = "hostname" in remoteAddr ? remoteAddr.hostname : "";
    const isDenied = denyList.some((rule) => matchesAddress(rule, address));
    const isAllowed = allowList.length === 0 ||
      allowList.some((rule) => matchesAddress(rule, address));
    if (!isDenied && isAllowed) return await ctx.next();
    if (options.onBlocked === undefined) {
      return new Response("Forbidden", { status: 403 });
    }
    const type = address.includes(":") ? "IPv6" : "IPv4";
    return await options.onBlocked(
      { addr: address, type: address === "" ? undefined : type },
      ctx,
    );
  };
}
