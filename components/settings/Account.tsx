import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { NEW_PASSWORD_HINT } from "@/components/sign/NewAccountForm.tsx";
import { SignTrouble } from "@/components/sign/SignTrouble.tsx";
import PasswordField from "@/islands/PasswordField.tsx";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";

export interface AccountProps {
  email: string;
  name: string;
  /** Whether they get in by a password of this server. */
  hasPassword: boolean;
  /** The form that was refused, and its action. */
  refused: { action: string; form: FormState } | null;
  /** What was just done: `name` or `password`. */
  done: string | null;
}

/** Settings: who the viewer is here, and their password. */
export function Account(props: AccountProps): VNode {
  const formOf = (action: string) =>
    props.refused?.action === action ? props.refused.form : EMPTY_FORM;
  return (
    <div class="stack-5">
      <NameForm {...props} form={formOf("name")} />
      {props.hasPassword
        ? <PasswordForm form={formOf("password")} done={props.done} />
        : (
          <p class="hint">
            You sign in by your identity provider; there is no password here.
          </p>
        )}
    </div>
  );
}

function NameForm(
  { email, name, done, form: { values, errors } }: AccountProps & {
    form: FormState;
  },
): VNode {
  return (
    <form
      class="account-form stack"
      method="post"
      action="/settings#account"
      aria-label="Account"
    >
      <input type="hidden" name="section" value="account" />
      <input type="hidden" name="action" value="name" />
      <FormTrouble message={errors[""]} />
      <div class="field">
        <span class="field-label">Email</span>
        <span class="anywhere">{email}</span>
      </div>
      <FormField id="account-name" label="Name" error={errors.name}>
        <input
          class="input"
          id="account-name"
          name="name"
          autocomplete="name"
          required
          value={values.name ?? name}
          {...describe("account-name", errors.name)}
        />
      </FormField>
      <div class="btn-row">
        <button class="btn" type="submit">Save name</button>
        <span class="hint" role="status">
          {done === "name" ? "Name saved" : ""}
        </span>
      </div>
    </form>
  );
}

function PasswordForm(
  { form, done }: { form: FormState; done: string | null },
): VNode {
  const { errors } = form;
  return (
    <form
      class="account-form stack"
      method="post"
      action="/settings#account"
      aria-labelledby="change-password"
    >
      <h3 id="change-password">Change password</h3>
      <input type="hidden" name="section" value="account" />
      <input type="hidden" name="action" value="password" />
      <SignTrouble form={form} />
      <PasswordField
        id="old-password"
        name="oldPassword"
        label="Password now"
        autocomplete="current-password"
        error={errors.oldPassword}
      />
      <PasswordField
        id="new-password"
        name="newPassword"
        label="New password"
        autocomplete="new-password"
        hint={NEW_PASSWORD_HINT}
        error={errors.newPassword}
      />
      <div class="btn-row">
        <button class="btn" type="submit">Change password</button>
        <span class="hint" role="status">
          {done === "password"
            ? "Password changed; every other session was signed out"
            : ""}
        </span>
      </div>
    </form>
  );
}
