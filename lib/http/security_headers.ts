/** What every response tells browsers about how to treat it. */
import type { Context, Middleware } from "fresh";
import { isApi } from "@/lib/http/api_paths.ts";
import type { State } from "@/utils.ts";

const YEAR_SECONDS = 31_536_000;

/** Powers of a browser that no page here uses; a script that got in could not use them either. */
const PERMISSIONS = [
  "accelerometer",
  "autoplay",
  "camera",
  "display-capture",
  "encrypted-media",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "publickey-credentials-get",
  "screen-wake-lock",
  "usb",
  "xr-spatial-tracking",
].map((name) => `${name}=()`).join(", ");

/**
 * Directives in place of Fresh's own for pages; the others are: everything from this origin alone, scripts
 * and styles by the page's nonce, no plug-ins, no frame around it.
 */
export const PAGE_POLICY = ["base-uri 'none'", "frame-src 'none'"];

/** An answer for programs has nothing to load, to run or to send. */
const API_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Fresh's csp() always asks to upgrade, which breaks every link of a server reached over plain http. */
function withoutUpgrade(policy: string): string {
  return policy.split(";").map((part) => part.trim()).filter((part) =>
    part !== "" && part !== "upgrade-insecure-requests"
  ).join("; ");
}

/**
 * What nobody may keep: pages and answers belong to who is signed in, and the next one at the same browser
 * is somebody else. On a machine of one's own a page may be kept for the way back.
 */
function cacheControl({ url, state, route }: Context<State>): string | null {
  if (isApi(url.pathname)) return "no-store";
  if (route === null) return null;
  return state.services.config.auth === "local" ? "no-cache" : "no-store";
}

/** Sets them, also on error pages; sits outside of csp(), whose header it finishes. */
export const securityHeaders: Middleware<State> = async (ctx) => {
  const response = await ctx.next();
  const { headers } = response;
  const isSecure = ctx.state.client.protocol === "https";
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "same-origin");
  headers.set("x-frame-options", "DENY");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", "same-origin");
  headers.set("permissions-policy", PERMISSIONS);
  if (isSecure) {
    headers.set("strict-transport-security", `max-age=${YEAR_SECONDS}`);
  }
  const policy = headers.get("content-security-policy");
  if (isApi(ctx.url.pathname)) {
    headers.set("content-security-policy", API_POLICY);
  } else if (policy !== null && !isSecure) {
    headers.set("content-security-policy", withoutUpgrade(policy));
  }
  const caching = cacheControl(ctx);
  if (caching !== null && !headers.has("cache-control")) {
    headers.set("cache-control", caching);
  }
  return response;
};
