/** Why a sign-in by the identity provider did not succeed, in words for the sign-in page. */

/** Sentences by the code in `/signin?error=<code>`. */
export const OIDC_REFUSALS = {
  oidc_denied:
    "The identity provider did not let you in, or you did not agree there.",
  oidc_expired:
    "That sign-in took too long or began in another browser. Please start again.",
  oidc_used: "That sign-in was used already. Please start again.",
  oidc_invalid:
    "The identity provider's answer does not belong to this sign-in. Please start again.",
  oidc_issuer:
    "The answer came from another identity provider than the one this server trusts.",
  oidc_clock:
    "The clocks of this server and of the identity provider differ too much. Please tell your administrator.",
  oidc_unavailable:
    "The identity provider does not answer. Please try again in a moment.",
  oidc_refused:
    "The identity provider did not accept the sign-in. Please start again.",
  oidc_misconfigured:
    "This server and the identity provider do not fit together. Please tell your administrator.",
  oidc_no_email:
    "The identity provider did not tell your email address, which an account needs.",
  oidc_email_unverified:
    "The identity provider has not verified your email address. Verify it there, then sign in again.",
  oidc_email_taken:
    "Another sign-in of the identity provider has an account with your email address. Please tell your administrator.",
  oidc_not_invited:
    "You are known to the identity provider, but not invited here. Please ask your administrator.",
  oidc_disabled: "Your account is disabled. Please ask your administrator.",
} as const;

/** Code of a refusal. */
export type OidcRefusalCode = keyof typeof OIDC_REFUSALS;

/** The sentence of a code, or null when it is none of these. */
export function oidcRefusalText(code: string): string | null {
  return Object.hasOwn(OIDC_REFUSALS, code)
    ? OIDC_REFUSALS[code as OidcRefusalCode]
    : null;
}
