/**
 * Local mode: whoever reaches this port is the owner, so nothing but this machine may reach it. The
 * guard refuses what a page on another site, a rebound DNS name or a proxy would send; a plain client
 * on this machine sends none of it.
 */
import { AppError } from "@/lib/errors.ts";

const FORWARDING_HEADERS = ["forwarded", "x-real-ip", "via"];
const FORWARDING_PREFIX = "x-forwarded-";

function refuse(message: string): AppError {
  return new AppError({ status: 403, code: "local_only", message });
}

/** Whether a `Host` header value names this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, "");
  return name === "localhost" || name === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(name);
}

function isTopLevelGet(request: Request): boolean {
  return request.method === "GET" &&
    request.headers.get("sec-fetch-mode") === "navigate" &&
    request.headers.get("sec-fetch-dest") === "document";
}

function checkForwarding(headers: Headers): AppError | null {
  for (const name of headers.keys()) {
    if (
      FORWARDING_HEADERS.includes(name) || name.startsWith(FORWARDING_PREFIX)
    ) {
      return refuse(
        `The request came through a proxy (header ${name}). Local mode serves this machine only; behind a proxy set FRESHET_AUTH=password.`,
      );
    }
  }
  return null;
}

function checkOrigin(request: Request, host: string): AppError | null {
  const origin = request.headers.get("origin");
  if (
    origin !== null && origin !== `${new URL(request.url).protocol}//${host}`
  ) {
    return refuse("The request came from a page of another origin.");
  }
  const site = request.headers.get("sec-fetch-site")?.toLowerCase();
  if (
    (site === "same-site" || site === "cross-site") && !isTopLevelGet(request)
  ) {
    return refuse("The request came from a page of another site.");
  }
  return null;
}

/** Checks a request against the rules of local mode; null means it may pass. */
export function checkLocal(request: Request): AppError | null {
  // A server makes up the host of the URL where the client named none, so only the header counts.
  const host = request.headers.get("host");
  if (host === null) return refuse("The request names no host.");
  if (!isLoopbackHost(host)) {
    return refuse(
      `The host "${
        host.slice(0, 80)
      }" is not this machine. Use http://localhost or http://127.0.0.1.`,
    );
  }
  return checkForwarding(request.headers) ?? checkOrigin(request, host);
}
