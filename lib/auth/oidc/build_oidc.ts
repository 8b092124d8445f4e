/** Builds signing in by an identity provider from the store and the settings. */
import type { Identity } from "@/lib/auth/build_identity.ts";
import type { Secrets } from "@/lib/secrets/secrets.ts";
import type { Config } from "@/lib/config.ts";
import type { Clock } from "@/lib/clock.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { FlowStore } from "./flow_store.ts";
import { IdentityProvider } from "./identity_provider.ts";
import { OidcSignIn } from "./oidc_sign_in.ts";

export interface OidcParts {
  store: ConstructorParameters<typeof FlowStore>[0];
  config: Pick<Config, "identityProvider" | "oidc">;
  identity: Pick<Identity, "providerAccounts" | "sessions" | "invitations">;
  secrets: Secrets;
  clock: Clock;
  log: Logger;
}

/** Null in a mode without an identity provider. Nothing is asked of it before somebody signs in. */
export function buildOidc(
  { store, config, identity, secrets, clock, log }: OidcParts,
): OidcSignIn | null {
  const { identityProvider, oidc: settings } = config;
  if (identityProvider === null) return null;
  const { scopes, groupsClaim, defaultRole } = settings;
  return new OidcSignIn({
    provider: new IdentityProvider({
      ...identityProvider,
      scopes,
      groupsClaim,
      clock,
    }),
    settings,
    flows: new FlowStore(store),
    sealer: secrets.forPurpose("oidc sign-in"),
    doorkeeper: new Doorkeeper({
      accounts: identity.providerAccounts,
      sessions: identity.sessions,
      invitations: identity.invitations,
      defaultRole,
    }),
    clock,
    log,
  });
}
