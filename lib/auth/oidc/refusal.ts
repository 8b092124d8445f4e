/** What ends a sign-in by the identity provider, told apart by who can do something about it. */
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import {
  OIDC_REFUSALS,
  type OidcRefusalCode,
} from "@/lib/shared/oidc_refusals.ts";

/** A sign-in that did not succeed. `detail` is for the log and the audit; it holds no secret. */
export class OidcRefusal extends Error {
  override readonly name = "OidcRefusal";
  readonly code: OidcRefusalCode;
  readonly detail: string;

  constructor(
    code: OidcRefusalCode,
    detail: string,
    options: { cause?: unknown } = {},
  ) {
    super(OIDC_REFUSALS[code], options);
    this.code = code;
    this.detail = detail;
  }
}

/** Errors of the authorization endpoint that say "no" rather than "broken" (OpenID Connect Core, 3.1.2.6). */
const DENIALS = new Set([
  "access_denied",
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "login_required",
]);

/** Errors that pass by themselves (RFC 6749, 4.1.2.1). */
const PASSING = new Set(["server_error", "temporarily_unavailable"]);

/** Errors of the token endpoint that an administrator mends (RFC 6749, 5.2). */
const SETTINGS_WRONG = new Set([
  "invalid_client",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_grant_type",
]);

/** Codes of what the library throws (oauth4webapi, `OAUTH_…`). */
const CODES: Record<string, OidcRefusalCode> = {
  OAUTH_ABORT: "oidc_unavailable",
  OAUTH_HTTP_REQUEST_FORBIDDEN: "oidc_misconfigured",
  OAUTH_INVALID_SERVER_METADATA: "oidc_misconfigured",
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: "oidc_misconfigured",
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: "oidc_clock",
  OAUTH_MISSING_SERVER_METADATA: "oidc_misconfigured",
  OAUTH_PARSE_ERROR: "oidc_unavailable",
  OAUTH_REQUEST_PROTOCOL_FORBIDDEN: "oidc_misconfigured",
  OAUTH_RESPONSE_IS_NOT_JSON: "oidc_unavailable",
  OAUTH_TIMEOUT: "oidc_unavailable",
};

/** The refusal that an error of the library or of this folder means. */
export function toRefusal(error: unknown): OidcRefusal {
  if (error instanceof OidcRefusal) return error;
  const refuse = (code: OidcRefusalCode, detail: string) =>
    new OidcRefusal(code, detail, { cause: error });
  if (error instanceof AuthorizationResponseError) {
    const code = DENIALS.has(error.error)
      ? "oidc_denied"
      : PASSING.has(error.error)
      ? "oidc_unavailable"
      : "oidc_refused";
    return refuse(code, `authorization: ${short(error.error)}`);
  }
  if (error instanceof ResponseBodyError) {
    const code = SETTINGS_WRONG.has(error.error)
      ? "oidc_misconfigured"
      : PASSING.has(error.error) || error.status >= 500
      ? "oidc_unavailable"
      : "oidc_refused";
    return refuse(code, `token endpoint: ${short(error.error)}`);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return refuse("oidc_misconfigured", `status ${error.status}`);
  }
  if (error instanceof ClientError) return fromClientError(error, refuse);
  return refuse("oidc_invalid", "the answer could not be read");
}

function fromClientError(
  error: ClientError,
  refuse: (code: OidcRefusalCode, detail: string) => OidcRefusal,
): OidcRefusal {
  const { cause } = error;
  if (cause instanceof OidcRefusal) return cause;
  if (cause instanceof Response) {
    const isBroken = cause.status >= 500 || cause.status === 429 ||
      cause.ok;
    return refuse(
      isBroken ? "oidc_unavailable" : "oidc_misconfigured",
      `status ${cause.status}: ${error.message}`,
    );
  }
  const claim = claimOf(cause);
  if (claim === "iss") return refuse("oidc_issuer", "claim iss");
  const detail = claim === null ? error.message : `claim ${claim}`;
  return refuse(CODES[error.code ?? ""] ?? "oidc_invalid", detail);
}

/** Name of the claim that a check of the library found wrong. */
function claimOf(error: unknown): string | null {
  const details = error instanceof Error ? error.cause : null;
  if (typeof details !== "object" || details === null) return null;
  const claim = Reflect.get(details, "claim");
  return typeof claim === "string" ? short(claim) : null;
}

/** What another server wrote, fit for a line of the log. */
function short(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
