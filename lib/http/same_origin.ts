/**
 * Keeps pages of other sites from acting in the name of who is signed in here (CSRF), and requests under
 * other names from counting as requests to this server.
 *
 * A browser sends a session's cookie by itself, so what changes something must show that a page of this
 * origin asked for it: by `Sec-Fetch-Site`, which no page can set, or by `Origin` from browsers without
 * it. What has neither is no browser, which sends one of the two with every change, and passes, as a
 * request with an API key does, which is sent by nobody but who holds it.
 */
import { AppError } from "@/lib/errors.ts";
import type { ClientAddress } from "@/lib/http/client_address.ts";

/** By what a request is somebody's. */
export type Credential = "session" | "key" | "none";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/** Asked by probes under whatever name they reach the server, and of no use to a page. */
const ASKED_BY_PROBES = ["/healthz", "/readyz", "/metrics"];

const DEFAULT_PORT = { http: ":80", https: ":443" };

/**
 * The origin under which people reach this server: `PUBLIC_URL`, else what the request was sent to; null
 * where it names no host. Links in mail are made of `PUBLIC_URL` alone: a host is what its sender likes.
 */
export function ownOrigin(
  { protocol, host }: Pick<ClientAddress, "protocol" | "host">,
  publicUrl: string | null,
): string | null {
  if (publicUrl !== null) return publicUrl;
  return host === null ? null : `${protocol}://${withoutPort(host, protocol)}`;
}

function withoutPort(host: string, protocol: "http" | "https"): string {
  const usual = DEFAULT_PORT[protocol];
  return host.endsWith(usual) ? host.slice(0, -usual.length) : host;
}

/**
 * Refuses a request to another host than that of `PUBLIC_URL`, where it is set. What carries an API key
 * may come under any name, since no browser adds a key by itself, and so may probes.
 * @returns 421 `wrong_host`, or null: it may pass
 */
export function checkHost(
  { host }: Pick<ClientAddress, "host">,
  publicUrl: string | null,
  { pathname, credential }: { pathname: string; credential: Credential },
): AppError | null {
  if (
    publicUrl === null || credential === "key" ||
    ASKED_BY_PROBES.includes(pathname)
  ) return null;
  const own = new URL(publicUrl);
  const protocol = own.protocol === "https:" ? "https" : "http";
  // The proxy may pass a usual port on, whichever of the two it listens on.
  const isOwn = host !== null && withoutPort(host, protocol) === own.host;
  return isOwn ? null : new AppError({
    status: 421,
    code: "wrong_host",
    message: `This server is reached at ${own.origin} and at no other address.`,
  });
}

function refuse(message: string): AppError {
  return new AppError({ status: 403, code: "cross_origin", message });
}

function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Refuses what a page of another origin has asked for, where it would change something or open a
 * WebSocket.
 * @param origin what `ownOrigin` says
 * @returns 403 `cross_origin`, or null: it may pass
 */
export function checkSameOrigin(
  request: Request,
  origin: string | null,
  credential: Credential,
): AppError | null {
  const isSocket = isUpgrade(request);
  if (SAFE_METHODS.includes(request.method) && !isSocket) return null;
  if (credential === "key") return null;
  const from = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site")?.toLowerCase();
  if (site === "same-origin" || site === "none") {
    // A WebSocket is not bound by the same-origin policy, so its Origin must be right as well.
    return isSocket && from !== null && from !== origin ? foreign() : null;
  }
  if (site !== undefined) return foreign();
  // Every browser says one of the two with a change; what says neither is a program with a cookie of its own.
  return from === null || from === origin ? null : foreign();
}

function foreign(): AppError {
  return refuse("The request came from a page of another origin.");
}
