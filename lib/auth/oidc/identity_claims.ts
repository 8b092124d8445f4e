/** Who a person is, out of the claims of an identity provider. */
import { OidcRefusal } from "./refusal.ts";

/** A person as an identity provider knows them. */
export interface ProvidedIdentity {
  /** The provider, by the `iss` claim. */
  issuer: string;
  /** The person there; never given to another (`sub`, OpenID Connect Core 1.0, section 2). */
  subject: string;
  email: string;
  emailVerified: boolean;
  name: string;
  /** Names of the person's groups there, or null: the provider told none. */
  groups: string[] | null;
}

/** Claims as JSON holds them. */
export type Claims = Readonly<Record<string, unknown>>;

const MAX_SUBJECT = 255;
const MAX_EMAIL = 254;
const MAX_NAME = 200;
const MAX_GROUPS = 1_000;

function text(claims: Claims, name: string, most: number): string | null {
  const value = claims[name];
  if (typeof value !== "string") return null;
  // Control characters have no place in a name, and would break lines of the log.
  const clean = value.replace(/\p{Cc}/gu, " ").trim();
  return clean === "" || clean.length > most ? null : clean;
}

/**
 * Names of the groups in a claim, or null when it is not there. The claim is found by its whole name, or
 * by its parts between dots (`realm_access.roles`); it holds a list of texts, or one text.
 */
export function groupsOf(claims: Claims, claim: string): string[] | null {
  let value: unknown = claims[claim];
  if (value === undefined) {
    value = claim.split(".").reduce<unknown>(
      (inner, part) =>
        typeof inner === "object" && inner !== null &&
          Object.hasOwn(inner, part)
          ? Reflect.get(inner, part)
          : undefined,
      claims,
    );
  }
  const names = typeof value === "string" ? [value] : value;
  if (!Array.isArray(names)) return null;
  const groups = names.filter((name): name is string =>
    typeof name === "string" && name !== "" && name.length <= MAX_NAME
  );
  return [...new Set(groups)].slice(0, MAX_GROUPS);
}

/**
 * The person that verified claims tell of.
 * @throws {OidcRefusal} `oidc_invalid` without a subject, `oidc_no_email` without an address
 */
export function readIdentity(
  claims: Claims,
  issuer: string,
  groupsClaim: string,
): ProvidedIdentity {
  const subject = claims.sub;
  if (
    typeof subject !== "string" || subject === "" ||
    subject.length > MAX_SUBJECT
  ) {
    throw new OidcRefusal("oidc_invalid", "claim sub");
  }
  const email = text(claims, "email", MAX_EMAIL);
  if (email === null || !/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw new OidcRefusal("oidc_no_email", "claim email");
  }
  return {
    issuer,
    subject,
    email,
    emailVerified: isTrue(claims.email_verified) || isTrue(claims.xms_edov),
    name: nameOf(claims) ?? email.slice(0, email.indexOf("@")),
    groups: groupsOf(claims, groupsClaim),
  };
}

/**
 * Some providers send the word, or the number. Microsoft's tells of a verified domain by `xms_edov`, and
 * has no `email_verified`.
 */
function isTrue(claim: unknown): boolean {
  return claim === true || claim === "true" || claim === 1 || claim === "1";
}

function nameOf(claims: Claims): string | null {
  const given = text(claims, "given_name", MAX_NAME);
  const family = text(claims, "family_name", MAX_NAME);
  const both = [given, family].filter((part) => part !== null).join(" ");
  return text(claims, "name", MAX_NAME) ?? (both || null) ??
    text(claims, "preferred_username", MAX_NAME);
}
