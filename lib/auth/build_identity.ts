/** Builds what this room offers from the store and the settings. */
import type { Config } from "@/lib/config.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { AccessChanges } from "./access_changes.ts";
import { AccountClosing } from "./account_closing.ts";
import { AccountStore } from "./account_store.ts";
import { endKeysOf } from "./api_key_end.ts";
import { ApiKeyStore } from "./api_key_store.ts";
import { FirstOwner } from "./first_owner.ts";
import { GroupStore } from "./group_store.ts";
import { Groups } from "./groups.ts";
import { InvitationStore } from "./invitation_store.ts";
import { Invitations } from "./invitations.ts";
import { LinkTokenStore } from "./link_token_store.ts";
import { MembershipStore } from "./membership_store.ts";
import { type PasswordCost, Passwords } from "./passwords.ts";
import { PasswordChange } from "./password_change.ts";
import { PasswordReset } from "./password_reset.ts";
import { ProviderAccounts } from "./provider_accounts.ts";
import { SessionStore } from "./session_store.ts";
import { Sessions } from "./sessions.ts";
import { SignIn } from "./sign_in.ts";
import { Throttle } from "./throttle.ts";
import { ThrottleStore } from "./throttle_store.ts";
import { Users } from "./users.ts";
import { WorkspacePurge } from "./workspace_purge.ts";
import { WorkspacePurgeStore } from "./workspace_purge_store.ts";
import { Workspaces } from "./workspaces.ts";

/** People: who they are, where they may be, and how they get in. */
export interface Identity {
  users: Users;
  sessions: Sessions;
  workspaces: Workspaces;
  /** Removes workspaces that were deleted. */
  workspacePurge: WorkspacePurge;
  groups: Groups;
  invitations: Invitations;
  /** How an account ends. */
  accountClosing: AccountClosing;
  signIn: SignIn;
  passwordChange: PasswordChange;
  passwordReset: PasswordReset;
  /** How a server gets its first owner. */
  firstOwner: FirstOwner;
  /** People whom an identity provider vouches for. */
  providerAccounts: ProviderAccounts;
}

export interface IdentityParts {
  store: ConstructorParameters<typeof AccountStore>[0];
  config: Config;
  changes: AccessChanges;
  mailer: Pick<Mailer, "isOn" | "add" | "wake">;
  log: Logger;
  /** Work of a password's hash; tests give a small one. */
  passwordCost?: PasswordCost;
}

export function buildIdentity(
  { store, config, changes, mailer, log, passwordCost }: IdentityParts,
): Identity {
  const { auth: mode, publicUrl } = config;
  const accounts = new AccountStore(store);
  const memberships = new MembershipStore(store);
  const links = new LinkTokenStore(store);
  const passwords = new Passwords(passwordCost);
  const throttle = new Throttle(new ThrottleStore(store));
  const keys = new ApiKeyStore(store);
  const groups = new Groups(new GroupStore(store));
  const sessions = new Sessions({
    store: new SessionStore(store),
    accounts,
    memberships,
    changes,
    log,
  });
  const signIn = new SignIn({
    mode,
    accounts,
    memberships,
    passwords,
    sessions,
    throttle,
    log,
  });
  const passwordChange = new PasswordChange({
    publicUrl,
    accounts,
    passwords,
    sessions,
    signIn,
    mailer,
  });
  return {
    users: new Users({
      accounts,
      memberships,
      groups,
      passwords,
      sessions,
      changes,
      endKeys: (workspace, user) =>
        endKeysOf(keys, changes, workspace, user, "removed"),
    }),
    sessions,
    workspaces: new Workspaces({ accounts, memberships, changes }),
    workspacePurge: new WorkspacePurge(new WorkspacePurgeStore(store)),
    groups,
    invitations: new Invitations({
      mode,
      publicUrl,
      store: new InvitationStore(store),
      links,
      accounts,
      memberships,
      groups,
      passwords,
      mailer,
      changes,
    }),
    accountClosing: new AccountClosing({ accounts, memberships, sessions }),
    signIn,
    passwordChange,
    passwordReset: new PasswordReset({
      mode,
      publicUrl,
      accounts,
      links,
      passwordChange,
      throttle,
      mailer,
      log,
    }),
    firstOwner: new FirstOwner({
      mode,
      accounts,
      memberships,
      links,
      passwords,
      log,
    }),
    providerAccounts: new ProviderAccounts({
      accounts,
      memberships,
      groups,
      changes,
    }),
  };
}
