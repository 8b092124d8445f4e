import type { VNode } from "preact";
import PasswordField from "@/islands/PasswordField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { NewAccountForm } from "./NewAccountForm.tsx";
import { SignTrouble } from "./SignTrouble.tsx";

export interface InvitationFormsProps {
  token: string;
  invitation: {
    email: string;
    /** Name of the workspace. */
    workspace: string;
    /** The address has an account already. */
    hasAccount: boolean;
  };
  /** Who is signed in here, or null. */
  viewerEmail: string | null;
  /** Whether people get in by passwords; else by an identity provider. */
  hasPasswords: boolean;
  form: FormState;
}

/** Accepting an invitation: as who is signed in, by signing in, or with a new account. */
export function InvitationForms(props: InvitationFormsProps): VNode {
  const { token, invitation, viewerEmail, hasPasswords, form } = props;
  const title = `Join ${invitation.workspace}`;
  if (viewerEmail !== null) return <Join {...props} email={viewerEmail} />;
  if (!hasPasswords) return <ByProvider {...props} />;
  if (invitation.hasAccount) return <SignInToJoin {...props} />;
  return (
    <NewAccountForm
      action="/invite"
      kind="sign-up"
      title={title}
      lede="Say who you are and choose a password."
      token={token}
      email={invitation.email}
      form={form}
      submit="Join"
    />
  );
}

function Start(
  { invitation, form, lede }: InvitationFormsProps & { lede: string },
): VNode {
  return (
    <>
      <div>
        <h1 id="join" class="anywhere">Join {invitation.workspace}</h1>
        <p class="lede anywhere">{lede}</p>
      </div>
      <SignTrouble form={form} />
    </>
  );
}

function Join(props: InvitationFormsProps & { email: string }): VNode {
  const { token, invitation, email } = props;
  const isOther = invitation.email !== email;
  return (
    <form method="post" action="/invite" aria-labelledby="join">
      <Start
        {...props}
        lede={isOther
          ? `The invitation is for ${invitation.email}; you are signed in as ${email} and would join as that.`
          : `You are signed in as ${email}.`}
      />
      <input type="hidden" name="token" value={token} />
      <button
        class="btn btn-primary"
        type="submit"
        name="action"
        value="join"
      >
        <span class="cut">Join as {email}</span>
      </button>
      <button class="btn" type="submit" formaction="/signout">Sign out</button>
    </form>
  );
}

function SignInToJoin(props: InvitationFormsProps): VNode {
  const { token, invitation: { email } } = props;
  return (
    <form method="post" action="/invite" aria-labelledby="join">
      <Start {...props} lede={`Sign in as ${email} to join.`} />
      <input type="hidden" name="token" value={token} />
      <input type="hidden" name="action" value="sign-in" />
      {/* For the browser's own keeper of passwords, which goes by it. */}
      <input
        type="hidden"
        name="email"
        autocomplete="username"
        value={email}
      />
      <PasswordField
        id="password"
        name="password"
        label="Password"
        autocomplete="current-password"
        isFirst
      />
      <button class="btn btn-primary" type="submit">Sign in and join</button>
    </form>
  );
}

function ByProvider(props: InvitationFormsProps): VNode {
  return (
    <section class="sign-note" aria-labelledby="join">
      <Start
        {...props}
        lede={`Sign in as ${props.invitation.email} at your identity provider to join.`}
      />
      <p class="btn-row">
        <a
          class="btn btn-primary"
          href={`/auth/oidc/start?${new URLSearchParams({
            invite: props.token,
          })}`}
        >
          Continue to sign in
        </a>
      </p>
    </section>
  );
}
