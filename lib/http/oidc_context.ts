/** What the pages of signing in by an identity provider have in common. */
import type { OidcSignIn } from "@/lib/auth/oidc/oidc_sign_in.ts";
import { AppError } from "@/lib/errors.ts";
import type { OidcRefusalCode } from "@/lib/shared/oidc_refusals.ts";
import type { State } from "@/utils.ts";

/** @throws {AppError} 404 `not_found` in a mode without an identity provider */
export function requireOidc({ services }: State): OidcSignIn {
  if (services.oidc !== null) return services.oidc;
  throw new AppError({
    status: 404,
    code: "not_found",
    message: "Nobody signs in by an identity provider here.",
  });
}

/** Sends a browser on, with cookies; nothing of it is to be kept by caches. */
export function sendTo(location: string, cookies: string[]): Response {
  const headers = new Headers({ location, "cache-control": "no-store" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** The sign-in page that says why somebody did not get in. */
export function refusalPage(code: OidcRefusalCode, next: string): string {
  const query = new URLSearchParams({ error: code });
  if (next !== "/") query.set("next", next);
  return `/signin?${query}`;
}
