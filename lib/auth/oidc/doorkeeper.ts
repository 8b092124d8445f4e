/** Lets people in whom the identity provider has vouched for. */
import type { Invitations } from "@/lib/auth/invitations.ts";
import type { ProviderAccounts } from "@/lib/auth/provider_accounts.ts";
import type { Role } from "@/lib/auth/roles.ts";
import type { Client, NewSession, Sessions } from "@/lib/auth/sessions.ts";
import { AppError } from "@/lib/errors.ts";
import type { OidcRefusalCode } from "@/lib/shared/oidc_refusals.ts";
import type { ProvidedIdentity } from "./identity_claims.ts";
import { OidcRefusal } from "./refusal.ts";

export interface DoorkeeperParts {
  accounts: ProviderAccounts;
  sessions: Pick<Sessions, "create">;
  invitations: Pick<Invitations, "workspaceOf" | "accept">;
  /** Role of somebody new whose groups give none; null: they do not get in. */
  defaultRole: Role | null;
}

/** A way that ends here: what the accounts call it, and what the sign-in page does. */
const REASONS = {
  disabled: "oidc_disabled",
  email_taken: "oidc_email_taken",
  email_unverified: "oidc_email_unverified",
  not_invited: "oidc_not_invited",
} as const satisfies Record<string, OidcRefusalCode>;

export class Doorkeeper {
  readonly #parts: DoorkeeperParts;

  constructor(parts: DoorkeeperParts) {
    this.#parts = parts;
  }

  /**
   * Finds or makes the account of a person and begins a session.
   * @param mapped role that the person's groups give, or null
   * @param invitation token of the invitation that they accept by this, or null
   * @throws {OidcRefusal} when they do not get in
   */
  async enter(
    person: ProvidedIdentity,
    mapped: Role | null,
    invitation: string | null,
    client: Client,
  ): Promise<NewSession> {
    const { accounts, sessions, invitations, defaultRole } = this.#parts;
    const invitedTo = invitation === null
      ? null
      : await invitations.workspaceOf(invitation);
    const signedIn = await accounts.signIn(
      { ...person, role: mapped, defaultRole },
      invitedTo,
    );
    if (signedIn.state === "refused") {
      throw new OidcRefusal(REASONS[signedIn.reason], signedIn.reason);
    }
    const { user, workspace } = signedIn;
    if (invitation !== null && invitedTo !== null) {
      await invitations.accept(invitation, user, client.address);
    }
    try {
      const method = "oidc";
      return await sessions.create({ user, workspace, method, ...client });
    } catch (error) {
      if (error instanceof AppError && error.code === "not_a_member") {
        throw new OidcRefusal("oidc_disabled", "not a member");
      }
      throw error;
    }
  }
}
